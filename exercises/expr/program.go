package expr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// evalBound is how long an expression is evaluated at most.
const evalBound = 50 * time.Millisecond

// Expr is an expression that was compiled. It may be used from any goroutine.
type Expr struct {
	source  string
	program cel.Program
	fields  map[string][]string
}

// Issue is a fault of an expression, or of a template.
type Issue struct {
	Line int // of the source, from 1
	Text string
}

// Compile makes an Expr of its source, whose value has to be of a type; Any takes each.
func (e *Env) Compile(source string, want *Type) (*Expr, []Issue) {
	if len(source) > maxSource {
		return nil, []Issue{{1, fmt.Sprintf("the expression has %d bytes: use at most %d", len(source), maxSource)}}
	}
	checked, faults := e.cel.Compile(source)
	if faults.Err() != nil {
		var issues []Issue
		for _, f := range faults.Errors() {
			issues = append(issues, Issue{max(f.Location.Line(), 1), oneLine(f.Message)})
		}
		return nil, issues
	}
	if got := checked.OutputType(); want != Any && got != Any && !got.IsExactType(want) {
		return nil, []Issue{{1, fmt.Sprintf("the expression is a %s: it has to be a %s", got, want)}}
	}
	program, err := e.cel.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(maxCost), cel.InterruptCheckFrequency(checkEvery))
	if err != nil {
		return nil, []Issue{{1, oneLine(err.Error())}}
	}
	return &Expr{source, program, fieldsRead(checked.NativeRep().Expr())}, nil
}

// oneLine is a message of cel-go without the pictures that follow the first line, and without what is always the same.
func oneLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return strings.TrimSpace(strings.ReplaceAll(s, " (in container '')", ""))
}

// fieldsRead are the fields that are read of each variable, written as variable.field. has() of one does not read it.
func fieldsRead(e ast.Expr) map[string][]string {
	fields := map[string][]string{}
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.SelectKind {
			return
		}
		s := e.AsSelect()
		if of := s.Operand(); of.Kind() == ast.IdentKind && !s.IsTestOnly() && !slices.Contains(fields[of.AsIdent()], s.FieldName()) {
			fields[of.AsIdent()] = append(fields[of.AsIdent()], s.FieldName())
		}
	}))
	return fields
}

// String is its source.
func (x *Expr) String() string { return x.source }

// Fields are the fields of a variable that the expression reads.
func (x *Expr) Fields(variable string) []string { return x.fields[variable] }

// Eval computes the value: a bool, int64, float64, string, time.Time, time.Duration, nil, a list, a map, or a Go struct
// or a pointer to one.
func (x *Expr) Eval(ctx context.Context, variables map[string]any) (ref.Val, error) {
	ctx, cancel := context.WithTimeout(ctx, evalBound)
	defer cancel()
	v, _, err := x.program.ContextEval(ctx, variables)
	var cancelled interpreter.EvalCancelledError
	switch {
	case errors.As(err, &cancelled), err != nil && ctx.Err() != nil:
		return nil, errors.New("it takes too long to find out")
	case err != nil:
		return nil, errors.New(oneLine(err.Error()))
	}
	return v, nil
}

// Holds evaluates a condition.
func (x *Expr) Holds(ctx context.Context, variables map[string]any) (bool, error) {
	v, err := x.Eval(ctx, variables)
	if err != nil {
		return false, err
	}
	b, ok := v.Value().(bool)
	if !ok {
		return false, fmt.Errorf("%s is no condition: it is %v", x, Show(v))
	}
	return b, nil
}
