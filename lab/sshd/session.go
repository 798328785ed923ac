package sshd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"charm.land/ssh"
	"github.com/charmbracelet/colorprofile"
	gossh "golang.org/x/crypto/ssh"
)

// errGone ends a session whose peer has closed it or is not there any more.
var errGone = errors.New("the peer has gone")

// channel is one session of a connection, as the SSH library's Context of it: the library's own ends with the connection, which
// may carry several sessions.
type channel struct {
	ssh.Context
	life context.Context
	end  context.CancelCauseFunc
	runs sync.WaitGroup // what runs in the session: nothing or one

	mu            sync.Mutex // guards the following
	width, height int
	resized       chan struct{} // holds a token when the size has changed
}

func (c *channel) Done() <-chan struct{}       { return c.life.Done() }
func (c *channel) Err() error                  { return c.life.Err() }
func (c *channel) Deadline() (time.Time, bool) { return c.life.Deadline() }

// The largest terminal that is believed, in cells: screens are kept in memory, and a peer can claim any size.
const (
	maxWidth  = 1000
	maxHeight = 400
)

func (c *channel) resize(width, height int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if width > 0 && height > 0 { // zero means that the peer does not know
		c.width, c.height = min(width, maxWidth), min(height, maxHeight)
	}
	select {
	case c.resized <- struct{}{}:
	default: // whoever takes the token sees the new size
	}
}

func (c *channel) size() (width, height int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.width, c.height
}

// session holds one session from its opening until nothing of it is left.
func (s *Server) session(d *door, srv *ssh.Server, conn *gossh.ServerConn, ch gossh.NewChannel, ctx ssh.Context) {
	if why := s.open(d); why != "" {
		_ = ch.Reject(gossh.ResourceShortage, why) // a peer that has gone needs no answer
		return
	}
	defer s.leave(d)
	c := &channel{Context: ctx, width: 80, height: 24, resized: make(chan struct{}, 1)}
	c.life, c.end = context.WithCancelCause(s.life)
	go s.keepAlive(c.life, conn)
	ssh.DefaultSessionHandler(srv, conn, requests{ch, c}, c)
	c.end(errGone)
	c.runs.Wait()
}

// open counts a session in, or says why it cannot be.
func (s *Server) open(d *door) (why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return "the lab's engine is stopping"
	}
	if d.sessions >= s.bounds.sessions {
		return "too many people are attached already"
	}
	d.sessions++
	s.sessions.Add(1)
	return ""
}

func (s *Server) leave(d *door) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.sessions--
	s.sessions.Done()
}

// begins is asked before something runs in a session.
func begins(sess ssh.Session, request string) bool {
	if request == "subsystem" { // sftp is one
		return false
	}
	sess.Context().(*channel).runs.Add(1)
	return true
}

// run runs in a session what was asked for.
func (s *Server) run(d *door, sess ssh.Session) {
	c := sess.Context().(*channel)
	defer c.runs.Done()
	name, role, err := d.who(sess)
	if err != nil {
		s.cfg.Log.Error("an SSH session is refused", "err", err)
		_ = sess.Exit(1) // the peer may have gone
		return
	}
	who := Session{User: name, Role: role, Remote: remote(sess.RemoteAddr())}
	pty, _, terminal := sess.Pty()
	if terminal {
		who.Terminal, who.Term = true, clean(pty.Term)
		who.Environ = append(sess.Environ(), "TERM="+who.Term)
		if who.Remote != "local" {
			// Bubble Tea asks terminals that it knows nothing of more questions when this is not set, and some print them.
			who.Environ = append(who.Environ, "SSH_TTY=lab")
		}
		who.ColorProfile = colorprofile.Env(who.Environ)
		who.Width, who.Height = c.size()
		who.Size = c.size
	}
	log := s.cfg.Log.With("user", who.User, "role", string(who.Role), "remote", who.Remote)
	var code int
	if terminal && sess.RawCommand() == "" {
		log.Info("attached")
		code = s.program(c, sess, who, log)
		log.Info("detached", "why", context.Cause(c.life))
	} else {
		code = s.command(c, sess, who)
		log.Info("command over SSH", "command", clean(sess.RawCommand()), "exit", code)
	}
	_ = sess.Exit(code) // the peer may have gone
}

// requests is a channel whose requests are looked at before the SSH library sees them.
type requests struct {
	gossh.NewChannel
	channel *channel
}

// ScreenVariable is what somebody's own file says of his screen, packed by package tui/config. It may be longer than others.
const ScreenVariable = "LC_LAB_SCREEN"

const (
	maxEnviron  = 32      // variables of a session
	maxVariable = 256     // bytes of one, name and value
	maxScreen   = 2 << 10 // bytes of ScreenVariable, name and value
)

// Accept takes window changes out of the stream, because the library makes the connection wait until the last one has been read, and
// signals, which end what runs. It refuses agent forwarding, to which the library says yes, and variables that are not taken.
func (r requests) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	ch, in, err := r.NewChannel.Accept()
	if err != nil {
		return nil, nil, err
	}
	out := make(chan *gossh.Request)
	go func() {
		defer close(out)
		variables := 0
		for req := range in {
			switch req.Type {
			case "window-change":
				var w struct{ Columns, Rows, Width, Height uint32 }
				err := gossh.Unmarshal(req.Payload, &w)
				if err == nil {
					r.channel.resize(int(w.Columns), int(w.Rows))
				}
				_ = req.Reply(err == nil, nil)
			case "env":
				if variables++; variables > maxEnviron || !takes(req.Payload) {
					_ = req.Reply(false, nil)
					continue
				}
				out <- req
			case "signal":
				var sig struct{ Name string }
				if gossh.Unmarshal(req.Payload, &sig) == nil && slices.Contains(ending, sig.Name) {
					r.channel.end(errInterrupted)
				}
			case "auth-agent-req@openssh.com":
				_ = req.Reply(false, nil)
			default:
				out <- req
			}
		}
	}()
	return ch, out, nil
}

// ending are the signals that end a command in a shell.
var ending = []string{"INT", "TERM", "HUP", "QUIT", "KILL"}

// variables are those that a client may set: what says how to draw. LC_* come on top.
var variables = []string{
	"COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "LANG", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "WT_SESSION",
}

func takes(payload []byte) bool {
	var kv struct{ Key, Value string }
	if gossh.Unmarshal(payload, &kv) != nil {
		return false
	}
	if kv.Key == ScreenVariable {
		return len(kv.Key)+len(kv.Value) <= maxScreen && printable(kv.Value) == kv.Value
	}
	return len(kv.Key)+len(kv.Value) <= maxVariable && clean(kv.Value) == kv.Value &&
		(slices.Contains(variables, kv.Key) || strings.HasPrefix(kv.Key, "LC_") && clean(kv.Key) == kv.Key)
}

// clean removes control and other unprintable characters, and what is longer than any name.
func clean(s string) string {
	s = printable(s)
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return s
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)
}
