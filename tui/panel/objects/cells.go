package objects

import (
	"fmt"
	"strings"

	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// podTarget names a pod as the command line does.
func podTarget(namespace, name string) string { return "pod/" + namespace + "/" + name }

func namespaced(s *panel.State, namespace string) cell {
	if namespace == "" {
		return styled("-", &s.Theme.Muted)
	}
	style := s.Theme.Namespace(namespace)
	return styled(plain.Line(namespace), &style)
}

func orDash(s *panel.State, text string) cell {
	if text == "" {
		return styled("-", &s.Theme.Muted)
	}
	return words(plain.Line(text))
}

// readyCell is how many containers of a pod are ready.
func readyCell(s *panel.State, p *view.Pod) cell {
	style := &s.Theme.Text
	if p.Running < p.Of && p.Status == "Running" {
		style = &s.Theme.Warn
	}
	return styled(fmt.Sprintf("%d/%d", p.Running, p.Of), style)
}

func restartsCell(s *panel.State, p *view.Pod) cell {
	if p.Restarts == 0 {
		return styled("0", &s.Theme.Muted)
	}
	return styled(fmt.Sprint(p.Restarts), &s.Theme.Warn)
}

func nodeCell(s *panel.State, p *view.Pod) cell {
	if p.Node == "" {
		return styled("none yet", &s.Theme.Warn)
	}
	if _, silent := panel.Stale(s, p.Node); silent { // then nobody knows how the pod is
		return styled("▲ "+plain.Line(p.Node), &s.Theme.Warn)
	}
	return words(plain.Line(p.Node))
}

// podStatus is a pod's sign with kubectl's word.
func podStatus(s *panel.State, p *view.Pod, changed bool) cell {
	sign := s.Theme.Pod(*p)
	text := " " + plain.Line(p.Status)
	if changed {
		return cell{{sign.Mark, &s.Theme.Changed}, {text, &s.Theme.Changed}}
	}
	return cell{{sign.Mark, &sign.Style}, {text, &sign.Style}}
}

// share is part of whole with a bar, in w cells of which the figures take those that they need.
func share(s *panel.State, part, whole float64, figures string, barWidth int) cell {
	ratio, style := 0.0, &s.Theme.Good
	if whole > 0 {
		ratio = part / whole
	}
	switch {
	case ratio > 0.95:
		style = &s.Theme.Bad
	case ratio > 0.8:
		style = &s.Theme.Warn
	}
	return append(bar(ratio, barWidth, style, &s.Theme.Muted), span{" " + figures, nil})
}

// plural is the resource of a kind, as objects are named.
func plural(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case strings.HasSuffix(kind, "s"):
		return kind + "es"
	case strings.HasSuffix(kind, "y"):
		return strings.TrimSuffix(kind, "y") + "ies"
	}
	return kind + "s"
}
