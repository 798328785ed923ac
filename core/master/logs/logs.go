// Package logs gives every component of every master a log file of its own, although all masters are
// goroutines of one process and Kubernetes logs through one process-wide klog.
//
// Each component's goroutines carry pprof labels, master and component, which every goroutine inherits from
// the one that started it. What arrives at klog is routed by the labels of the goroutine that logs. The
// labels are in CPU profiles as well, so `go tool pprof -tagfocus master-2` or `-tagfocus kube-scheduler`
// shows what one component costs. Goroutines without labels, such as those of timers, log into the engine's
// log.
//
// A component cannot be allowed to end the process: what upstream does by os.Exit and by panics is turned
// into a failure of the component that did it, see Log.OnFailure.
//
// The main types are Router, one for each process, and Log, one for each component.
package logs

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"unsafe"

	"gopkg.in/natefinch/lumberjack.v2"

	"kubelab/core/store"
	"kubelab/core/topology"
)

const (
	maxSize   = 8 // MiB of one file
	maxOld    = 1 // files kept besides the current one
	maxWrite  = 64 << 10
	truncated = "…\n" // upstream dumps all 10,000 goroutines when it means to exit
	modeDir   = 0o700
)

// Router finds the log that what a goroutine writes belongs to.
type Router struct {
	dir    store.Dir
	engine io.Writer

	mu      sync.RWMutex // guards the maps
	byLabel map[unsafe.Pointer]*Log
	byName  map[name]*Log
}

type name struct {
	machine   topology.Machine
	component string
}

// NewRouter makes a router for the lab in d. What belongs to no component goes to engine.
func NewRouter(d store.Dir, engine io.Writer) *Router {
	return &Router{dir: d, engine: engine, byLabel: map[unsafe.Pointer]*Log{}, byName: map[name]*Log{}}
}

// For returns the log of a component, always the same one.
func (r *Router) For(m topology.Machine, component string) *Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.byName[name{m, component}]; l != nil {
		return l
	}
	path := r.dir.Log(m, component)
	l := &Log{
		labels: pprof.WithLabels(context.Background(), pprof.Labels("master", m.Name(), "component", component)),
		file:   &lumberjack.Logger{Filename: path, MaxSize: maxSize, MaxBackups: maxOld},
	}
	if err := os.MkdirAll(filepath.Dir(path), modeDir); err != nil {
		fmt.Fprintf(r.engine, "make the directory of %s: %v\n", path, err)
	}
	r.byName[name{m, component}] = l
	// The pointer is kept in the map, so no later label set can get the same one.
	r.byLabel[labelOf(l.labels)] = l
	return l
}

// Write routes p, one log entry, to the calling goroutine's component.
func (r *Router) Write(p []byte) (int, error) {
	if l := r.current(); l != nil {
		return l.Write(p)
	}
	return r.engine.Write(p)
}

// Close closes all files. What is logged later opens them again.
func (r *Router) Close() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var first error
	for _, l := range r.byName {
		if err := l.file.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// current is the log of the calling goroutine, nil when it belongs to no component.
func (r *Router) current() *Log {
	label := currentLabel()
	if label == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byLabel[label]
}

// Log is the log of one component. It outlives the component's crashes and restarts.
type Log struct {
	labels context.Context // holds the labels that mark the component's goroutines
	file   *lumberjack.Logger

	mu      sync.Mutex // guards failure
	failure func(error)
}

// Write appends p to the component's file.
func (l *Log) Write(p []byte) (int, error) {
	if len(p) <= maxWrite {
		return l.file.Write(p)
	}
	if n, err := l.file.Write(p[:maxWrite]); err != nil {
		return n, err
	}
	_, err := io.WriteString(l.file, truncated)
	return len(p), err
}

// Go runs f on a goroutine of the component. A panic in it is a failure of the component. The returned
// channel is closed when f ended.
func (l *Log) Go(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		pprof.SetGoroutineLabels(l.labels)
		defer func() {
			if r := recover(); r != nil {
				l.Fail(fmt.Errorf("panic: %v", r))
			}
		}()
		f()
	}()
	return done
}

// OnFailure has f called, on any goroutine, whenever the component panics or tries to exit. It replaces
// what was set before; nil forgets it.
func (l *Log) OnFailure(f func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failure = f
}

// Fail reports that the component cannot go on.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	f := l.failure
	l.mu.Unlock()
	fmt.Fprintf(l, "the component failed: %v\n", err)
	if f != nil {
		f(err)
	}
}
