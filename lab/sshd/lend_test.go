package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// lender is a mirror that lends its terminal to a guest when L is pressed.
type lender struct {
	*mirror
	ctx   context.Context
	enter chan struct{}
}

func (l *lender) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if key, ok := msg.(tea.KeyPressMsg); ok && key.String() == "L" {
		return l, tea.Exec(&guest{ctx: l.ctx, enter: l.enter}, nil)
	}
	_, cmd := l.mirror.Update(msg)
	return l, cmd
}

// guest has a terminal until it reads a dot, or its session ends. Then it writes much.
type guest struct {
	ctx   context.Context
	enter chan struct{}
	in    io.Reader
	out   io.Writer
}

func (g *guest) SetStdin(r io.Reader)  { g.in = r }
func (g *guest) SetStdout(w io.Writer) { g.out = w }
func (g *guest) SetStderr(io.Writer)   {}

func (g *guest) Run() error {
	_, _ = io.WriteString(g.out, "\x1b[2J\x1b[HI am a guest")
	close(g.enter)
	typed := make(chan string)
	go func() {
		defer close(typed)
		for b := make([]byte, 100); ; {
			n, err := g.in.Read(b)
			if n > 0 {
				typed <- string(b[:n])
			}
			if err != nil || strings.Contains(string(b[:n]), ".") {
				return
			}
		}
	}()
	for {
		select {
		case text, ok := <-typed:
			if ok {
				fmt.Fprintf(g.out, "<%s>", text)
				continue
			}
			for range 2 * outputMax / 1000 {
				g.out.(interface{ Await() }).Await()
				fmt.Fprint(g.out, strings.Repeat(" \b", 500))
			}
			return nil
		case <-g.ctx.Done():
			return errors.New("the session has ended")
		}
	}
}

// lenders is a stage of programs that lend their terminals, with what is closed when one has, and the sessions.
func lenders(t *testing.T) (*stage, chan struct{}, chan Session) {
	enter, sessions := make(chan struct{}), make(chan Session, 1)
	return newStage(t, func(st *stage, cfg *Config, _ *bounds) {
		cfg.Program = func(ctx context.Context, s Session) (tea.Model, []tea.ProgramOption) {
			st.ended.Go(func() { <-ctx.Done() })
			sessions <- s
			return &lender{&mirror{session: s}, ctx, enter}, nil
		}
	}), enter, sessions
}

func TestTerminalsAreLent(t *testing.T) {
	st, enter, sessions := lenders(t)
	term := attach(t, st.local(t), 80, 24)
	term.press(t, "a")
	term.screen.shows(t, "keys [a]")
	term.press(t, "L")
	<-enter
	term.screen.shows(t, "I am a guest")
	if err := term.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	session := <-sessions
	eventually(t, "the new size is known", func() bool { w, h := session.Size(); return w == 100 && h == 30 })
	term.press(t, "ls")
	term.screen.shows(t, "ls")
	term.press(t, ".")
	term.screen.shows(t, "keys [a", "size 100x30") // the program is told of the size at last
	term.press(t, "b")
	term.screen.shows(t, "keys [ab]")
	term.press(t, "q")
	if code := term.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	term.screen.isRestored(t)
}

func TestSessionsEndWhileTheirTerminalIsLent(t *testing.T) {
	st, enter, _ := lenders(t)
	client := st.local(t)
	term := attach(t, client, 80, 24)
	term.press(t, "L")
	<-enter
	_ = client.Close()
	_ = term.end(t)
	st.programsEnd(t) // and close finds nothing left
}
