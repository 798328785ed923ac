package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"kubelab/core/plain"
)

// Show is a value for people: 1.2 s, 14:03:07, a list with commas.
func Show(v ref.Val) string {
	s := show(v)
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "…"
	}
	return s
}

func show(v ref.Val) string {
	switch v := v.(type) {
	case types.Null:
		return "nothing"
	case types.String:
		if v == "" {
			return "nothing"
		}
		return string(v)
	case types.Double:
		if f := float64(v); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.FormatInt(int64(f), 10)
		}
		return strconv.FormatFloat(float64(v), 'g', 4, 64)
	case types.Duration:
		return showDuration(v.Duration)
	case types.Timestamp:
		if v.IsZero() {
			return "never"
		}
		return v.Time.Local().Format(time.TimeOnly)
	case traits.Lister:
		return showList(v)
	case *object:
		if named, ok := v.Value().(fmt.Stringer); ok {
			return named.String()
		}
		return "(" + v.t.cel.TypeName() + ")"
	}
	return fmt.Sprint(v.Value())
}

// showDuration has as many digits as tell something: 35 ms, 1.2 s, 4 s, 75 s, 10 min.
func showDuration(d time.Duration) string {
	switch a := d.Abs(); {
	case a < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case a < 10*time.Second && a.Round(time.Second/10)%time.Second != 0:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case a < 5*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f min", d.Minutes())
}

func showList(l traits.Lister) string {
	var words []string
	for it := l.Iterator(); it.HasNext() == types.True; {
		words = append(words, show(it.Next()))
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// Clean removes what a terminal would obey instead of show: control characters except the ends of lines and tabs, and
// the signs that turn the direction of writing around.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if Unfit(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

// Unfit reports whether a terminal would obey r instead of showing it. An end of a line and a tab are fit.
func Unfit(r rune) bool {
	return r != '\n' && r != '\t' && plain.Unfit(r)
}
