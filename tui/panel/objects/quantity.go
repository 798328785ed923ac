package objects

import (
	"fmt"
	"strconv"
	"strings"
)

// suffixes of Kubernetes' quantities.
var suffixes = []struct {
	text string
	by   float64
}{
	{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", 1 << 40}, {"Pi", 1 << 50},
	{"n", 1e-9}, {"u", 1e-6}, {"m", 1e-3}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}, {"P", 1e15},
}

// quantity is the value of one of Kubernetes' quantities: 150m, 64Mi, 2. 0 if it cannot be read.
func quantity(text string) float64 {
	by := 1.0
	for _, s := range suffixes {
		if number, ok := strings.CutSuffix(text, s.text); ok {
			text, by = number, s.by
			break
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return n * by
}

// cores is an amount of CPU, in cores.
func cores(text string) string {
	n := quantity(text)
	if n == float64(int(n)) {
		return fmt.Sprintf("%d", int(n))
	}
	return fmt.Sprintf("%.2f", n)
}

// memory is an amount of memory, short.
func memory(text string) string {
	switch n := quantity(text); {
	case n == 0:
		return "0"
	case n < 1<<20:
		return fmt.Sprintf("%.0fKi", n/(1<<10))
	case n < 10<<30:
		return fmt.Sprintf("%.0fMi", n/(1<<20))
	default:
		return fmt.Sprintf("%.0fGi", n/(1<<30))
	}
}
