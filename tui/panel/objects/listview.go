package objects

import (
	"fmt"

	"kubelab/core/plain"
	"kubelab/tui/panel"
)

func (p *list) View(s *panel.State, w, h int) string {
	p.sync()
	if p.open {
		return footed(s, w, h, p.yamlFooter, []string{objectsSource}, func(h int) []string {
			if p.said != "" {
				return empty(s, w, h, p.said)
			}
			return p.text.view(s, w, h)
		})
	}
	return footed(s, w, h, func() string { return p.listFooter(s) }, []string{objectsSource}, func(h int) []string {
		switch {
		case p.latest == nil && p.got.err != "":
			return empty(s, w, h, fmt.Sprintf("There is no list of %s: %s", plain.Line(p.asked.Resource), p.got.err))
		case p.latest == nil:
			return empty(s, w, h, fmt.Sprintf("Asked an API server for %s; the answer is on its way. Any resource can be listed, as with kubectl get: “list deployments”, “list leases kube-system”.", plain.Line(p.asked.Resource)))
		}
		lines := p.view(s, w, h, true)
		if len(p.rows) == 0 {
			lines = under(s, lines, w, h, p.filter, len(p.all), p.none())
		}
		return lines
	})
}

func (p *list) none() string {
	where := "in any namespace"
	if p.asked.Namespace != "" {
		where = "in " + plain.Line(p.asked.Namespace)
	}
	return fmt.Sprintf("There are no %s %s. As soon as somebody creates one, for example with kubectl create or apply, it is listed here.", plain.Line(p.latest.Resource), where)
}

func (p *list) listFooter(s *panel.State) string {
	if p.latest == nil {
		return "asked every 5 s"
	}
	text := p.status("object") + " · asked " + panel.Ago(s.Now, p.got.at) + " ago"
	if p.got.err != "" {
		text = "▲ as it was before; now there is no answer: " + p.got.err
	}
	return text
}

func (p *list) yamlFooter() string {
	text := "enter or ← goes back to the list"
	if p.kv.Key != "" {
		text = fmt.Sprintf("%s · %s · revision %d, version %d, %s · enter goes back", p.text.where("line"), plain.Line(p.kv.Key), p.kv.Modified, p.kv.Version, panel.Size(int64(p.kv.Size)))
	}
	return text
}

func (p *list) Explain(s *panel.State) string {
	p.sync()
	text := fmt.Sprintf("Everything that Kubernetes knows is an object of some resource, kept in etcd under a key of its own; this lists those of “%s”, as kubectl get does. ", plain.Line(p.asked.Resource))
	if r, ok := p.current(); ok {
		text += fmt.Sprintf("The selected one is %s, kept under /registry/%s; enter shows what is there. ", plain.Line(r.Object.String()), plain.Line(panel.KeyOf(p.asked.Resource, r.Object)))
	}
	return text + "Controllers do nothing but watch such objects and write others, so whoever can read these tables can follow everything that the cluster does."
}
