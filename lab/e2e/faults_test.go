package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// enginePID is the process that runs the script's lab.
func enginePID(ts *testscript.TestScript) int {
	out, err := command(ts, []string{"lab", "list", "--json"}).Output()
	ts.Check(err)
	var labs []struct {
		Name string
		PID  int
	}
	ts.Check(json.Unmarshal(out, &labs))
	for _, l := range labs {
		if l.Name == ts.Getenv("LAB_NAME") && l.PID > 0 {
			return l.PID
		}
	}
	ts.Fatalf("no engine runs; labs: %s", out)
	return 0
}

// killed ends the engine with SIGKILL, as a crash or a power cut would, and waits until it is gone.
func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: killed")
	}
	kill(ts, enginePID(ts))
}

func kill(ts *testscript.TestScript, pid int) {
	ts.Check(syscall.Kill(pid, syscall.SIGKILL))
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if syscall.Kill(pid, 0) != nil {
			return
		}
	}
	ts.Fatalf("engine %d survived SIGKILL", pid)
}

// acked writes objects as fast as it can, kills the engine in the middle, starts the lab again, and wants to
// find every object whose creation had been acknowledged.
func acked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: acked")
	}
	var mu sync.Mutex
	var names []string
	var writers sync.WaitGroup
	stop := make(chan struct{})
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("acked-%d-%d", w, i)
				if _, err := output(ts, []string{"lab", "kubectl", "create", "configmap", name}); err != nil {
					return
				}
				mu.Lock()
				names = append(names, name)
				mu.Unlock()
			}
		})
	}
	pid := enginePID(ts)
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		n := len(names)
		mu.Unlock()
		if n >= 20 {
			break
		}
	}
	kill(ts, pid)
	close(stop)
	writers.Wait()
	out, err := output(ts, []string{"lab", "start"})
	ts.Logf("%s", out)
	ts.Check(err)
	have, err := output(ts, []string{"lab", "kubectl", "get", "configmaps", "-o", "name"})
	ts.Check(err)
	for _, name := range names {
		if !strings.Contains(have+"\n", "configmap/"+name+"\n") {
			ts.Fatalf("%s was acknowledged and is lost", name)
		}
	}
	if len(names) < 20 {
		ts.Fatalf("only %d writes were acknowledged before the kill", len(names))
	}
	ts.Logf("%d acknowledged writes, none lost", len(names))
}

// signaled SIGNAL AFTER COMMAND... sends the command a signal after a time and wants it to fail.
func signaled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: signaled INT|TERM|KILL DURATION COMMAND...")
	}
	sig := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}[args[0]]
	after, err := time.ParseDuration(args[1])
	ts.Check(err)
	c := command(ts, args[2:])
	var out strings.Builder
	c.Stdout, c.Stderr = &out, &out
	ts.Check(c.Start())
	timer := time.AfterFunc(after, func() { _ = c.Process.Signal(sig) })
	defer timer.Stop()
	err = c.Wait()
	ts.Logf("%s", out.String())
	if err == nil {
		ts.Fatalf("it had ended before the signal came; choose an earlier moment")
	}
}

// race N COMMAND... runs the command N times at once and wants exactly one to succeed.
func race(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: race N COMMAND...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	type result struct {
		out []byte
		err error
	}
	results := make(chan result, n)
	cmds := make([]*exec.Cmd, n)
	for i := range cmds {
		cmds[i] = command(ts, args[1:])
		go func() {
			out, err := cmds[i].CombinedOutput()
			results <- result{out, err}
		}()
	}
	won := 0
	for range cmds {
		r := <-results
		ts.Logf("%v\n%s", r.err, r.out)
		if r.err == nil {
			won++
		} else if !strings.Contains(string(r.out), "already running or starting") && !strings.Contains(string(r.out), "held by") {
			ts.Fatalf("a loser did not say why")
		}
	}
	if won != 1 {
		ts.Fatalf("%d of %d succeeded, want 1", won, n)
	}
}
