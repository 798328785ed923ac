package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	"kubelab/core/images"
	"kubelab/core/view"
	"kubelab/lab/sshd"
)

const (
	// connectBound is how long it may take until a shell runs. An API server that is slow answers in a second.
	connectBound = 10 * time.Second
	// sizeEvery is how often a terminal is looked at for its size while a shell has it: about as fast as somebody drags a window's corner.
	sizeEvery = 200 * time.Millisecond
	// wayOut is ctrl-], which leaves a shell that does not answer any more, as in telnet.
	wayOut = 0x1d
)

// afterShell puts a terminal back into the state in which programs expect it, whatever was done to it in a container: an unfinished sequence,
// keypad and cursor keys, reverse video, origin, wrapping, insertion, scrolling region, character set; then all else that programs switch on.
const afterShell = "\x18\x1b\\" + "\x1b[?1l\x1b>\x1b[?5l\x1b[?6l\x1b[?7h\x1b[4l\x1b[20l\x1b[r\x1b(B\x0f" +
	"\x1b[?9l\x1b[?1005l\x1b[?1015l\x1b[?1016l\x1b[?2048l" + sshd.Restore

// shells makes the shells of a session, which all end with ctx.
func (e *engine) shells(ctx context.Context, s sshd.Session) func(pod string, width, height int) tea.ExecCommand {
	return func(pod string, width, height int) tea.ExecCommand {
		size := s.Size
		if size == nil {
			size = func() (int, int) { return width, height }
		}
		namespace, name, _ := strings.Cut(pod, "/")
		return &shell{ctx: ctx, access: e.cluster.ClientConfig, namespace: namespace, pod: name, size: size, bound: connectBound}
	}
}

// shell is sh in a pod, in the terminal of somebody attached, as by kubectl exec -it. What it writes goes to that terminal as it is: a container
// can do to it whatever a program can, until the shell ends.
type shell struct {
	ctx            context.Context // of the session: Run is given none
	access         func() (*rest.Config, error)
	namespace, pod string
	size           func() (width, height int) // of the terminal, now
	bound          time.Duration              // until it runs
	in             io.Reader
	out            io.Writer
}

func (s *shell) SetStdin(r io.Reader)  { s.in = r }
func (s *shell) SetStdout(w io.Writer) { s.out = w }

// SetStderr does nothing: with a terminal there is only one output.
func (s *shell) SetStderr(io.Writer) {}

var (
	errSlow    = errors.New("it did not begin in time")
	errWayOut  = errors.New("somebody went out")
	errNoShell = errors.New("there is no sh in its image")
)

// Run returns when the shell ends, when somebody goes out, or when the session does. The terminal is as programs expect it then.
func (s *shell) Run() error {
	ctx, cancel := context.WithCancelCause(s.ctx)
	defer cancel(nil)
	slow := time.AfterFunc(s.bound, func() { cancel(errSlow) })
	defer slow.Stop()
	fmt.Fprintf(s.out, "\r\nA shell in %s/%s. exit comes back; ctrl-] does even when nothing answers.\r\n\r\n", s.namespace, s.pod)
	screen := &lent{to: s.out}
	ended := make(chan error, 1)
	// It is not waited for where the other side hangs. It has nothing of the terminal by then, and ends soon after, see dialing.
	go func() { ended <- s.exec(ctx, cancel, screen, slow) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	screen.takeBack()
	_, _ = io.WriteString(s.out, afterShell) // a terminal that has gone needs nothing
	return s.explain(err, context.Cause(ctx))
}

// explain says in a line why there was no shell, or why it ended too early.
func (s *shell) explain(err, cause error) error {
	exit := utilexec.CodeExitError{}
	switch {
	case err == nil || errors.As(err, &exit): // a shell ends with the code of its last command
		return nil
	case errors.Is(cause, errWayOut):
		return nil
	case errors.Is(cause, errSlow), errors.Is(err, os.ErrDeadlineExceeded): // the connection's own bound is the same, and may be noticed first
		return view.Fail(view.TimedOut, "%s/%s did not answer within %s", s.namespace, s.pod, s.bound)
	case errors.Is(err, errNoShell):
		return view.Fail(view.Failed, "the image of %s/%s has no sh; %s has one: lab kubectl debug -it -n %s %s --image=%s", s.namespace, s.pod,
			images.Toolbox, s.namespace, s.pod, images.Toolbox)
	}
	return view.Fail(view.Failed, "%s/%s: %w", s.namespace, s.pod, err)
}

func (s *shell) exec(ctx context.Context, cancel context.CancelCauseFunc, screen io.Writer, slow *time.Timer) error {
	config, err := s.access()
	if err != nil {
		return err
	}
	config.UserAgent = "lab-shell"
	config.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil } // the lab is on this machine, whatever its environment says
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	pod, err := client.CoreV1().Pods(s.namespace).Get(ctx, s.pod, metav1.GetOptions{})
	if err != nil {
		return err
	}
	container, err := running(pod)
	if err != nil {
		return err
	}
	at := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(s.namespace).Name(s.pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: []string{"sh"}, Stdin: true, Stdout: true, TTY: true}, scheme.ParameterCodec)
	executor, err := executorFor(config, at.URL())
	if err != nil {
		return err
	}
	err = executor.StreamWithContext(dialing{ctx, time.Now().Add(s.bound)}, remotecommand.StreamOptions{
		Stdin: &keys{from: s.in, out: func() { cancel(errWayOut) }}, Stdout: screen, Tty: true,
		TerminalSizeQueue: &sizes{ctx: ctx, size: s.size, begun: func() { slow.Stop() }},
	})
	// The runtime says it in words only.
	if err != nil && strings.Contains(err.Error(), `"sh": executable file not found`) {
		return errNoShell
	}
	return err
}

// executorFor is the one of kubectl exec: a websocket, or SPDY where there is something between that does not let it through.
func executorFor(config *rest.Config, at *url.URL) (remotecommand.Executor, error) {
	spdy, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, at)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, at.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

// defaultContainer is the annotation by which kubectl chooses, too.
const defaultContainer = "kubectl.kubernetes.io/default-container"

// running is the container that a shell goes into.
func running(pod *corev1.Pod) (string, error) {
	if len(pod.Spec.Containers) == 0 {
		return "", errors.New("it has no containers")
	}
	name := pod.Spec.Containers[0].Name
	if chosen := pod.Annotations[defaultContainer]; slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == chosen }) {
		name = chosen
	}
	for _, c := range pod.Status.ContainerStatuses {
		switch {
		case c.Name != name || c.State.Running != nil:
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			return "", fmt.Errorf("its container %s does not run: %s", name, c.State.Waiting.Reason)
		case c.State.Terminated != nil:
			return "", fmt.Errorf("its container %s does not run: %s", name, c.State.Terminated.Reason)
		}
	}
	if pod.Status.Phase != corev1.PodRunning {
		return "", fmt.Errorf("it is %s, and only running pods have a shell", pod.Status.Phase)
	}
	return name, nil
}

// dialing is a context whose deadline only bounds the handshake: the websocket library ends reading an answer at a deadline, but not when a
// context is cancelled (gorilla/websocket, client.go, DialContext), and the context of a stream is the one of its handshake.
type dialing struct {
	context.Context
	until time.Time
}

func (d dialing) Deadline() (time.Time, bool) { return d.until, true }

// keys is what is typed, until somebody goes out.
type keys struct {
	from io.Reader
	out  func()
}

func (k *keys) Read(p []byte) (int, error) {
	n, err := k.from.Read(p)
	if i := bytes.IndexByte(p[:n], wayOut); i >= 0 {
		k.out()
		return i, io.EOF
	}
	return n, err
}

// lent is a terminal that is lent to a shell and taken back.
type lent struct {
	mu   sync.Mutex // guards back, and writing
	to   io.Writer
	back bool
}

// Write is held up by a terminal that is slow, where that can be known: a shell can write without end.
func (l *lent) Write(p []byte) (int, error) {
	if slow, ok := l.to.(interface{ Await() }); ok {
		slow.Await()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.back {
		return 0, io.ErrClosedPipe
	}
	return l.to.Write(p)
}

// takeBack has nothing written any more.
func (l *lent) takeBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.back = true
}

// sizes tells the other side how large the terminal is, at first and whenever that changes.
type sizes struct {
	ctx   context.Context
	size  func() (width, height int)
	begun func() // called when the other side is there
	told  remotecommand.TerminalSize
}

// Next waits for a size that was not told. It is asked for the first time when a connection stands.
func (s *sizes) Next() *remotecommand.TerminalSize {
	s.begun()
	look := time.NewTicker(sizeEvery)
	defer look.Stop()
	for {
		width, height := s.size()
		if now := (remotecommand.TerminalSize{Width: uint16(width), Height: uint16(height)}); now != s.told {
			s.told = now
			return &now
		}
		select {
		case <-look.C:
		case <-s.ctx.Done():
			return nil
		}
	}
}
