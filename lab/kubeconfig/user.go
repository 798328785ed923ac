package kubeconfig

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// owner is whose kubeconfigs are meant.
type owner struct {
	uid, gid int
	files    []string // the first one is written to; none without a home, as for a service
}

// caller finds the user who typed the command: behind sudo that is not root. KUBECONFIG means what it means to
// kubectl.
func caller(getenv func(string) string) (owner, error) {
	o := owner{uid: os.Geteuid(), gid: os.Getegid()}
	home := getenv("HOME")
	if name := getenv("SUDO_USER"); name != "" && o.uid == 0 {
		u, err := user.Lookup(name)
		if err != nil {
			return o, fmt.Errorf("find the home of %s, who called sudo: %w: name a file in KUBECONFIG", name, err)
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if errUID != nil || errGID != nil {
			return o, fmt.Errorf("find the home of %s, who called sudo: ids %s and %s are no numbers", name, u.Uid, u.Gid)
		}
		o.uid, o.gid, home = uid, gid, u.HomeDir
	}
	for _, path := range filepath.SplitList(getenv("KUBECONFIG")) {
		if path != "" {
			o.files = append(o.files, path)
		}
	}
	if len(o.files) == 0 && home != "" {
		o.files = []string{filepath.Join(home, ".kube", "config")}
	}
	return o, nil
}

// act runs f with the owner's rights on files: new files are his, and a link of his cannot lead root to where
// he may not go himself. Rights are the thread's, and the thread ends with f.
func (o owner) act(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		done <- func() error {
			if o.uid == os.Geteuid() {
				return f()
			}
			if err := unix.Setgroups(nil); err != nil {
				return fmt.Errorf("lay down root's groups: %w", err)
			}
			if err := unix.Setfsgid(o.gid); err != nil {
				return fmt.Errorf("take group %d: %w", o.gid, err)
			}
			if err := unix.Setfsuid(o.uid); err != nil {
				return fmt.Errorf("take user %d: %w", o.uid, err)
			}
			return f()
		}()
	}()
	return <-done
}
