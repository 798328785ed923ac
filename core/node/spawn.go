package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"kubelab/core/network"
	"kubelab/core/node/control"
)

// initMemory keeps the init small: it hardly allocates, and never needs two processors.
var initMemory = []string{"GOGC=25", "GOMAXPROCS=1"}

type spawnConfig struct {
	boot      control.Boot
	init      string // path of the node init
	namespace string // path of the network namespace
	cgroup    cgroup
	log       string // where the init writes
}

// spawn starts the node's first process. It is a child of the engine's, not of some helper, so that the engine can wait
// for it and kill it without fear of hitting another one.
func spawn(c spawnConfig) (_ *run, err error) {
	boot, err := bootFile(c.boot)
	if err != nil {
		return nil, err
	}
	defer boot.Close()
	if err := os.MkdirAll(filepath.Dir(c.log), 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	conn, theirs, err := newConn()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()

	cmd := exec.Command(c.init)
	cmd.Dir = "/"
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, initMemory...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{theirs, boot} // control.SocketFD, control.BootFD
	cmd.SysProcAttr = &syscall.SysProcAttr{
		// Its own session: what people type at the engine's terminal is not meant for it.
		Setsid:     true,
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC,
	}
	err = network.InNamespace(c.namespace, func() error {
		dir, err := c.cgroup.enter()
		if err != nil {
			return err
		}
		if dir != nil {
			defer dir.Close()
			cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(dir.Fd())
		}
		return cmd.Start()
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.init, err), conn.close())
	}
	return &run{process: cmd.Process, conn: conn, cgroup: c.cgroup, up: make(chan error, 1), exited: make(chan struct{})}, nil
}

// bootFile is a file in memory, so that nothing on disk can disagree with what was started.
func bootFile(b control.Boot) (*os.File, error) {
	content, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("boot", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "boot")
	if _, err := f.WriteAt(content, 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
