//go:build toolbox

// Package toolbox lists the commands of the toolbox image, which makebb compiles into one binary that
// looks at the name it was called by.
//
// Most come from u-root. Those in the folders beside this file are our own, where u-root has none or
// where its options are not the ones people type: sh with line editing and arguments, wget -qO-, nc -zv,
// ps for all processes, head -3, sleep infinity, tar for kubectl cp.
//
// The tag keeps this file out of every build, for a program cannot be imported: the list is read with
// go list, and it keeps the modules in go.mod.
package toolbox

import (
	_ "kubelab/core/images/pause" // the image's default command: waits to be stopped, and reaps
	_ "kubelab/core/images/toolbox/env"
	_ "kubelab/core/images/toolbox/head"
	_ "kubelab/core/images/toolbox/id"
	_ "kubelab/core/images/toolbox/nc"
	_ "kubelab/core/images/toolbox/nslookup"
	_ "kubelab/core/images/toolbox/ps"
	_ "kubelab/core/images/toolbox/sh"
	_ "kubelab/core/images/toolbox/sleep"
	_ "kubelab/core/images/toolbox/tar"
	_ "kubelab/core/images/toolbox/timeout"
	_ "kubelab/core/images/toolbox/wget"

	_ "github.com/u-root/u-root/cmds/core/base64"
	_ "github.com/u-root/u-root/cmds/core/basename"
	_ "github.com/u-root/u-root/cmds/core/cat"
	_ "github.com/u-root/u-root/cmds/core/chmod"
	_ "github.com/u-root/u-root/cmds/core/cmp"
	_ "github.com/u-root/u-root/cmds/core/comm"
	_ "github.com/u-root/u-root/cmds/core/cp"
	_ "github.com/u-root/u-root/cmds/core/date"
	_ "github.com/u-root/u-root/cmds/core/dd"
	_ "github.com/u-root/u-root/cmds/core/df"
	_ "github.com/u-root/u-root/cmds/core/dirname"
	_ "github.com/u-root/u-root/cmds/core/du"
	_ "github.com/u-root/u-root/cmds/core/echo"
	_ "github.com/u-root/u-root/cmds/core/false"
	_ "github.com/u-root/u-root/cmds/core/find"
	_ "github.com/u-root/u-root/cmds/core/free"
	_ "github.com/u-root/u-root/cmds/core/grep"
	_ "github.com/u-root/u-root/cmds/core/gzip"
	_ "github.com/u-root/u-root/cmds/core/hexdump"
	_ "github.com/u-root/u-root/cmds/core/hostname"
	_ "github.com/u-root/u-root/cmds/core/ip"
	_ "github.com/u-root/u-root/cmds/core/kill"
	_ "github.com/u-root/u-root/cmds/core/ln"
	_ "github.com/u-root/u-root/cmds/core/ls"
	_ "github.com/u-root/u-root/cmds/core/md5sum"
	_ "github.com/u-root/u-root/cmds/core/mkdir"
	_ "github.com/u-root/u-root/cmds/core/mktemp"
	_ "github.com/u-root/u-root/cmds/core/more"
	_ "github.com/u-root/u-root/cmds/core/mount"
	_ "github.com/u-root/u-root/cmds/core/mv"
	_ "github.com/u-root/u-root/cmds/core/netstat"
	_ "github.com/u-root/u-root/cmds/core/nohup"
	_ "github.com/u-root/u-root/cmds/core/pidof"
	_ "github.com/u-root/u-root/cmds/core/ping"
	_ "github.com/u-root/u-root/cmds/core/printenv"
	_ "github.com/u-root/u-root/cmds/core/pwd"
	_ "github.com/u-root/u-root/cmds/core/readlink"
	_ "github.com/u-root/u-root/cmds/core/realpath"
	_ "github.com/u-root/u-root/cmds/core/rm"
	_ "github.com/u-root/u-root/cmds/core/seq"
	_ "github.com/u-root/u-root/cmds/core/shasum"
	_ "github.com/u-root/u-root/cmds/core/sort"
	_ "github.com/u-root/u-root/cmds/core/strings"
	_ "github.com/u-root/u-root/cmds/core/stty"
	_ "github.com/u-root/u-root/cmds/core/sync"
	_ "github.com/u-root/u-root/cmds/core/tail"
	_ "github.com/u-root/u-root/cmds/core/tee"
	_ "github.com/u-root/u-root/cmds/core/time"
	_ "github.com/u-root/u-root/cmds/core/touch"
	_ "github.com/u-root/u-root/cmds/core/tr"
	_ "github.com/u-root/u-root/cmds/core/true"
	_ "github.com/u-root/u-root/cmds/core/truncate"
	_ "github.com/u-root/u-root/cmds/core/umount"
	_ "github.com/u-root/u-root/cmds/core/uname"
	_ "github.com/u-root/u-root/cmds/core/uniq"
	_ "github.com/u-root/u-root/cmds/core/uptime"
	_ "github.com/u-root/u-root/cmds/core/wc"
	_ "github.com/u-root/u-root/cmds/core/which"
	_ "github.com/u-root/u-root/cmds/core/xargs"
	_ "github.com/u-root/u-root/cmds/core/yes"
)
