package exercise

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/content"
	"kubelab/tui/panel"
)

func (m *meant) lintCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "lint [DIR…]",
		Short: "What is wrong with exercises: file, line and fault; of the built-in ones without a DIR",
		RunE: func(c *cobra.Command, dirs []string) error {
			env, err := check.Language()
			if err != nil {
				return err
			}
			if m.dir != "" {
				dirs = append(dirs, m.dir)
			}
			var all exercises.Problems
			count := 0
			if len(dirs) == 0 {
				list, problems := exercises.ReadAll(env, content.FS)
				all, count = problems, len(list)
			}
			for _, dir := range dirs {
				list, problems, err := exercises.ReadDir(env, dir)
				if err != nil {
					return err
				}
				all, count = append(all, problems...), count+len(list)
			}
			if asJSON {
				if all == nil {
					all = exercises.Problems{}
				}
				if err := printJSON(os.Stdout, all); err != nil {
					return err
				}
			} else {
				for _, p := range all {
					fmt.Fprintln(os.Stdout, p)
				}
			}
			if len(all) > 0 {
				return view.Fail(view.Failed, "%s", panel.Plural(len(all), "fault"))
			}
			if !asJSON {
				fmt.Fprintf(os.Stdout, "%s, no faults\n", panel.Plural(count, "exercise"))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new FOLDER",
		Short: "Write a small exercise that works into a new folder, to begin with; the folder's name is its id",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] == "" {
				return errors.New("name a folder")
			}
			if err := exercises.New(args[0]); err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "%s is written. Change it; then:\n  lab exercise lint %s\n  lab exercise test --dir %s\n  lab exercise run --dir %s 1\n",
				args[0], args[0], args[0], args[0])
			return nil
		},
	}
}
