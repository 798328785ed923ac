package doctor

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kubelab/core/view"
)

// Command is "lab doctor". options says what the machine is wanted for.
func Command(options func(*cobra.Command) (Options, error)) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Whether this machine can run a lab, and how to mend what is in the way",
		Long: `Look at everything that a lab needs of this machine, and say how to mend what is missing. What has to be
tried out is tried in namespaces that vanish at once. Exits with 1 when a lab cannot run.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := options(cmd)
			if err != nil {
				return err
			}
			results := Checks(cmd.Context(), o)
			if err := Print(cmd.OutOrStdout(), results, asJSON); err != nil {
				return err
			}
			if n := failures(results); n > 0 {
				return view.Fail(view.Failed, "%d of %d checks fail: no lab can run before they are mended", n, len(results))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// Print shows results as a table, or as a JSON array.
func Print(w io.Writer, results []Result, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(results)
	}
	width := 0
	for _, r := range results {
		width = max(width, len(r.Name))
	}
	for _, r := range results {
		if _, err := fmt.Fprintf(w, "%s %-*s  %s\n", sign(r.Level), width, r.Name, r.Found); err != nil {
			return err
		}
		if r.Fix != "" {
			if _, err := fmt.Fprintf(w, "  %-*s  → %s\n", width, "", r.Fix); err != nil {
				return err
			}
		}
	}
	return nil
}

func sign(l Level) string {
	switch l {
	case OK:
		return "✓"
	case Warn:
		return "!"
	}
	return "✗"
}

func failures(results []Result) int {
	n := 0
	for _, r := range results {
		if r.Level == Fail {
			n++
		}
	}
	return n
}
