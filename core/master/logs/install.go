package logs

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"strconv"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// Verbosity is klog's -v for all components: what cloud providers run their control planes with. It shows
// decisions, not requests.
const Verbosity = 2

// Install makes the router the sink of klog and the keeper of components that panic or exit. It is called
// once, before any component starts: klog, its exit function and the panic handlers are process-wide and
// not guarded.
func (r *Router) Install() error {
	fs := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(fs)
	for _, f := range [][2]string{
		{"logtostderr", "false"},
		{"one_output", "true"}, // once for each entry, not once for each severity
		{"stderrthreshold", "FATAL"},
		{"v", strconv.Itoa(Verbosity)},
	} {
		if err := fs.Set(f[0], f[1]); err != nil {
			return fmt.Errorf("set klog's %s: %w", f[0], err)
		}
	}
	klog.SetOutput(r)
	klog.OsExit = r.exit

	utilruntime.ReallyCrash = false
	utilruntime.PanicHandlers = append(utilruntime.PanicHandlers, r.panicked)
	// Deprecation warnings tell the authors of clients, which are not here.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	return nil
}

// exit takes the place of os.Exit in klog.Fatal and its kin, which must not return.
func (r *Router) exit(code int) {
	if l := r.current(); l != nil {
		l.Fail(fmt.Errorf("exit with status %d", code))
	} else {
		fmt.Fprintf(r.engine, "a goroutine of no component wants to exit with status %d; only it ends\n", code)
	}
	runtime.Goexit()
}

// panicked sees every panic that upstream catches with HandleCrash.
func (r *Router) panicked(ctx context.Context, p any) {
	// With ReallyCrash, HandleCrash would panic again. net/http relies on that for this value: it is how a
	// handler aborts its answer.
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	// A request that panics is answered with an error; upstream's process survives it as well.
	if ctx.Value(http.ServerContextKey) != nil {
		return
	}
	if l := r.current(); l != nil {
		l.Fail(fmt.Errorf("panic: %v", p))
	}
}
