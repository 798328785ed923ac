package exercises

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something that is wrong with an exercise.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"` // from 1
	Text string `json:"text"`
	// Minor is what can be run all the same, but is not fit for learners: a hint is missing.
	Minor bool `json:"minor,omitempty"`
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Problems are all that is wrong, in the order of files and lines. As an error it lists them, a line each.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// Serious are those for which an exercise is refused.
func (p Problems) Serious() Problems {
	return slices.DeleteFunc(slices.Clone(p), func(one Problem) bool { return one.Minor })
}

func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return slices.Compact(p)
}
