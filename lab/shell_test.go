package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"kubelab/core/view"
)

// shellAt is a shell in demo/web by way of an API server.
func shellAt(t *testing.T, host string) (*shell, *notepad) {
	pad := &notepad{}
	s := &shell{ctx: t.Context(), namespace: "demo", pod: "web", bound: 10 * time.Second, size: func() (int, int) { return 101, 37 },
		access: func() (*rest.Config, error) { return &rest.Config{Host: host}, nil }}
	s.SetStdin(strings.NewReader(""))
	s.SetStdout(pad)
	return s, pad
}

// notepad is a terminal of which everything is kept.
type notepad struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notepad) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notepad) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

func answer(t *testing.T, w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(object); err != nil {
		t.Error(err)
	}
}

func gone(name string) metav1.Status {
	return metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusNotFound,
		Reason: metav1.StatusReasonNotFound, Message: fmt.Sprintf("pods %q not found", name)}
}

func webPod(change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "web"},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web"}, {Name: "side"}}}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	if change != nil {
		change(p)
	}
	return p
}

// apiServer has the pod and runs what a shell in it is.
func apiServer(t *testing.T, pod *corev1.Pod, sh func(url string, c *websocket.Conn)) string {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/namespaces/demo/pods/web", func(w http.ResponseWriter, _ *http.Request) {
		if pod == nil {
			answer(t, w, http.StatusNotFound, gone("web"))
			return
		}
		answer(t, w, http.StatusOK, pod)
	})
	mux.HandleFunc("/api/v1/namespaces/demo/pods/web/exec", func(w http.ResponseWriter, r *http.Request) {
		up := websocket.Upgrader{Subprotocols: []string{"v5.channel.k8s.io"}}
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return // it has been told
		}
		defer c.Close()
		sh(r.URL.RawQuery, c)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// Streams of a terminal, as the first byte of each message says.
const (
	typedStream  = 0
	drawnStream  = 1
	statusStream = 3
	sizeStream   = 4
)

func put(c *websocket.Conn, stream byte, text string) {
	_ = c.WriteMessage(websocket.BinaryMessage, append([]byte{stream}, text...)) // the client's end says what arrived
}

// finish is the end of a shell: its exit code, or why there was none.
func finish(c *websocket.Conn, code, why string) {
	s := metav1.Status{Status: metav1.StatusSuccess}
	switch {
	case why != "":
		s = metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonInternalError, Message: why}
	case code != "0":
		s = metav1.Status{Status: metav1.StatusFailure, Reason: "NonZeroExitCode", Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: "ExitCode", Message: code}}}}
	}
	text, _ := json.Marshal(s) // it is plain data
	put(c, statusStream, string(text))
	_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
}

// heard reads until the stream has said text.
func heard(c *websocket.Conn, stream byte, text string) bool {
	all := ""
	for !strings.Contains(all, text) {
		_, m, err := c.ReadMessage()
		if err != nil {
			return false
		}
		if len(m) > 0 && m[0] == stream {
			all += string(m[1:])
		}
	}
	return true
}

func TestShellInAPod(t *testing.T) {
	asked := make(chan string, 1)
	window := make(chan int, 1)
	at := apiServer(t, webPod(func(p *corev1.Pod) { p.Annotations = map[string]string{defaultContainer: "side"} }), func(url string, c *websocket.Conn) {
		asked <- url
		if !heard(c, sizeStream, `{"Width":101,"Height":37}`) {
			return
		}
		put(c, drawnStream, "$ ")
		window <- 120
		if heard(c, sizeStream, `{"Width":120,"Height":37}`) && heard(c, typedStream, "ls\n") {
			put(c, drawnStream, "\x1b[?1049ha file\x1b[r")
			finish(c, "3", "")
		}
	})
	s, pad := shellAt(t, at)
	keyboard, typed := io.Pipe()
	defer typed.Close()
	s.SetStdin(keyboard)
	width := 101
	s.size = func() (int, int) { // asked by one goroutine
		select {
		case width = <-window:
			go func() { _, _ = io.WriteString(typed, "ls\n") }() // ends with the pipe
		default:
		}
		return width, 37
	}
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if url := <-asked; url != "command=sh&container=side&stdin=true&stdout=true&tty=true" {
		t.Errorf("asked for %s", url)
	}
	text := pad.String()
	if !strings.Contains(text, "A shell in demo/web.") || !strings.Contains(text, "$ \x1b[?1049ha file") || !strings.HasSuffix(text, afterShell) {
		t.Errorf("on the terminal: %q", text)
	}
	for _, reset := range []string{"\x1b[?1049l", "\x1b[?25h", "\x1b[?7h", "\x1b[r", "\x1b[?2004l", "\x1b[?1003l", "\x1b(B"} {
		if !strings.Contains(afterShell, reset) {
			t.Errorf("%q is not reset", reset)
		}
	}
}

func TestNoShell(t *testing.T) {
	waiting := func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}
	}
	none := func(string, *websocket.Conn) { t.Error("a shell was asked for") }
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, tt := range map[string]struct{ at, why string }{
		"the pod is gone":      {apiServer(t, nil, none), `demo/web: pods "web" not found`},
		"it does not run":      {apiServer(t, webPod(func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }), none), "demo/web: it is Pending"},
		"its container is bad": {apiServer(t, webPod(waiting), none), "its container web does not run: CrashLoopBackOff"},
		"nobody listens":       {"http://" + closed.Addr().String(), "connection refused"},
		"no sh": {apiServer(t, webPod(nil), func(_ string, c *websocket.Conn) {
			finish(c, "", `error executing command in container: OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown`)
		}), "the image of demo/web has no sh; lab.local/toolbox:1 has one: lab kubectl debug -it -n demo web --image=lab.local/toolbox:1"},
		"the connection breaks": {apiServer(t, webPod(nil), func(_ string, c *websocket.Conn) { heard(c, sizeStream, "101") }), "demo/web: "},
	} {
		t.Run(name, func(t *testing.T) {
			s, pad := shellAt(t, tt.at)
			keyboard, typed := io.Pipe()
			defer typed.Close()
			s.SetStdin(keyboard)
			err := s.Run()
			if err == nil || !strings.Contains(err.Error(), tt.why) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %v", err)
			}
			if !strings.HasSuffix(pad.String(), afterShell) {
				t.Error("the terminal was not put back")
			}
		})
	}
}

// Nothing waits without a bound: neither for an API server that does not answer, before and after the pod is known, nor when a session ends.
func TestShellsAreBounded(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	hang := make(chan struct{})
	deaf := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/exec") {
			<-hang
			return
		}
		answer(t, w, http.StatusOK, webPod(nil))
	}))
	defer deaf.Close()
	defer close(hang)
	for _, at := range []string{"http://" + silent.Addr().String(), deaf.URL} {
		s, pad := shellAt(t, at)
		s.bound = 200 * time.Millisecond
		begin := time.Now()
		err := s.Run()
		if view.CodeOf(err) != view.TimedOut || !strings.Contains(err.Error(), "did not answer within 200ms") || time.Since(begin) > 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		if !strings.HasSuffix(pad.String(), afterShell) {
			t.Error("the terminal was not put back")
		}
	}

	begun := make(chan struct{})
	at := apiServer(t, webPod(nil), func(_ string, c *websocket.Conn) {
		heard(c, sizeStream, "101")
		close(begun)
		heard(c, typedStream, "never")
	})
	s, pad := shellAt(t, at)
	s.bound = 5 * time.Second
	ctx, end := context.WithCancel(t.Context())
	s.ctx = ctx
	keyboard, typed := io.Pipe()
	defer typed.Close()
	s.SetStdin(keyboard)
	go func() {
		<-begun
		end()
	}()
	begin := time.Now()
	_ = s.Run() // nobody is there to read why
	if time.Since(begin) > 4*time.Second || !strings.HasSuffix(pad.String(), afterShell) {
		t.Errorf("it took %s", time.Since(begin))
	}
}

// A shell that does not answer any more can be left.
func TestTheWayOut(t *testing.T) {
	at := apiServer(t, webPod(nil), func(_ string, c *websocket.Conn) { heard(c, typedStream, "never") })
	s, _ := shellAt(t, at)
	keyboard, typed := io.Pipe()
	defer typed.Close()
	s.SetStdin(keyboard)
	go func() { _, _ = io.WriteString(typed, "ls\x1d") }() // ends with the pipe
	if err := s.Run(); err != nil {
		t.Error(err)
	}
}

// What comes late does not go over the screen of a program that has its terminal back, and a terminal that is slow holds up who writes.
func TestLentTerminals(t *testing.T) {
	slow := &awaited{}
	l := &lent{to: slow}
	if _, err := l.Write([]byte("a")); err != nil || slow.waits != 1 {
		t.Errorf("%v after %d waits", err, slow.waits)
	}
	l.takeBack()
	if _, err := l.Write([]byte("b")); err == nil || slow.String() != "a" {
		t.Errorf("it has %q", slow)
	}
}

type awaited struct {
	bytes.Buffer
	waits int
}

func (a *awaited) Await() { a.waits++ }
