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
)

// stuckBound is how long a program may take to end when its session has ended.
const stuckBound = time.Second

// program runs the program of a session and returns the exit code.
func (s *Server) program(c *channel, sess ssh.Session, who Session, log *slog.Logger) int {
	ctx, cancel := context.WithCancel(c.life)
	defer cancel()
	model, options := s.cfg.Program(ctx, who)
	keys := newKeyboard()
	defer keys.close()
	go func() {
		_, _ = io.Copy(keys, sess) // ends with the session, which ends with the program
		keys.close()
	}()

	var p *tea.Program
	made := make(chan struct{}) // closed when p is set
	out := newOutput(sess, func() { c.end(errOverflow) }, func() {
		<-made
		p.Send(drawAgain{})
	})
	p = tea.NewProgram(&paced{Model: model, out: out}, append(options,
		tea.WithContext(ctx),
		tea.WithInput(keys),
		tea.WithOutput(out),
		tea.WithEnvironment(who.Environ),
		tea.WithColorProfile(who.ColorProfile),
		tea.WithWindowSize(who.Width, who.Height),
		tea.WithoutSignalHandler(),
		tea.WithFilter(neverSuspend),
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
		select {
		case err = <-ended:
		case <-time.After(stuckBound):
			log.Error("a program does not end", "after", stuckBound)
			_, _ = io.WriteString(out, restore) // out never fails for long: the session ends
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
	// A terminal that is slow gets all the time while its session lasts, and a second after that.
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

// neverSuspend drops what would stop the whole engine, as Ctrl-Z stops a program in a shell.
func neverSuspend(_ tea.Model, msg tea.Msg) tea.Msg {
	if _, ok := msg.(tea.SuspendMsg); ok {
		return tea.ResumeMsg{}
	}
	return msg
}
