package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"kubelab/core/logs"
	"kubelab/core/target"
	"kubelab/core/view"
)

func (a *app) storyCommand() *cobra.Command {
	var asJSON bool
	var at lookAt
	c := &cobra.Command{
		Use:   "story OBJECT",
		Short: "What happened to an object, through all components, with the milliseconds between",
		Long: `What happened to an object and to what belongs to it, from the request through admission, etcd, controllers, scheduler,
kubelet and containerd to the rules of kube-proxy.

  lab story deployment/demo/web
  lab story pod/demo/web-7c4b9
  lab story node/node-1`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			object, err := target.Object(args[0])
			if err != nil {
				return err
			}
			from, err := a.source(at)
			if err != nil {
				return err
			}
			ctx, cancel := bounded(c, askBound)
			defer cancel()
			answer, err := from.Ask(ctx, view.Question{Story: &object})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, answer.Story)
			}
			printStory(os.Stdout, *answer.Story)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	at.flags(c)
	return c
}

// ask has the engine of the lab that is meant answer a question.
func (a *app) ask(c *cobra.Command, q view.Question) (view.Answer, error) {
	engine, err := a.engine()
	if err != nil {
		return view.Answer{}, err
	}
	ctx, cancel := bounded(c, askBound)
	defer cancel()
	return engine.Ask(ctx, q)
}

func printStory(w io.Writer, s view.Story) {
	fmt.Fprintf(w, "%s, as far as it is remembered since %s\n\n", logs.Clean(s.Object.String()), s.Since.Local().Format("2006-01-02 15:04:05"))
	if len(s.Entries) == 0 {
		fmt.Fprintln(w, "Nothing happened to it since then.")
		return
	}
	for i, e := range s.Entries {
		after := "          "
		if i > 0 {
			after = fmt.Sprintf("%10s", "+"+brief(e.After))
		}
		fmt.Fprintf(w, "%s %s  %-32s %s\n", clock(e.Time), after, logs.Clean(e.Source), logs.Clean(storyText(e)))
	}
	first, last := s.Entries[0].Time, s.Entries[len(s.Entries)-1].Time
	fmt.Fprintf(w, "\n%d steps in %s\n", len(s.Entries), brief(last.Sub(first)))
}

func storyText(e view.Entry) string {
	text := e.Text
	switch {
	case e.Key != nil:
		text = fmt.Sprintf("revision %d: %s", e.Key.Revision, text)
	case e.Request != nil:
		text += fmt.Sprintf(", took %s", brief(e.Request.Took))
		for _, m := range e.Request.Mutations {
			text += "; admission set " + m
		}
	}
	return text
}
