// Package apiserver runs one kube-apiserver as goroutines of the engine: upstream's server with the flags
// that kubeadm gives it, bound to its master's own address, talking to its master's own etcd member, and
// with a crash that looks like one to everybody else.
//
// The main types are Config and Server, which is one run of an API server: it is started once and ends once.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"

	"kubelab/core/master/logs"
	"kubelab/core/master/socket"
	"kubelab/core/master/upstream"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Config says which API server to run.
type Config struct {
	Spec    topology.Spec
	Machine topology.Machine
	Dir     store.Dir
	Log     *logs.Log
	// Configure changes the server's configuration before the server is made; nil leaves it. Requests
	// enter through Aggregator.GenericConfig: that is where an audit backend goes.
	Configure func(*app.Config) error
	// Failed is called, on any goroutine, when the server ends without being asked to.
	Failed func(error)
}

// Server is one run of an API server.
type Server struct {
	cfg      Config
	listener *socket.Listener
	dialer   *dialer
	loopback *rest.Config

	cancel  context.CancelFunc
	made    chan struct{} // closed when loopback, handler and drained are set
	handler *genericapiserver.APIServerHandler
	drained <-chan struct{} // closed when a server that stops has answered everybody
	leaving atomic.Bool     // clients are to go elsewhere

	done chan struct{} // closed when nothing of the run is left
	once sync.Once     // for ending it

	mu  sync.Mutex // guards err
	err error      // why it ended
}

// Open starts the API server and returns while it is being made. Its etcd member need not be ready: making a
// server takes longer than an election.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	own := cfg.Spec.Addr(cfg.Machine)
	listener, err := socket.Listen(ctx, netip.AddrPortFrom(own, topology.APIServerPort))
	if err != nil {
		return nil, fmt.Errorf("start kube-apiserver of %s: %w", cfg.Machine, err)
	}
	g, err := dig(pki.MasterFilesOf(cfg.Dir, cfg.Machine).EtcdServer)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start kube-apiserver of %s: %w", cfg.Machine, err), listener.Close())
	}
	s := &Server{
		cfg: cfg, listener: listener, dialer: newDialer(own, g),
		made: make(chan struct{}), done: make(chan struct{}),
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	cfg.Log.OnFailure(s.crash)
	ended := cfg.Log.Go(func() { s.run(running) })
	go func() {
		<-ended
		s.crash(errors.New("the server ended by itself"))
		listener.Close()
		g.close()
		s.forget()
		close(s.done)
		// The process does not give memory back by itself before it has been idle for minutes.
		time.AfterFunc(lingering, debug.FreeOSMemory)
	}()
	return s, nil
}

// lingering is how long the last goroutines of a server that ended may take.
const lingering = 5 * time.Second

// forget cuts what a server consists of off from what holds it: each HTTP/2 connection that breaks while requests are
// under way leaves a timer behind that holds its handler for upstream's idle timeout of 90 s (serverConn.serve in
// net/http2 stops the timer before closeStream starts it again), and through it a hundred megabytes.
func (s *Server) forget() {
	select {
	case <-s.made:
		*s.handler = genericapiserver.APIServerHandler{FullHandlerChain: http.NotFoundHandler()}
	default: // it never came so far
	}
}

// Ready waits until the API server says that it is ready.
func (s *Server) Ready(ctx context.Context) error {
	select {
	case <-s.made:
		if err := s.ask(ctx); err != nil {
			return fmt.Errorf("wait for kube-apiserver of %s: %w", s.cfg.Machine, err)
		}
		return nil
	case <-s.done:
		return fmt.Errorf("kube-apiserver of %s ended: %w", s.cfg.Machine, s.Err())
	case <-ctx.Done():
		return fmt.Errorf("wait until kube-apiserver of %s is made: %w", s.cfg.Machine, ctx.Err())
	}
}

// Leading is false: all API servers of a cluster are equal.
func (s *Server) Leading() bool { return false }

// run makes the server and serves until ctx ends.
func (s *Server) run(ctx context.Context) {
	server, free, err := s.make(ctx)
	if err != nil {
		s.crash(err)
		return
	}
	defer free()
	prepared, err := server.PrepareRun()
	if err != nil {
		s.crash(fmt.Errorf("prepare the server: %w", err))
		return
	}
	close(s.made)
	if err := prepared.Run(ctx); err != nil {
		s.crash(err)
	}
}

func (s *Server) make(ctx context.Context) (server *aggregator.APIAggregator, free func(), err error) {
	opts, err := options(s.cfg, s.listener, s.dialer)
	if err != nil {
		return nil, nil, err
	}
	name, free, err := upstream.InformerName("kube-apiserver-" + s.cfg.Machine.Name())
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			free()
		}
	}()
	opts.InformerName = name
	completed, err := opts.Complete(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("complete the options: %w", err)
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return nil, nil, fmt.Errorf("validate the options: %w", errors.Join(errs...))
	}
	c, err := app.NewConfig(completed)
	if err != nil {
		return nil, nil, fmt.Errorf("make the configuration: %w", err)
	}
	s.identify(c)
	s.dialer.useFor(c)
	if err := s.replaceHooks(c); err != nil {
		return nil, nil, fmt.Errorf("replace start hooks: %w", err)
	}
	if s.cfg.Configure != nil {
		if err := s.cfg.Configure(c); err != nil {
			return nil, nil, fmt.Errorf("change the configuration: %w", err)
		}
	}
	s.sendClientsAway(c)
	s.drained = c.Aggregator.GenericConfig.DrainedNotify()
	complete, err := c.Complete()
	if err != nil {
		return nil, nil, fmt.Errorf("complete the configuration: %w", err)
	}
	server, err = app.CreateServerChain(complete)
	if err != nil {
		return nil, nil, fmt.Errorf("make the server: %w", err)
	}
	server.GenericAPIServer.ShutdownTimeout = hangUp
	s.loopback, s.handler = server.GenericAPIServer.LoopbackClientConfig, server.GenericAPIServer.Handler
	return server, free, nil
}

// Drain has every client that gets an answer from now on come back on another connection, which the load balancer may
// lead elsewhere. The server goes on answering.
func (s *Server) Drain() { s.leaving.Store(true) }

// sendClientsAway has answers end their connection once the server is to be drained, in HTTP/2's way (GOAWAY): what
// else is under way on it is answered. Upstream has the same for a share of all requests (--goaway-chance).
func (s *Server) sendClientsAway(c *app.Config) {
	generic := &c.Aggregator.GenericConfig.Config
	chain := generic.BuildHandlerChainFunc
	generic.BuildHandlerChainFunc = func(h http.Handler, g *genericapiserver.Config) http.Handler {
		next := chain(h, g)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.leaving.Load() && r.ProtoMajor == 2 {
				w.Header().Set("Connection", "close")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Stop ends the server in good order: it takes itself off the endpoints of the Service "kubernetes" and
// answers what it was asked. Watches are cut. When ctx ends first the rest is done as in a crash.
func (s *Server) Stop(ctx context.Context) error {
	s.once.Do(func() {
		s.cfg.Log.OnFailure(nil)
		s.cancel()
		go func() {
			select {
			case <-s.drainedOnceMade():
			case <-s.done:
			case <-ctx.Done():
				s.abandon()
			}
			s.resetClients()
		}()
	})
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop kube-apiserver of %s: %w", s.cfg.Machine, ctx.Err())
	}
}

func (s *Server) drainedOnceMade() <-chan struct{} {
	select {
	case <-s.made:
		return s.drained
	case <-s.done:
		return s.done
	}
}

// hangUp is how long upstream waits for connections to become idle once all requests are answered; those
// with watches never do.
const hangUp = time.Second

// Crash ends the server as a power failure would, and returns at once: its connections are reset and it
// writes nothing more to etcd. What is left of it winds down in the background; Done tells when it has.
func (s *Server) Crash() { s.crash(nil) }

func (s *Server) crash(err error) {
	s.once.Do(func() {
		s.cfg.Log.OnFailure(nil)
		s.abandon()
		s.cancel()
		if err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			s.cfg.Failed(err)
		}
	})
}

// abandon cuts the server off from everybody.
func (s *Server) abandon() {
	s.listener.Abandon()
	s.cfg.Log.Go(s.dialer.grave.open)
	s.dialer.shut()
	s.resetClients()
}

func (s *Server) resetClients() {
	own := netip.AddrPortFrom(s.cfg.Spec.Addr(s.cfg.Machine), topology.APIServerPort)
	_, _ = socket.Reset(func(local, _ netip.AddrPort) bool { return local == own }) // it fails only without /proc
}

// Done is closed when nothing of the run is left. The API server can be started again before that.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is why the run ended, nil when it was asked to.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
