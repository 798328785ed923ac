// Package sshd lets people attach to a running lab by SSH: always over a Unix socket in the lab's directory, and over TCP
// when asked. It serves whatever program and commands it is given; what these show and do is not its business.
//
// The main types are Config, Server and Session; Attach is the client that "lab attach" uses.
package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"github.com/charmbracelet/colorprofile"
	gossh "golang.org/x/crypto/ssh"
)

// Config says what a Server serves, to whom and where.
type Config struct {
	// Socket is the path of the Unix socket. It is made for its owner only, so whoever connects to it is an Instructor.
	Socket string
	// Listen is a TCP address, empty for none. A port alone, "2222" or ":2222", is that port of 127.0.0.1.
	Listen string
	// AuthorizedKeys is the file of the keys that are let in over TCP; see readKeys for its syntax. Needed with Listen.
	AuthorizedKeys string
	// HostKey is the file of the server's private key. It is made if it is missing; its public half lies beside it, in HostKey.pub.
	HostKey string

	// Program makes the program of a session with a terminal and without a command. ctx ends with the session. The options may hold
	// a func(*tea.Program) that keeps the program to send it messages. Input, output, environment, size, colours, context and
	// filter are set afterwards, whatever the options say.
	Program func(ctx context.Context, s Session) (tea.Model, []tea.ProgramOption)
	// Command does what a session with a command, or without a terminal (then argv can be empty), asks for, and returns its exit code.
	// ctx ends with the session, and when somebody presses Ctrl-C in its terminal. in is a file, fit for exec.Cmd.
	Command func(ctx context.Context, argv []string, in io.Reader, out, errOut io.Writer, s Session) int

	Log *slog.Logger
}

// Session is somebody attached. All text in it is free of control characters.
type Session struct {
	User   string // over TCP the comment of the key, if it has one: the login name can be anything there
	Role   Role
	Remote string // the address, "local" over the Unix socket

	Terminal      bool // what follows is known
	Term          string
	Environ       []string // TERM and what the client sent of the variables that are taken, as KEY=value
	ColorProfile  colorprofile.Profile
	Width, Height int // cells at the start, at least 1
	// Size is what the terminal's size is now, for what has the terminal without being a program: those are told.
	Size func() (width, height int)
}

// bounds are the limits of a Server. They vary in tests only.
type bounds struct {
	handshake time.Duration // from connecting to being let in
	keepAlive time.Duration // between two questions whether the peer is there
	answer    time.Duration // until a peer that does not answer is taken for dead
	farewell  time.Duration // for sessions to end when the server closes
	sessions  int           // at the same time over TCP; as many over the Unix socket, so that a full class does not lock out the owner
}

func defaultBounds() bounds {
	return bounds{handshake: 10 * time.Second, keepAlive: 10 * time.Second, answer: 20 * time.Second, farewell: 2 * time.Second, sessions: 100}
}

// Server serves a lab's sessions until Close.
type Server struct {
	cfg    Config
	bounds bounds
	doors  []*door

	life     context.Context // of all sessions
	end      context.CancelCauseFunc
	farewell string // written before life ends, read after

	serving  sync.WaitGroup // the doors
	sessions sync.WaitGroup
	mu       sync.Mutex // guards closing, and doors' counts
	closing  bool
}

// errClosing ends all sessions when the server closes.
var errClosing = errors.New("the server closes")

// Listen serves what cfg says. Wrong lines of the file of authorized keys are an error that names them all.
func Listen(cfg Config) (*Server, error) { return listen(cfg, defaultBounds()) }

func listen(cfg Config, b bounds) (_ *Server, err error) {
	host, err := hostKey(cfg.HostKey)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, bounds: b}
	s.life, s.end = context.WithCancelCause(context.Background())
	var listeners []net.Listener
	defer func() {
		if err != nil {
			for _, l := range listeners {
				err = errors.Join(err, l.Close())
			}
		}
	}()
	l, err := listenUnix(cfg.Socket)
	if err != nil {
		return nil, err
	}
	listeners = append(listeners, l)
	d, err := s.newDoor(l, host, owner)
	if err != nil {
		return nil, err
	}
	s.doors = append(s.doors, d)
	if cfg.Listen != "" {
		keys, err := readKeys(cfg.AuthorizedKeys)
		if err != nil {
			return nil, fmt.Errorf("let people in over TCP: %w", err)
		}
		l, err := net.Listen("tcp", loopback(cfg.Listen))
		if err != nil {
			return nil, fmt.Errorf("let people in over TCP: %w", err)
		}
		listeners = append(listeners, l)
		if d, err = s.newDoor(l, host, keys.holder); err != nil {
			return nil, err
		}
		d.ssh.PublicKeyHandler = func(_ ssh.Context, key ssh.PublicKey) bool { return keys.find(key) != nil }
		s.doors = append(s.doors, d)
	}
	for _, d := range s.doors {
		s.serving.Go(func() { s.serve(d) })
	}
	return s, nil
}

// Addr is where the server listens on TCP, nil if it does not.
func (s *Server) Addr() net.Addr {
	for _, d := range s.doors {
		if a, ok := d.listener.Addr().(*net.TCPAddr); ok {
			return a
		}
	}
	return nil
}

// Fingerprint is what people compare when they connect over TCP for the first time, as "SHA256:…".
func (s *Server) Fingerprint() string {
	return gossh.FingerprintSHA256(s.doors[0].ssh.HostSigners[0].PublicKey())
}

// Close lets nobody in any more, ends all programs and commands, restores their terminals and writes farewell, one line, to each. It
// takes 2 s at most; an error says what had not ended by then. Close only once.
func (s *Server) Close(farewell string) error {
	bound := time.NewTimer(s.bounds.farewell)
	defer bound.Stop()
	var err error
	for _, d := range s.doors {
		err = errors.Join(err, d.listener.Close())
	}
	s.serving.Wait()
	s.mu.Lock()
	s.closing, s.farewell = true, farewell
	s.mu.Unlock()
	s.end(errClosing)

	ended := make(chan struct{})
	go func() {
		s.sessions.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-bound.C:
		err = errors.Join(err, fmt.Errorf("end the sessions: some did not end within %s", s.bounds.farewell))
	}
	for _, d := range s.doors {
		d.hangUp()
	}
	return err
}
