// Package expr compiles and evaluates the expressions of exercises: CEL over Go structs, bounded in size, steps and
// time, and templates with such expressions in them. Which variables and functions there are is said by who makes an
// Env; what they mean to exercises is the business of package check.
//
// The main types are Env, Expr and Template.
package expr

import (
	"fmt"

	"github.com/google/cel-go/cel"
)

// Bounds of an expression, so that none of a hostile exercise stops the lab. The longest of the built-in ones has 300
// bytes and takes 2,000 of CEL's units.
const (
	maxSource = 4 << 10 // bytes
	maxDepth  = 100     // of nesting
	maxCost   = 1 << 20 // CEL's units; some 50 ms
	// checkEvery is after how many rounds of a loop it is looked whether the context has ended.
	checkEvery = 100
)

// Env is what expressions can use. It may be used from any goroutine.
type Env struct {
	cel       *cel.Env
	native    *native
	variables []Variable
	functions []Function
}

// New makes an Env. Structs are samples of Go types that expressions may see, with all types of their fields.
func New(structs []any, variables []Variable, functions []Function) (*Env, error) {
	n, err := newNative(structs...)
	if err != nil {
		return nil, err
	}
	opts := []cel.EnvOption{
		cel.CustomTypeAdapter(n), cel.CustomTypeProvider(n),
		cel.CrossTypeNumericComparisons(true), // answers are numbers of any kind
		cel.ParserExpressionSizeLimit(maxSource), cel.ParserRecursionLimit(maxDepth),
	}
	typeOf := map[string]*cel.Type{}
	for _, v := range variables {
		opts = append(opts, cel.Variable(v.Name, v.Type))
		typeOf[v.Name] = v.Type
	}
	for _, f := range functions {
		if f.Of != "" && typeOf[f.Of] == nil {
			return nil, fmt.Errorf("function %s: there is no variable %s", f.Name, f.Of)
		}
		opts = append(opts, f.declare(n, typeOf[f.Of])...)
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("make the language of checks: %w", err)
	}
	return &Env{env, n, variables, functions}, nil
}

// Variables and Functions are what expressions can use.
func (e *Env) Variables() []Variable { return e.variables }

// Functions are those that expressions can call beside CEL's own.
func (e *Env) Functions() []Function { return e.functions }

// Fields are the fields of a struct type that expressions see, with their types, sorted.
func (e *Env) Fields(name string) []string {
	names, _ := e.native.FindStructFieldNames(name)
	for i, field := range names {
		f, _ := e.native.FindStructFieldType(name, field)
		names[i] += " " + f.Type.String()
	}
	return names
}
