package logs

import (
	"context"
	"runtime/pprof"
	"unsafe"
)

// currentLabel is the set of pprof labels of the calling goroutine, only to be compared: the runtime offers
// no other way to tell on whose behalf a goroutine runs. The runtime promises to keep this name and
// signature (src/runtime/proflabel.go).
//
//go:linkname currentLabel runtime/pprof.runtime_getProfLabel
func currentLabel() unsafe.Pointer

// labelOf is what currentLabel returns on goroutines that carry the labels of ctx.
func labelOf(ctx context.Context) unsafe.Pointer {
	found := make(chan unsafe.Pointer)
	go func() { // its own goroutine, so that the caller's labels stay
		pprof.SetGoroutineLabels(ctx)
		found <- currentLabel()
	}()
	return <-found
}
