package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// census save remembers what the machine holds; census same wants it to hold the same again.
func census(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: census save|same")
	}
	file := ts.MkAbs(".census")
	switch args[0] {
	case "save":
		ts.Check(os.WriteFile(file, []byte(strings.Join(count(ts.Getenv("LAB_HOME")), "\n")), 0o600))
	case "same":
		before, err := os.ReadFile(file)
		ts.Check(err)
		was := strings.Split(string(before), "\n")
		// The kernel frees a network namespace, and with it its links, a moment after its last user.
		var diff []string
		for begin := time.Now(); time.Since(begin) < 5*time.Second; time.Sleep(50 * time.Millisecond) {
			is := count(ts.Getenv("LAB_HOME"))
			diff = nil
			for _, x := range is {
				if !slices.Contains(was, x) {
					diff = append(diff, "+ "+x)
				}
			}
			for _, x := range was {
				if !slices.Contains(is, x) {
					diff = append(diff, "- "+x)
				}
			}
			if len(diff) == 0 {
				return
			}
		}
		ts.Fatalf("the machine is not as it was:\n%s", strings.Join(diff, "\n"))
	default:
		ts.Fatalf("usage: census save|same")
	}
}

// count lists what a lab could leave behind: links, addresses, routes, rules, namespaces, mounts, cgroups,
// processes and files.
func count(home string) []string {
	var all []string
	add := func(kind string, lines ...string) {
		for _, l := range lines {
			if l = strings.TrimSpace(l); l != "" {
				all = append(all, kind+": "+l)
			}
		}
	}
	for kind, line := range map[string][]string{
		"link":    {"ip", "-br", "link"},
		"address": {"ip", "-4", "-br", "address"},
		"route":   {"ip", "route", "show", "table", "all"},
		"nft":     {"nft", "list", "tables"},
	} {
		out, _ := exec.Command(line[0], line[1:]...).Output() // nothing listed is nothing there
		add(kind, strings.Split(string(out), "\n")...)
	}
	names, _ := filepath.Glob("/run/netns/*")
	add("netns", names...)
	mounts, _ := os.ReadFile("/proc/self/mounts")
	add("mount", strings.Split(string(mounts), "\n")...)
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
		dirs, _ := filepath.Glob(root + "/lab")
		more, _ := filepath.Glob(root + "/lab/*/cgroup.procs")
		add("cgroup", append(dirs, more...)...)
	}
	add("process", ours()...)
	files, _ := filepath.Glob(home + "/*")
	hidden, _ := filepath.Glob(home + "/.*")
	add("file", append(files, hidden...)...)
	return all
}

// ours lists processes that are a lab's: by the file they run.
func ours() []string {
	var found []string
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil {
			continue
		}
		base := strings.TrimSuffix(filepath.Base(exe), " (deleted)")
		switch base {
		case "lab", "containerd", "kubelet", "kube-proxy", "node-init", "containerd-shim-runc-v2", "runc", "pause", "demo", "coredns":
			cmd, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			found = append(found, strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
	return found
}
