package main

import (
	"github.com/spf13/cobra"

	"kubelab/core/logs"
)

func (a *app) logsCommand() *cobra.Command {
	var o logs.Options
	c := &cobra.Command{
		Use:   "logs [TARGET]",
		Short: "What the engine, a component or a pod has written",
		Long: `Print the log of TARGET, also of a lab that is stopped. TARGET is one of
  engine                              the engine itself; it is meant when no target is given
  master-1/etcd, node-2/kubelet, …    one component
  master-1, node-2                    all components of a machine
  pod/NAMESPACE/NAME                  all containers of a pod
  container/NAMESPACE/POD/CONTAINER   one of them`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, spec, err := a.spec()
			if err != nil {
				return err
			}
			target := logs.Engine
			if len(args) > 0 {
				target = args[0]
			}
			return logs.Print(cmd.Context(), cmd.OutOrStdout(), d, spec, target, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			_, spec, err := a.spec()
			if err != nil || len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return logs.Targets(spec), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVarP(&o.Follow, "follow", "f", false, "go on with what is written from now on")
	c.Flags().IntVar(&o.Tail, "tail", -1, "only this many last lines (default: all)")
	return c
}
