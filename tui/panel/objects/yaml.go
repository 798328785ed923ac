package objects

import (
	"strings"

	"kubelab/core/plain"
	"kubelab/tui/panel"
)

// yamlLines is YAML with its names apart from its values.
func yamlLines(s *panel.State, text string) []cell {
	var lines []cell
	for text := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		text = plain.Line(text)
		name, value, found := strings.Cut(text, ":")
		if !found || strings.ContainsAny(name, `"'{`) || value != "" && value[0] != ' ' {
			lines = append(lines, words(text))
			continue
		}
		lines = append(lines, cell{{name, &s.Theme.Accent}, {":", &s.Theme.Muted}, {value, nil}})
	}
	return lines
}
