package sshd

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	gossh "golang.org/x/crypto/ssh"
)

func TestProgramOverTheSocket(t *testing.T) {
	st := newStage(t, nil)
	info, err := os.Stat(filepath.Join(st.dir, "attach.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket: %v %v", info.Mode(), err)
	}
	term := attach(t, st.local(t), 80, 24)
	term.screen.shows(t, "I am somebody, a instructor", "size 80x24")
	term.press(t, "abc")
	term.screen.shows(t, "keys [abc]")
	if err := term.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	term.screen.shows(t, "size 100x30")
	if err := term.WindowChange(1<<30, 1<<30); err != nil { // a size that would not fit into memory
		t.Fatal(err)
	}
	term.screen.shows(t, "size 1000x400")
	term.press(t, "q")
	if code := term.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.screen.isRestored(t)
}

func TestProgramThatFails(t *testing.T) {
	st := newStage(t, nil)
	c := st.local(t)
	for _, test := range []struct {
		key  string
		code int
		text string
	}{{"i", 130, ""}, {"!", 1, "crashed; the lab goes on"}} {
		term := attach(t, c, 80, 24)
		term.screen.shows(t, "size")
		term.press(t, test.key)
		if code := term.end(t); code != test.code {
			t.Errorf("%s: exit code %d", test.key, code)
		}
		term.screen.isRestored(t)
		term.screen.shows(t, test.text)
	}
	// Suspending would stop this process.
	term := attach(t, c, 80, 24)
	term.screen.shows(t, "size")
	term.press(t, "zb")
	term.screen.shows(t, "keys [b]")
}

func TestCloseSaysGoodbye(t *testing.T) {
	st := newStage(t, nil)
	c := st.local(t)
	term := attach(t, c, 80, 24)
	term.screen.shows(t, "size")
	st.close(t)
	if code := term.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.screen.isRestored(t)
	term.screen.shows(t, "goodbye")
	if _, err := net.Dial("unix", filepath.Join(st.dir, "attach.sock")); err == nil {
		t.Error("the socket still answers")
	}
}

// stuck is a program that hangs when it gets a key.
type stuck struct {
	mirror
	hangs, free chan struct{}
}

func (m *stuck) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		close(m.hangs)
		<-m.free
	}
	_, cmd := m.mirror.Update(msg)
	return m, cmd
}

func TestCloseOfAProgramThatHangs(t *testing.T) {
	hangs, free := make(chan struct{}), make(chan struct{})
	st := newStage(t, func(_ *stage, cfg *Config, _ *bounds) {
		cfg.Program = func(context.Context, Session) (tea.Model, []tea.ProgramOption) {
			return &stuck{hangs: hangs, free: free}, nil
		}
	})
	term := attach(t, st.local(t), 80, 24)
	term.screen.shows(t, "size")
	term.press(t, "a")
	<-hangs
	begin := time.Now()
	if err := st.server.Close("goodbye"); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("closing took %s", took)
	}
	term.end(t)
	term.screen.isRestored(t)
	term.screen.shows(t, "goodbye")
	close(free)
	st.server = nil
}

func TestDroppedConnectionEndsTheProgram(t *testing.T) {
	for _, test := range []struct {
		name string
		drop func(c *gossh.Client, term *terminal, conn *silent)
	}{
		{"session closed", func(_ *gossh.Client, term *terminal, _ *silent) { _ = term.Close() }},
		{"connection closed", func(c *gossh.Client, _ *terminal, _ *silent) { _ = c.Close() }},
		{"peer silent", func(_ *gossh.Client, _ *terminal, conn *silent) { conn.fall() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			st := newStage(t, func(st *stage, cfg *Config, b *bounds) {
				b.keepAlive, b.answer = 50*time.Millisecond, 200*time.Millisecond
			})
			inner, err := net.Dial("unix", filepath.Join(st.dir, "attach.sock"))
			if err != nil {
				t.Fatal(err)
			}
			conn := &silent{Conn: inner, fallen: make(chan struct{})}
			c := st.connect(t, conn)
			term := attach(t, c, 80, 24)
			term.screen.shows(t, "size")
			time.Sleep(300 * time.Millisecond) // longer than a peer that does not answer is borne
			term.press(t, "a")
			term.screen.shows(t, "keys [a]")
			test.drop(c, term, conn)
			st.programsEnd(t)
			eventually(t, "the program ends", func() bool { return !strings.Contains(stacks(), "bubbletea/v2.(*Program)") }, stacks)
			eventually(t, "the session is counted out", func() bool {
				st.server.mu.Lock()
				defer st.server.mu.Unlock()
				return st.server.doors[0].sessions == 0
			})
		})
	}
}

// silent is a connection whose other end can fall silent without closing, as with a cable pulled.
type silent struct {
	net.Conn
	once   sync.Once
	fallen chan struct{}
}

func (s *silent) fall() { s.once.Do(func() { close(s.fallen) }) }

func (s *silent) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	select {
	case <-s.fallen:
		if err != nil {
			return 0, err
		}
		return s.Read(p) // lost
	default:
		return n, err
	}
}

func TestManyAtOnce(t *testing.T) {
	st := newStage(t, nil)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			term := attach(t, st.local(t), 80+i, 24)
			term.screen.shows(t, fmt.Sprintf("size %dx24", 80+i))
			term.press(t, fmt.Sprint(i))
			term.screen.shows(t, fmt.Sprintf("keys [%d]", i))
			term.press(t, "q")
			if code := term.end(t); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
	all.Wait()
}

func TestNoMoreThanTheMost(t *testing.T) {
	st := newStage(t, func(_ *stage, _ *Config, b *bounds) { b.sessions = 3 })
	c := st.local(t)
	for range 3 {
		attach(t, c, 80, 24).screen.shows(t, "size")
	}
	if _, err := c.NewSession(); err == nil || !strings.Contains(err.Error(), "too many people") {
		t.Errorf("session 4 of 3: %v", err)
	}
	for range 5 { // connections without a session count too
		st.local(t)
	}
	conn, err := net.Dial("unix", filepath.Join(st.dir, "attach.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.tryConnect(conn); err == nil {
		t.Error("connection 7 of 6 is let in")
	}
}

func TestSlowTerminalHoldsNobodyUp(t *testing.T) {
	st := newStage(t, nil)
	const width, height = 500, 100
	session, err := st.local(t).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.RequestPty("xterm-256color", height, width, gossh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	picture, err := session.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Shell(); err != nil { // and nobody reads the picture
		t.Fatal(err)
	}
	p := <-st.programs
	const last = 3000 // at 60 pictures a second and 50 kB each, what is drawn fills the SSH window of 2 MB early
	begin := time.Now()
	longest := time.Duration(0)
	for i := range last {
		sent := time.Now()
		p.Send(number(i + 1))
		longest = max(longest, time.Since(sent))
		time.Sleep(time.Millisecond)
	}
	t.Logf("%d messages in %s, the slowest in %s", last, time.Since(begin), longest)
	if longest > time.Second {
		t.Errorf("a message waited %s for the terminal", longest)
	}
	if !strings.Contains(stacks(), "sshd.(*output).send") || !strings.Contains(stacks(), "WriteExtended") {
		t.Error("the terminal was not slow")
	}
	other := attach(t, st.local(t), 80, 24)
	other.press(t, "a")
	other.screen.shows(t, "keys [a]")

	screen := newScreen(width, height) // the terminal comes back
	go func() { _, _ = io.Copy(screen, picture) }()
	go func() { _, _ = io.Copy(io.Discard, screen.emu) }()
	screen.shows(t, fmt.Sprintf("number %d.", last))
	_ = screen.emu.Close()
}

func TestOutputThatNobodyTakesIsBounded(t *testing.T) {
	blocked, stop := io.Pipe()
	overflown := make(chan struct{})
	o := newOutput(stop, func() { close(overflown) }, func() {})
	piece := make([]byte, 1<<20)
	for range 2 + outputMax/len(piece) {
		_, _ = o.Write(piece)
	}
	<-overflown
	if _, err := o.Write(piece); err == nil {
		t.Error("it takes more")
	}
	_ = blocked.Close()
	o.finish(t.Context())
}

func TestNewestReaderHasTheKeyboard(t *testing.T) {
	k := newKeyboard()
	type read struct {
		text string
		err  error
	}
	reader := func() chan read {
		before := k.begun()
		got := make(chan read, 1)
		go func() {
			b := make([]byte, 10)
			n, err := k.Read(b)
			got <- read{string(b[:n]), err}
		}()
		eventually(t, "it reads", func() bool { return k.begun() > before })
		return got
	}
	program := reader()
	shell := reader()
	if r := <-program; r.err != io.EOF {
		t.Errorf("the program still reads: %+v", r)
	}
	_, _ = k.Write([]byte("ls"))
	if r := <-shell; r.text != "ls" {
		t.Errorf("the shell gets %+v", r)
	}
	last := reader()
	k.close()
	if r := <-last; r.err != io.EOF {
		t.Errorf("the end: %+v", r)
	}
}

func (k *keyboard) begun() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reads
}

// What is typed after the key that ends a program must not keep it in memory.
func TestKeysAfterTheLastKey(t *testing.T) {
	st := newStage(t, nil)
	for i := range 40 {
		keys := "ab" + []string{"q", "i"}[i%2] + strings.Repeat("c", 500)
		if i == 0 {
			keys += "\x1b[200~a paste that is cut off"
		}
		term := attach(t, st.local(t), 80, 24)
		term.press(t, keys)
		begin := time.Now()
		term.end(t)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("ending took %s", took)
		}
	}
}
