package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// waitBound is how long a script's "until" tries a command.
const waitBound = 60 * time.Second

func TestScripts(t *testing.T) {
	bin := os.Getenv("LAB_BIN")
	if bin == "" || os.Geteuid() != 0 {
		t.Skip("needs root and LAB_BIN, the binary to try; run: sudo make test")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		// One after the other: a script compares the whole machine before and after, and wants it to itself.
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			testscript.Run(t, params(bin, script))
		})
	}
}

func params(bin, script string) testscript.Params {
	return testscript.Params{
		Files:               []string{script},
		RequireExplicitExec: true,
		Setup:               func(env *testscript.Env) error { return setup(env, bin) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"until":    until,
			"census":   census,
			"killed":   killed,
			"acked":    acked,
			"fails":    fails,
			"signaled": signaled,
			"race":     race,
			"sees":     sees,
			"screen":   new(screens).do,
		},
	}
}

// setup gives every script labs of its own and, when it ends in whatever way, takes them away.
func setup(env *testscript.Env, bin string) error {
	home := filepath.Join(env.WorkDir, "labs")
	name := "e2e-" + strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	dir := filepath.Join(env.WorkDir, "bin")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	// A copy that everybody may run: one script does so as nobody.
	if out, err := exec.Command("cp", bin, filepath.Join(dir, "lab")).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the binary: %w: %s", err, out)
	}
	for _, d := range []string{filepath.Dir(env.WorkDir), env.WorkDir} {
		if err := os.Chmod(d, 0o711); err != nil {
			return err
		}
	}
	env.Setenv("LAB_HOME", home)
	env.Setenv("LAB_NAME", name)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	env.Setenv("SUDO_USER", "")
	env.Defer(func() {
		// What a script makes to stand in a lab's way, where it fails before it takes it away itself.
		_ = exec.Command("ip", "link", "delete", "e2edummy").Run()
		_ = syscall.Unmount(filepath.Join(env.WorkDir, "small"), syscall.MNT_DETACH)
	})
	env.Defer(func() {
		entries, _ := os.ReadDir(home) // no labs were made
		for _, e := range entries {
			if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			c := exec.Command(bin, "--name", e.Name(), "delete")
			c.Env = append(os.Environ(), "LAB_HOME="+home, "HOME="+env.WorkDir)
			if out, err := c.CombinedOutput(); err != nil {
				env.T().Log("clean up: " + string(out))
			}
		}
	})
	return nil
}

// until PATTERN COMMAND... runs a command again until it succeeds and its output holds PATTERN.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] until PATTERN COMMAND...")
	}
	var out string
	for begin := time.Now(); time.Since(begin) < waitBound; time.Sleep(200 * time.Millisecond) {
		text, err := output(ts, args[1:])
		out = text
		if (err == nil && strings.Contains(text, args[0])) != neg {
			ts.Logf("after %s", time.Since(begin).Round(100*time.Millisecond))
			return
		}
	}
	ts.Fatalf("not within %s; last output:\n%s", waitBound, out)
}

// fails CODE COMMAND... wants the command to end with that exit code and one line of complaint.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE COMMAND...")
	}
	var stdout, stderr strings.Builder
	c := command(ts, args[1:])
	c.Stdout, c.Stderr = &stdout, &stderr
	_ = c.Run() // judged by its exit code
	ts.Logf("%s%s", stdout.String(), stderr.String())
	if got := c.ProcessState.ExitCode(); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
	text := strings.TrimSpace(stderr.String())
	if text == "" || strings.Contains(text, "\n") || strings.Contains(text, "goroutine ") {
		ts.Fatalf("want one clear line on standard error, got:\n%s", text)
	}
	ts.Check(os.WriteFile(ts.MkAbs("complaint"), []byte(text+"\n"), 0o600))
}

// command prepares a command in the script's environment.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := args[0]
	if path == "lab" {
		path = filepath.Join(ts.Getenv("WORK"), "bin", "lab")
	}
	c := exec.Command(path, args[1:]...)
	c.WaitDelay = 5 * time.Second // for what goes on in the background and holds its output
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "LAB_HOME="+ts.Getenv("LAB_HOME"), "LAB_NAME="+ts.Getenv("LAB_NAME"),
		"HOME="+ts.Getenv("HOME"), "PATH="+ts.Getenv("PATH"), "SUDO_USER=")
	return c
}

func output(ts *testscript.TestScript, args []string) (string, error) {
	b, err := command(ts, args).CombinedOutput()
	return string(b), err
}
