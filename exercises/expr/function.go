package expr

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types/ref"
)

// Types of variables, parameters and results.
var (
	Bool     = cel.BoolType
	Int      = cel.IntType
	String   = cel.StringType
	Duration = cel.DurationType
	Time     = cel.TimestampType
	Any      = cel.DynType
)

// Type is the type of a value in expressions.
type Type = cel.Type

// ListOf is the type of lists.
func ListOf(t *Type) *Type { return cel.ListType(t) }

// MapOf is the type of maps from strings.
func MapOf(t *Type) *Type { return cel.MapType(cel.StringType, t) }

// Struct is the type of a Go struct by its name.
func Struct(name string) *Type { return cel.ObjectType(name) }

// Opaque is the type of values that have methods only. What is of it is an Opaque value of that name.
func Opaque(name string) *Type { return cel.OpaqueType(name) }

// Variable is a name that has a value in expressions.
type Variable struct {
	Name string
	Type *Type
	Doc  string // a sentence or more for authors; empty for what they need not know
}

// Function is a function of expressions.
type Function struct {
	Name string
	// Of is the variable whose method it is: pod("demo/a") means lab.pod("demo/a"). Empty for one that only knows what
	// it is given.
	Of string
	// Forms are the ways in which it can be called, with different numbers of parameters.
	Forms   []Form
	Doc     string // for authors, in Markdown
	Example string // an expression that compiles
}

// Form is one way to call a Function.
type Form struct {
	Params []Param
	Result *Type
	// Call computes it: a Go value, or an error. A method has the value that it is called on as its first argument.
	// Arguments have the types that are declared.
	Call func(args []ref.Val) any
}

// Param is a parameter of a Form.
type Param struct {
	Name string
	Type *Type
}

// Signature is the form as it is written in documentation.
func (f Function) Signature(form Form) string {
	params := make([]string, len(form.Params))
	for i, p := range form.Params {
		params[i] = p.Name + " " + p.Type.String()
	}
	return fmt.Sprintf("%s(%s) %s", f.Name, strings.Join(params, ", "), form.Result)
}

// declare makes options of a function: its forms, and for a method the macros that complete a call without a variable.
func (f Function) declare(n *native, of *cel.Type) []cel.EnvOption {
	var opts []cel.EnvOption
	var forms []cel.FunctionOpt
	for i, form := range f.Forms {
		id := fmt.Sprintf("%s_%d", f.Name, i)
		var params []*cel.Type
		for _, p := range form.Params {
			params = append(params, p.Type)
		}
		call := cel.FunctionBinding(func(args ...ref.Val) ref.Val { return n.NativeToValue(form.Call(args)) })
		if f.Of == "" {
			forms = append(forms, cel.Overload(id, params, form.Result, call))
			continue
		}
		forms = append(forms, cel.MemberOverload(id, append([]*cel.Type{of}, params...), form.Result, call))
		opts = append(opts, cel.Macros(cel.GlobalMacro(f.Name, len(params),
			func(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
				return eh.NewMemberCall(f.Name, eh.NewIdent(f.Of), args...), nil
			})))
	}
	return append(opts, cel.Function(f.Name, forms...))
}
