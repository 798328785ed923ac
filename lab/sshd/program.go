package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"github.com/charmbracelet/x/ansi"
)

// stuckBound is how long a program may take to end when its session has ended, and half of it for a terminal to take the rest.
const stuckBound = time.Second

// program runs the program of a session and returns the exit code.
func (s *Server) program(c *channel, sess ssh.Session, who Session, log *slog.Logger) int {
	ctx, cancel := context.WithCancel(c.life)
	defer cancel()
	model, options := s.cfg.Program(ctx, who)
	keys := newKeyboard()
	defer keys.close()
	go func() { _, _ = io.Copy(keys, sess) }() // ends with the session, which ends with the program

	var p *tea.Program
	made := make(chan struct{}) // closed when p is set
	send := func(msg tea.Msg) {
		<-made
		p.Send(msg)
	}
	out := newOutput(sess, func() { c.end(errOverflow) }, func() { send(drawAgain{}) })
	p = tea.NewProgram(&paced{Model: model, out: out}, append(options,
		tea.WithContext(context.Background()), // the session's would end it without regard to its keyboard
		tea.WithInput(keys),
		tea.WithOutput(out),
		tea.WithEnvironment(who.Environ),
		tea.WithColorProfile(who.ColorProfile),
		tea.WithWindowSize(who.Width, who.Height),
		tea.WithoutSignalHandler(),
		tea.WithFilter((&leaving{keys: keys, send: send}).filter),
	)...)
	close(made)
	go passSizes(ctx, c, p)
	ended := make(chan error, 1)
	go func() {
		_, err := p.Run()
		ended <- err
	}()

	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		go p.Quit() // waits when the program hangs
		select {
		case err = <-ended:
		case <-time.After(stuckBound):
			log.Error("a program does not end", "after", stuckBound)
			p.Kill() // restores the terminal
		}
	}
	cancel()
	code := 0
	switch {
	case errors.Is(context.Cause(c.life), errClosing):
		fmt.Fprintf(out, "%s\n", clean(s.farewell))
	case c.life.Err() != nil: // nobody reads what would be said
		code = 1
	case errors.Is(err, tea.ErrInterrupted):
		code = 130
	case err != nil:
		log.Error("a program crashed", "err", err)
		fmt.Fprintln(out, "What you were looking at crashed; the lab goes on. Attach again to go on.")
		code = 1
	}
	drain, stop := context.WithCancel(context.Background())
	defer stop()
	// A terminal that is slow gets all the time while its session lasts, and a little after that.
	defer context.AfterFunc(c.life, func() { time.AfterFunc(stuckBound/2, stop) })()
	out.finish(drain)
	return code
}

// passSizes tells the program the sizes of its terminal until ctx ends.
func passSizes(ctx context.Context, c *channel, p *tea.Program) {
	for {
		select {
		case <-c.resized:
			width, height := c.size()
			p.Send(tea.WindowSizeMsg{Width: width, Height: height})
		case <-ctx.Done():
			return
		}
	}
}

// leaving lets a program end only after everything that was typed has gone through it. Otherwise Bubble Tea's reader waits forever
// to hand over the rest, and keeps the whole program in memory (ultraviolet, terminal_reader.go, sendEvents).
type leaving struct {
	keys *keyboard
	send func(tea.Msg)
	how  tea.Msg // set when the program is to end: by quitting or by interruption
}

// lastKey is sent after everything that was typed: a terminal's report on a mode that no terminal has.
const lastKey = "\x1b[?19991;0$y"

const lastMode = ansi.DECMode(19991)

// typedBound is how long lastKey may take. It gets lost when a paste is cut off before it.
const typedBound = 300 * time.Millisecond

// allTyped stands for lastKey after typedBound.
type allTyped struct{}

func (l *leaving) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch m := msg.(type) {
	case tea.SuspendMsg:
		return tea.ResumeMsg{} // suspending would stop the whole engine
	case tea.QuitMsg, tea.InterruptMsg:
		if l.how == nil {
			l.how = msg
			l.keys.finish(lastKey)
			time.AfterFunc(typedBound, func() { l.send(allTyped{}) })
		}
		return nil
	case tea.ModeReportMsg:
		if l.how != nil && m.Mode == lastMode {
			return l.how
		}
	case allTyped:
		return l.how
	}
	if l.how != nil {
		return nil
	}
	return msg
}
