package sshd

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	gossh "golang.org/x/crypto/ssh"
)

// serveVariable makes the test binary serve the directory it names, for tests that kill an engine.
const serveVariable = "SSHD_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		s, err := Listen((&stage{dir: dir}).config())
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close("")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stage is a server that the tests attach to, with what happens behind it.
type stage struct {
	dir      string
	server   *Server
	programs chan *tea.Program // as they are made
	ended    sync.WaitGroup    // sessions' contexts
	command  func(ctx context.Context, argv []string, in io.Reader, out, errOut io.Writer, s Session) int
}

func newStage(t *testing.T, change func(*stage, *Config, *bounds)) *stage {
	t.Helper()
	dir, err := os.MkdirTemp("", "sshd") // a Unix socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	st := &stage{dir: dir, programs: make(chan *tea.Program, 200)}
	cfg, b := st.config(), defaultBounds()
	if change != nil {
		change(st, &cfg, &b)
	}
	if st.server, err = listen(cfg, b); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.close(t) })
	return st
}

// close ends the server and makes sure that nothing of it is left.
func (st *stage) close(t *testing.T) {
	t.Helper()
	if st.server == nil {
		return
	}
	if err := st.server.Close("goodbye"); err != nil {
		t.Error(err)
	}
	st.server = nil
	st.programsEnd(t)
	eventually(t, "its goroutines end", func() bool { return !strings.Contains(stacks(), "kubelab/lab/sshd.(*Server)") })
	eventually(t, "the programs end", func() bool { return !strings.Contains(stacks(), "bubbletea/v2.(*Program)") }, stacks)
}

// programsEnd waits for the end of the contexts that the programs got.
func (st *stage) programsEnd(t *testing.T) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		st.ended.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("a program's context does not end")
	}
}

func stacks() string {
	b := make([]byte, 8<<20)
	return string(b[:runtime.Stack(b, true)])
}

func (st *stage) config() Config {
	return Config{
		Socket:  filepath.Join(st.dir, "attach.sock"),
		HostKey: filepath.Join(st.dir, "host_key"),
		Log:     slog.New(slog.DiscardHandler),
		Program: func(ctx context.Context, s Session) (tea.Model, []tea.ProgramOption) {
			st.ended.Go(func() { <-ctx.Done() })
			return &mirror{session: s}, []tea.ProgramOption{func(p *tea.Program) {
				if st.programs != nil {
					st.programs <- p
				}
			}}
		},
		Command: func(ctx context.Context, argv []string, in io.Reader, out, errOut io.Writer, s Session) int {
			return st.command(ctx, argv, in, out, errOut, s)
		},
	}
}

// overTCP lets keys in over TCP.
func overTCP(lines ...string) func(*stage, *Config, *bounds) {
	return func(st *stage, cfg *Config, _ *bounds) {
		cfg.Listen = ":0"
		cfg.AuthorizedKeys = filepath.Join(st.dir, "authorized_keys")
		if err := os.WriteFile(cfg.AuthorizedKeys, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			panic(err)
		}
	}
}

// mirror is a program that shows who looks at it, its size, the keys it got and the last number it was sent.
type mirror struct {
	session       Session
	width, height int
	keys          string
	number        number
}

type number int

func (m *mirror) Init() tea.Cmd { return nil }

func (m *mirror) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case number:
		m.number = msg
	case tea.KeyPressMsg:
		switch msg.String() {
		case "q":
			return m, tea.Quit
		case "i":
			return m, tea.Interrupt
		case "z":
			return m, tea.Suspend
		case "!":
			panic("the mirror breaks")
		}
		m.keys += msg.String()
	}
	return m, nil
}

func (m *mirror) View() tea.View {
	var b strings.Builder
	fmt.Fprintf(&b, "I am %s, a %s\nsize %dx%d\nkeys [%s]\nnumber %d.", m.session.User, m.session.Role, m.width, m.height, m.keys, m.number)
	if m.number > 0 { // no two pictures alike, so that each costs its full size
		random := rand.New(rand.NewPCG(uint64(m.number), 0))
		for range m.height - 4 {
			b.WriteByte('\n')
			for range m.width {
				b.WriteByte(byte('a' + random.IntN(26)))
			}
		}
	}
	v := tea.NewView(b.String())
	v.AltScreen, v.MouseMode = true, tea.MouseModeCellMotion
	return v
}

// screen is a terminal that draws what it is sent.
type screen struct {
	mu    sync.Mutex // guards the following
	emu   *vt.Emulator
	modes map[ansi.Mode]bool
}

func newScreen(width, height int) *screen {
	s := &screen{emu: vt.NewEmulator(width, height), modes: map[ansi.Mode]bool{}}
	s.emu.SetCallbacks(vt.Callbacks{
		EnableMode:  func(m ansi.Mode) { s.modes[m] = true },
		DisableMode: func(m ansi.Mode) { s.modes[m] = false },
	})
	return s
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emu.Write(p)
}

// answer sends the terminal's answers to questions; once nobody takes them, they are lost, for the emulator waits for each to be read.
func (s *screen) answer(to io.Writer) {
	_, _ = io.Copy(to, s.emu)
	_, _ = io.Copy(io.Discard, s.emu)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emu.String()
}

// shows waits until all texts are on the screen.
func (s *screen) shows(t *testing.T, texts ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the screen shows %q", texts), func() bool {
		for _, text := range texts {
			if !strings.Contains(s.text(), text) {
				return false
			}
		}
		return true
	}, s.text)
}

// isRestored fails unless the terminal is in the state that a shell expects.
func (s *screen) isRestored(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.emu.IsAltScreen() || s.emu.CursorHidden() {
		t.Errorf("alternate screen %v, cursor hidden %v", s.emu.IsAltScreen(), s.emu.CursorHidden())
	}
	for _, m := range []ansi.Mode{ansi.ModeBracketedPaste, ansi.ModeMouseButtonEvent, ansi.ModeMouseAnyEvent, ansi.ModeMouseExtSgr} {
		if s.modes[m] {
			t.Errorf("mode %v is still set", m)
		}
	}
}

// eventually fails when ok does not become true within 10 s.
func eventually(t *testing.T, what string, ok func() bool, details ...func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			for _, d := range details {
				t.Log(d())
			}
			t.Fatalf("waited 10 s in vain until %s", what)
		}
	}
}

// terminal is a session with a terminal.
type terminal struct {
	*gossh.Session
	screen *screen
	keys   io.Writer
	ended  chan error
}

// attach opens a session whose terminal answers questions as real ones do.
func attach(t *testing.T, c *gossh.Client, width, height int) *terminal {
	t.Helper()
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := session.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{session, newScreen(width, height), keys, make(chan error, 1)}
	session.Stdout, session.Stderr = term.screen, term.screen
	if err := session.RequestPty("xterm-256color", height, width, gossh.TerminalModes{}); err != nil {
		t.Fatal(err)
	}
	if err := session.Shell(); err != nil {
		t.Fatal(err)
	}
	go term.screen.answer(keys)
	t.Cleanup(func() { _ = term.screen.emu.Close() })
	go func() { term.ended <- session.Wait() }()
	return term
}

func (term *terminal) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(term.keys, keys); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of the session and returns its exit code, -1 if it was cut off.
func (term *terminal) end(t *testing.T) int {
	t.Helper()
	select {
	case err := <-term.ended:
		return exitCode(t, err)
	case <-time.After(10 * time.Second):
		t.Fatalf("the session does not end: %s\n%s", term.screen.text(), stacks())
		return 0
	}
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	switch err := err.(type) {
	case nil:
		return 0
	case *gossh.ExitError:
		return err.ExitStatus()
	}
	return -1
}

// local connects over the Unix socket.
func (st *stage) local(t *testing.T) *gossh.Client {
	t.Helper()
	conn, err := net.Dial("unix", filepath.Join(st.dir, "attach.sock"))
	if err != nil {
		t.Fatal(err)
	}
	return st.connect(t, conn)
}

// remote connects over TCP.
func (st *stage) remote(t *testing.T, signers ...gossh.Signer) *gossh.Client {
	t.Helper()
	conn, err := net.Dial("tcp", st.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return st.connect(t, conn, gossh.PublicKeys(signers...))
}

func (st *stage) connect(t *testing.T, conn net.Conn, auth ...gossh.AuthMethod) *gossh.Client {
	t.Helper()
	c, err := st.tryConnect(conn, auth...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (st *stage) tryConnect(conn net.Conn, auth ...gossh.AuthMethod) (*gossh.Client, error) {
	c, channels, requests, err := gossh.NewClientConn(conn, "lab", &gossh.ClientConfig{
		User: "somebody", Auth: auth, HostKeyCallback: gossh.FixedHostKey(st.server.doors[0].ssh.HostSigners[0].PublicKey()),
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return gossh.NewClient(c, channels, requests), nil
}

// newKey makes a key and its line for a file of authorized keys.
func newKey(t *testing.T, options, name string) (gossh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := gossh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(gossh.MarshalAuthorizedKey(signer.PublicKey())))
	return signer, strings.TrimSpace(options + " " + line + " " + name)
}
