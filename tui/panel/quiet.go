package panel

import "kubelab/core/view"

// Quiet is a panel that wants nothing and selects nothing; others embed it and say only what they add.
type Quiet struct{}

func (Quiet) Keys(*State) []Binding                              { return nil }
func (Quiet) Key(*State, string) (Result, bool)                  { return Result{}, false }
func (Quiet) Click(*State, int, int) Result                      { return Result{} }
func (Quiet) Wheel(*State, int)                                  {}
func (Quiet) Answered(*State, view.Question, view.Answer, error) {}
func (Quiet) Selected(*State) string                             { return "" }
