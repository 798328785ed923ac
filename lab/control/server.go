package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime/debug"
	"time"

	"kubelab/core/view"
)

// Lab is what the server serves.
type Lab interface {
	view.Lab
	Possibilities() []view.Possible
	History() []view.Record
	LoadImage(ctx context.Context, archive io.Reader, report view.Report) (names []string, err error)
	Stop(ctx context.Context, report view.Report) error
}

// Server serves one lab on its socket.
type Server struct {
	http    http.Server
	stopped chan struct{} // closed once Stop was asked for and has ended
}

// Listen serves lab on the Unix socket at path, which is made for root only.
func Listen(path string, lab Lab, log *slog.Logger) (*Server, error) {
	// The lab's lock is held, so a socket that is there belongs to an engine that died.
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("serve commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s := &Server{stopped: make(chan struct{})}
	s.http = http.Server{
		Handler:           s.routes(lab),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("serve commands", "err", err)
		}
	}()
	return s, nil
}

// Stopped is closed once somebody has stopped the lab through the server.
func (s *Server) Stopped() <-chan struct{} { return s.stopped }

// Close lets running answers end within a second, then ends them.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

func (s *Server) routes(lab Lab) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", answer(func() any { return lab.Snapshot() }))
	mux.HandleFunc("GET /faults", answer(func() any { return lab.Possibilities() }))
	mux.HandleFunc("GET /faults/history", answer(func() any { return lab.History() }))
	mux.HandleFunc("POST /do", stream(func(r *http.Request, report view.Report) (string, error) {
		var a view.Action
		if err := json.NewDecoder(io.LimitReader(r.Body, maxAction)).Decode(&a); err != nil {
			return "", view.Fail(view.Usage, "read what is to be done: %v", err)
		}
		out, err := lab.Do(r.Context(), a, report)
		b, _ := json.Marshal(out) // plain data always marshals
		return string(b), err
	}))
	mux.HandleFunc("POST /ask", stream(func(r *http.Request, _ view.Report) (string, error) {
		var q view.Question
		if err := json.NewDecoder(io.LimitReader(r.Body, maxQuestion)).Decode(&q); err != nil {
			return "", view.Fail(view.Usage, "read the question: %v", err)
		}
		a, err := lab.Ask(r.Context(), q)
		b, _ := json.Marshal(a) // plain data always marshals
		return string(b), err
	}))
	mux.HandleFunc("POST /events", func(w http.ResponseWriter, r *http.Request) {
		var q view.Query
		if err := json.NewDecoder(io.LimitReader(r.Body, maxQuestion)).Decode(&q); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(func() any { return lab.Events(q) })(w, r)
	})
	mux.HandleFunc("POST /follow", func(w http.ResponseWriter, r *http.Request) {
		var f Following
		if err := json.NewDecoder(io.LimitReader(r.Body, maxQuestion)).Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		follow(r.Context(), flushing{w, http.NewResponseController(w)}, lab, f)
	})
	mux.HandleFunc("POST /images", stream(func(r *http.Request, report view.Report) (string, error) {
		names, err := lab.LoadImage(r.Context(), r.Body, report)
		b, _ := json.Marshal(names) // strings always marshal
		return string(b), err
	}))
	// For those who look for what the engine spends time and memory on; package logs says how to tell components apart.
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("POST /debug/collect", func(http.ResponseWriter, *http.Request) { debug.FreeOSMemory() })
	mux.HandleFunc("POST /stop", stream(func(r *http.Request, report view.Report) (string, error) {
		// Stopping goes on when the one who asked for it goes away.
		err := lab.Stop(context.WithoutCancel(r.Context()), report)
		if err == nil {
			defer close(s.stopped)
		}
		return "", err
	}))
	return mux
}

// maxQuestion is more than any question needs, a manifest in it included, in bytes.
const maxQuestion = 4 << 20

// maxAction is more than any action needs, in bytes.
const maxAction = 64 << 10

// answer turns what ask returns into an answer.
func answer(ask func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(ask()) // the client has gone: nobody to tell
	}
}

// stream turns work into an answer that shows it step by step.
func stream(work func(*http.Request, view.Report) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out := NewWriter(flushing{w, http.NewResponseController(w)})
		result, err := work(r, out.Report)
		out.End(result, err)
	}
}

// flushing sends every line at once.
type flushing struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (f flushing) Write(b []byte) (int, error) {
	n, err := f.ResponseWriter.Write(b)
	return n, errors.Join(err, f.control.Flush())
}
