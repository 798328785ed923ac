package kubeconfig

import (
	"fmt"

	"github.com/spf13/cobra"

	"kubelab/core/store"
)

// Command is "lab kubeconfig". open says which lab is meant, and its name; with removed it need not exist.
func Command(open func(cmd *cobra.Command, removed bool) (store.Dir, string, error)) *cobra.Command {
	var toMerge, toUse, toRemove bool
	c := &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the lab's kubeconfig, or merge it into yours",
		Long: `Print the kubeconfig of the lab's administrator. With --merge put it into your own, the first file of
$KUBECONFIG or ~/.kube/config, as the context lab-NAME. Nothing else in it changes; through sudo it is
the file of the user who called sudo. lab delete takes it out again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, lab, err := open(cmd, toRemove)
			if err != nil {
				return err
			}
			switch {
			case toRemove:
				return Remove(lab)
			case toMerge || toUse:
				path, err := Merge(d, lab, toUse)
				if err != nil {
					return err
				}
				next := "kubectl --context " + Context(lab) + " get nodes"
				if toUse {
					next = "kubectl get nodes"
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has context %s. Next: %s\n", path, Context(lab), next)
				return err
			}
			return Print(cmd.OutOrStdout(), d)
		},
	}
	c.Flags().BoolVar(&toMerge, "merge", false, "put it into your kubeconfig as context lab-NAME")
	c.Flags().BoolVar(&toUse, "use", false, "the same, and make it the current context")
	c.Flags().BoolVar(&toRemove, "remove", false, "take it out of your kubeconfig")
	c.MarkFlagsMutuallyExclusive("merge", "remove")
	c.MarkFlagsMutuallyExclusive("use", "remove")
	return c
}
