package session_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kubelab/core/component"
	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/labtest"
	"kubelab/exercises/progress"
	"kubelab/exercises/session"
)

// builtin is one of the built-in exercises.
func builtin(t testing.TB, id string) *exercises.Exercise {
	t.Helper()
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	c, err := exercises.Builtin(env)
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// run begins a session in a bubble of fake time, and runs it until the test's function returns.
func run(t *testing.T, lab *labtest.Lab, e *exercises.Exercise, book *progress.Book, f func(ctx context.Context, s *session.Session)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := session.Open(session.Config{Lab: lab, Exercise: e, Book: book})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go lab.Live(ctx)
	go func() { ended <- s.Run(ctx) }()
	f(ctx, s)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func start(t *testing.T, ctx context.Context, s *session.Session) {
	t.Helper()
	if err := s.Start(ctx, func(view.Step) {}); err != nil {
		t.Fatal(err)
	}
}

func answer(t *testing.T, s *session.Session, id, text string) {
	t.Helper()
	if err := s.Answer(id, text); err != nil {
		t.Fatal(err)
	}
}

// now waits until what has happened is judged, and is the Status then.
func now(ctx context.Context, s *session.Session) session.Status {
	time.Sleep(500 * time.Millisecond) // fake time: the bound in which what has come about has to be shown
	synctest.Wait()
	return s.Status(ctx)
}

// passed lists the checks of the current step that have passed.
func passed(st session.Status) string {
	var ids []string
	if st.Current < len(st.Steps) {
		for _, c := range st.Steps[st.Current].Checks {
			if c.Passed {
				ids = append(ids, c.ID)
			}
		}
	}
	return strings.Join(ids, " ")
}

// observed is what a check of the current step says instead.
func observed(st session.Status, id string) string {
	for _, c := range st.Steps[st.Current].Checks {
		if c.ID == id {
			return c.Observed
		}
	}
	return ""
}

func TestReadTheMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(3, 2)
		run(t, lab, builtin(t, "read-the-map"), nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			if st := now(ctx, s); !strings.HasPrefix(observed(st, "leader"), "Answer first: Which member") {
				t.Errorf("without an answer it says %q", observed(st, "leader"))
			}
			// The false solution: the holder of the Leases is taken for the leader of etcd.
			answer(t, s, "leader", "master-2/etcd")
			if st := now(ctx, s); st.Current != 0 || !strings.Contains(observed(st, "leader"), "sees itself as follower in term 3") {
				t.Errorf("a wrong pick: step %d, %q", st.Current, observed(st, "leader"))
			}
			answer(t, s, "leader", "master-1/etcd")
			if st := now(ctx, s); st.Current != 1 {
				t.Fatalf("the leader is picked, and it is in step %d", st.Current)
			}
			answer(t, s, "scheduler", "master-2/kube-controller-manager")
			if st := now(ctx, s); st.Current != 1 {
				t.Error("a controller manager is no scheduler")
			}
			answer(t, s, "scheduler", "master-2/kube-scheduler")
			now(ctx, s)
			answer(t, s, "door", "node-1/kubelet")
			if st := now(ctx, s); !strings.Contains(observed(st, "door"), "node-1/kubelet, which is running") {
				t.Errorf("a kubelet as the door: %q", observed(st, "door"))
			}
			answer(t, s, "door", "master-3/kube-apiserver")
			now(ctx, s)
			answer(t, s, "kubelet", "node-2/kubelet")
			if st := now(ctx, s); st.Phase != session.Doing || !strings.Contains(st.Steps[3].Task, "demo/web-6c7-a") {
				t.Errorf("another node's kubelet: %s, task %q", st.Phase, st.Steps[3].Task)
			}
			answer(t, s, "kubelet", "node-1/kubelet")
			st := now(ctx, s)
			if st.Phase != session.Done || st.Passed.IsZero() {
				t.Errorf("all is answered, and it is %s", st.Phase)
			}
			for _, want := range []string{"led from master-1, in term 3", "a Lease lasts 4 s; by default it is 15 s"} {
				if !strings.Contains(st.Debrief, want) {
					t.Errorf("the debrief has no %q:\n%s", want, st.Debrief)
				}
			}
		})
	})
}

func TestAPodIsProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 1)
		run(t, lab, builtin(t, "a-pod-is-processes"), nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			answer(t, s, "pod", "pod/demo/web-6c7-a")
			answer(t, s, "pid", "1001") // of the sandbox
			if st := now(ctx, s); passed(st) != "chosen" || !strings.Contains(st.Steps[0].Remark, "1001 is the process of the pod's sandbox") {
				t.Errorf("the sandbox's PID: passed %q, remark %q", passed(st), st.Steps[0].Remark)
			}
			answer(t, s, "pid", "1002")
			if st := now(ctx, s); st.Current != 1 {
				t.Fatalf("the PID is right, and it is in step %d: %s", st.Current, observed(st, "pid"))
			}
			answer(t, s, "after", "other")
			lab.KillContainer("demo", "web-6c7-a", "web")
			st := now(ctx, s)
			time.Sleep(2 * time.Second) // until the node is asked again
			if st = now(ctx, s); st.Phase != session.Done {
				t.Fatalf("it is killed and back, and it is %s: %q", st.Phase, passed(st))
			}
			if a := st.Steps[1].Asks[0].Answer; a.Right == nil || *a.Right || !strings.Contains(a.Was, "UID is still uid-1002") || a.Late {
				t.Errorf("the prediction was wrong and in time: %+v", a)
			}
			if !strings.Contains(st.Debrief, "until the container ran again it took\n0 ms.") || strings.Contains(st.Debrief, "not known") {
				t.Errorf("debrief:\n%s", st.Debrief)
			}
		})
	})
}

// The pod is deleted instead of its process killed: containerd sees an end, but all else is another pod's.
func TestDeletingThePodIsNoSolution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 1)
		run(t, lab, builtin(t, "a-pod-is-processes"), nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			answer(t, s, "pod", "pod/demo/web-6c7-a")
			answer(t, s, "pid", "1002")
			now(ctx, s)
			answer(t, s, "after", "?")
			lab.DeletePod("demo", "web-6c7-a")
			time.Sleep(5 * time.Second)
			st := now(ctx, s)
			if st.Phase != session.Doing || passed(st) != "exit" || !strings.Contains(st.Steps[1].Remark, "pod/demo/web-6c7-a is gone as a whole") {
				t.Errorf("%s, passed %q, remark %q", st.Phase, passed(st), st.Steps[1].Remark)
			}
		})
	})
}

func TestKubeletOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2)
		lab.AddPod("unit-3", "clock-1", "clock", "node-2")
		run(t, lab, builtin(t, "kubelet-off"), nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			now(ctx, s)
			answer(t, s, "containers", "stop")
			lab.SetState("node-2", component.Kubelet, component.Stopped)
			if st := now(ctx, s); passed(st) != "stopped" || !strings.Contains(observed(st, "lease"), "it has to stay so for 15s") {
				t.Errorf("passed %q, and of the Lease it says %q", passed(st), observed(st, "lease"))
			}
			time.Sleep(8 * time.Second)
			lab.NodeSays("node-2", false, "node.kubernetes.io/unreachable:NoExecute")
			time.Sleep(5 * time.Second)
			if st := now(ctx, s); passed(st) != "stopped" {
				t.Errorf("after 14 s %q have passed", passed(st))
			}
			time.Sleep(3 * time.Second)
			st := now(ctx, s)
			if st.Current != 1 {
				t.Fatalf("after 17 s %q have passed: %s, %s", passed(st), observed(st, "same-processes"), observed(st, "lease"))
			}
			if a := st.Steps[0].Asks[0].Answer; a.Right == nil || *a.Right || !strings.Contains(a.Was, "processes that ran before ran on") {
				t.Errorf("the prediction: %+v", a)
			}
			lab.SetState("node-2", component.Kubelet, component.Running)
			time.Sleep(2 * time.Second)
			if st := now(ctx, s); passed(st) != "running renewed" || !strings.Contains(observed(st, "ready"), "Unknown, its taints are: node.kubernetes.io/unreachable:NoExecute") {
				t.Errorf("passed %q, of Ready it says %q", passed(st), observed(st, "ready"))
			}
			lab.NodeSays("node-2", true)
			if st := now(ctx, s); st.Phase != session.Done || !strings.Contains(st.Debrief, "| 8.5 s | 8 s (node-monitor-grace-period) | 50 s |") {
				t.Errorf("%s, debrief:\n%s", st.Phase, st.Debrief)
			}
		})
	})
}

// The whole node loses power: its kubelet is off then, but so are its containers.
func TestPowerLossIsNoSolution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lab := labtest.New(1, 2)
		lab.AddPod("unit-3", "clock-1", "clock", "node-2")
		run(t, lab, builtin(t, "kubelet-off"), nil, func(ctx context.Context, s *session.Session) {
			start(t, ctx, s)
			now(ctx, s)
			answer(t, s, "containers", "run")
			lab.PowerLoss("node-2")
			time.Sleep(40 * time.Second)
			st := now(ctx, s)
			if st.Current != 0 || passed(st) != "stopped lease" || !strings.Contains(observed(st, "same-processes"), "Now they are nothing") ||
				!strings.Contains(st.Steps[0].Remark, "containerd of node-2 is stopped too") {
				t.Errorf("step %d, passed %q, %q, remark %q", st.Current, passed(st), observed(st, "same-processes"), st.Steps[0].Remark)
			}
		})
	})
}
