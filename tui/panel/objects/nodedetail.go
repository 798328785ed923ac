package objects

import (
	"cmp"
	"fmt"
	"kubelab/tui/widget"
	"maps"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"kubelab/core/component"
	"kubelab/core/plain"
	"kubelab/core/view"
	"kubelab/tui/panel"
)

// detail makes the documents about the selected node.
func (p *nodes) detail(s *panel.State) {
	n, ok := p.current()
	if !ok {
		return
	}
	if v := p.chosen(s); v != nil {
		left, right := p.serviceEntries(s, n, v)
		p.divide(left, right)
		return
	}
	left := append(p.componentEntries(s, n), entry{})
	left = append(append(left, nodeFacts(s, n)...), entry{})
	left = append(left, p.podEntries(s, n)...)
	right := append(p.askedEntries(s, n), entry{})
	p.divide(left, append(right, lately(s, n)...))
}

// divide puts the right document below the left one where there is no room beside it.
func (p *nodes) divide(left, right []entry) {
	if p.beside {
		p.left.set(left)
		p.right.set(right)
		return
	}
	p.left.set(append(append(left, entry{}), right...))
	p.right.set(nil)
}

// componentEntries are what runs on the node to make it one.
func (p *nodes) componentEntries(s *panel.State, n *view.Node) []entry {
	entries := []entry{{cell: cell{{widget.Fit("component", 12), &s.Theme.Title}, {"state          PID  restarts  since", &s.Theme.Muted}}}}
	names := slices.Concat(component.OfNode, slices.DeleteFunc(slices.Sorted(maps.Keys(n.Components)), func(name string) bool { return slices.Contains(component.OfNode, name) }))
	for _, name := range names {
		c, ok := n.Components[name]
		if !ok {
			continue
		}
		sign := s.Theme.Component(c)
		style := &sign.Style
		if p.changed[n.Name+"/"+name] {
			style = &s.Theme.Changed
		}
		pid := "-"
		if c.PID > 0 {
			pid = fmt.Sprint(c.PID)
		}
		restarts := &s.Theme.Muted
		if c.Restarts > 0 {
			restarts = &s.Theme.Warn
		}
		line := cell{{widget.Fit(plain.Line(name), 12), nil}, {sign.Mark + " " + widget.Fit(sign.Word, 8), style}, {fmt.Sprintf("  %6s", pid), nil},
			{fmt.Sprintf("  %8d", c.Restarts), restarts}, {fmt.Sprintf("  %s ago", panel.Ago(s.Now, c.Since)), &s.Theme.Muted}}
		if c.Error != "" {
			line = append(line, span{"  " + plain.Line(c.Error), &s.Theme.Bad})
		}
		if old, ok := panel.Stale(s, n.Name+"/"+name); ok {
			line = append(line, span{"  ▲ stale for " + panel.Ago(s.Now, old.Since) + ": " + plain.Line(old.Why), &s.Theme.Warn})
		}
		entries = append(entries, entry{n.Name + "/" + name, line})
	}
	if old, ok := panel.Stale(s, n.Name); ok {
		entries = append(entries, entry{cell: styled(staleText(s, old), &s.Theme.Warn)})
	}
	return entries
}

// podEntries are the pods that the scheduler has put there.
func (p *nodes) podEntries(s *panel.State, n *view.Node) []entry {
	changed := recent(s, view.PodChanged)
	var list []*view.Pod
	names := 20
	for i := range s.Lab.Pods {
		if one := &s.Lab.Pods[i]; one.Node == n.Name {
			list, names = append(list, one), max(names, widget.Width(one.Name))
		}
	}
	names = min(names, max(p.leftW-28, 12))
	roomy := p.leftW-names-2-7-18-2 >= 8 // for the namespace
	entries := []entry{{cell: cell{{widget.Fit("pods", names+2), &s.Theme.Title}, {"ready  status", &s.Theme.Muted}}}}
	for _, one := range list {
		c := cell{{middle(plain.Line(one.Name), names) + "  ", nil}}
		c = append(c, readyCell(s, one).padded(7)...)
		c = append(c, podStatus(s, one, changed["pods/"+one.Namespace+"/"+one.Name]).padded(18)...)
		if roomy {
			c = append(append(c, span{"  ", nil}), namespaced(s, one.Namespace)...)
		}
		entries = append(entries, entry{podTarget(one.Namespace, one.Name), c})
	}
	if list == nil {
		entries = append(entries, prose(s, "None. The scheduler puts pods here when they fit; a cordoned or tainted node gets none.", p.leftW)...)
	}
	return entries
}

// askedEntries are what kubelet and containerd say when they are asked.
func (p *nodes) askedEntries(s *panel.State, n *view.Node) []entry {
	got, d := p.got[n.Name], p.details[n.Name]
	if d == nil {
		text := "Kubelet and containerd of " + n.Name + " have been asked; the answer is on its way."
		switch {
		case got.err != "":
			text = "Kubelet and containerd could not be asked: " + got.err
		case p.asked != n.Name: // a filter or a node that went has chosen this one; neither can ask
			text = "Press enter to ask kubelet and containerd of " + n.Name + "."
		}
		return append([]entry{section(s, "containers", "")}, prose(s, text, 60)...)
	}
	var entries []entry
	if got.err != "" {
		entries = append(entries, entry{cell: styled("▲ as it was before; now: "+got.err, &s.Theme.Warn)})
	}
	entries = append(entries, kubeletEntries(s, d)...)
	entries = append(append(entries, entry{}), containerEntries(s, d, p.rightW)...)
	return append(append(entries, entry{}), imageEntries(s, d)...)
}

func kubeletEntries(s *panel.State, d *view.NodeDetail) []entry {
	k := d.Kubelet
	if k.Error != "" {
		return []entry{section(s, "kubelet", "cannot be asked"), {cell: styled("  "+plain.Line(k.Error), &s.Theme.Bad)}}
	}
	failed := int64(0)
	for _, n := range k.CRIErrors {
		failed += n
	}
	sum := int64(0)
	for _, n := range k.CRICalls {
		sum += n
	}
	figure := func(name, value, rest string) entry {
		return entry{cell: cell{{"  " + widget.Fit(name, 10), &s.Theme.Muted}, {value, nil}, {rest, &s.Theme.Muted}}}
	}
	probes := fmt.Sprintf("%d passed", k.Probes["successful"])
	if n := k.Probes["failed"]; n > 0 {
		probes += fmt.Sprintf(", %d failed", n)
	}
	if n := k.Probes["unknown"]; n > 0 {
		probes += fmt.Sprintf(", %d unknown", n)
	}
	calls := fmt.Sprintf("%d", sum)
	if failed > 0 {
		calls += fmt.Sprintf(", %d failed", failed)
	}
	return []entry{
		section(s, "kubelet", ""),
		figure("pods", fmt.Sprint(k.Pods), fmt.Sprintf("   %d syncs of a pod, each %s on average", k.Syncs, panel.Brief(k.SyncMean))),
		figure("probes", probes, ""),
		figure("CRI calls", calls, "   "+busiest(k.CRICalls)),
	}
}

// busiest are the most frequent calls.
func busiest(calls map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(calls), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), cmp.Compare(a, b))
	})
	var words []string
	for _, name := range names[:min(3, len(names))] {
		words = append(words, fmt.Sprintf("%s %d", plain.Line(name), calls[name]))
	}
	return strings.Join(words, ", ")
}

func containerEntries(s *panel.State, d *view.NodeDetail, w int) []entry {
	pods := 6
	for _, c := range d.Containers {
		pods = max(pods, min(widget.Width(c.Pod.Name), 30))
	}
	roomy := w >= 38+pods+2+12 // for the id
	head := "status        PID  procs  " + widget.Fit("of pod", pods)
	if roomy {
		head += "  id"
	}
	entries := []entry{{cell: cell{{widget.Fit("containers", 12), &s.Theme.Title}, {head, &s.Theme.Muted}}}}
	for _, one := range d.Containers {
		mark, style := "○", &s.Theme.Muted
		if one.Status == "running" {
			mark, style = "●", &s.Theme.Good
		}
		name, nameStyle := plain.Line(one.Name), &s.Theme.Text
		if name == "" {
			name, nameStyle = "sandbox", &s.Theme.Muted
		}
		pid := "-"
		if one.PID > 0 {
			pid = fmt.Sprint(one.PID)
		}
		id := ""
		if one.Pod.Name != "" {
			id = podTarget(one.Pod.Namespace, one.Pod.Name)
		}
		short := ansi.Truncate(plain.Line(one.ID), 12, "") // as crictl shows it
		c := cell{{"  " + widget.Fit(name, 9) + " ", nameStyle}, {mark + " " + widget.Fit(plain.Line(one.Status), 7), style},
			{fmt.Sprintf("  %6s  %5d  ", pid, len(one.Process)), nil}, {middle(plain.Line(one.Pod.Name), pods), nil}}
		if roomy {
			c = append(c, span{"  " + short, &s.Theme.Muted})
		}
		entries = append(entries, entry{id, c})
	}
	if len(d.Containers) == 0 {
		entries = append(entries, prose(s, "None: kubelet has not asked containerd for any.", 60)...)
	}
	return entries
}

func imageEntries(s *panel.State, d *view.NodeDetail) []entry {
	sum, names := int64(0), 8
	for _, i := range d.Images {
		sum, names = sum+i.Size, max(names, widget.Width(i.Name))
	}
	entries := []entry{section(s, "images", fmt.Sprintf("%s in all, %s of file systems", panel.Size(sum), panel.Plural(d.Snapshots, "snapshot")))}
	for _, i := range d.Images {
		entries = append(entries, entry{cell: cell{{"  " + widget.Fit(plain.Line(i.Name), min(names, 44)), nil}, {fmt.Sprintf("  %10s", panel.Size(i.Size)), &s.Theme.Muted}}})
	}
	return entries
}
