package view

import (
	"context"
	"errors"
	"fmt"
)

// Code says what kind of failure an error is. It is the exit code of the command that failed.
type Code int

// The codes.
const (
	OK       Code = 0
	Failed   Code = 1 // it was tried and went wrong
	Usage    Code = 2 // it was asked for wrongly; nothing was tried
	NotFound Code = 3 // there is no such lab or target
	TimedOut Code = 4 // it was given up after its bound
)

// Failure is an error with a Code.
type Failure struct {
	Code Code
	Err  error
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error that the code was put on.
func (f *Failure) Unwrap() error { return f.Err }

// Fail makes a Failure as fmt.Errorf makes an error.
func Fail(code Code, format string, args ...any) error {
	return &Failure{code, fmt.Errorf(format, args...)}
}

// CodeOf is the code of err: OK for nil, TimedOut for an exceeded deadline, Failed where nothing else is known.
func CodeOf(err error) Code {
	var f *Failure
	switch {
	case err == nil:
		return OK
	case errors.As(err, &f):
		return f.Code
	case errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return Failed
}
