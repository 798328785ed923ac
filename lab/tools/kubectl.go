package tools

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // as upstream's own main: a user's --kubeconfig may need it
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/plugin"
	"k8s.io/kubectl/pkg/cmd/util"
)

// Kubectl runs kubectl with args. It returns an error only when it could not begin; when kubectl itself
// fails it has said why and ends the process with its own exit code.
//
// The lab comes to it through KUBECONFIG and not as a flag: so arguments stay untouched, the user's own
// --kubeconfig wins, "kubectl config" edits the lab's file, and plugins and editors find the same lab.
func Kubectl(env Env, args []string) error {
	if err := pointKubectl(env); err != nil {
		return err
	}
	ownSignals()
	// The name is also what kubectl reports as its user agent.
	os.Args = append([]string{"kubectl"}, args...)
	// The rest is cmd/kubectl/kubectl.go of k8s.io/kubernetes, line by line.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args)) // kubectl itself complains of a bad -v
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
	return nil
}

func pointKubectl(env Env) error {
	config := env.Dir.PKI("admin.conf")
	if err := readable("kubectl", config); err != nil {
		return err
	}
	// etcdctl's package turns it on for the whole process; kubectl has no abbreviations.
	cobra.EnablePrefixMatching = false
	return os.Setenv("KUBECONFIG", config)
}

// completeKubectl asks kubectl itself what word could become.
func completeKubectl(env Env, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if err := pointKubectl(env); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	all := append([]string{cobra.ShellCompRequestCmd}, append(args, word)...)
	var out bytes.Buffer
	c := cmd.NewDefaultKubectlCommandWithArgs(cmd.KubectlOptions{
		PluginHandler: cmd.NewDefaultPluginHandler(plugin.ValidPluginFilenamePrefixes),
		Arguments:     append([]string{"kubectl"}, all...),
		IOStreams:     genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: io.Discard},
	})
	c.SetArgs(all)
	c.SetOut(&out)
	c.SetErr(io.Discard)
	if err := c.Execute(); err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return parseCompletions(out.String())
}

// parseCompletions reads what cobra's hidden completion command prints: a candidate a line, then a line
// with a colon and the directive's number.
func parseCompletions(out string) ([]string, cobra.ShellCompDirective) {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := lines[len(lines)-1]
	n, err := strconv.Atoi(strings.TrimPrefix(last, ":"))
	if err != nil || !strings.HasPrefix(last, ":") {
		return nil, cobra.ShellCompDirectiveError
	}
	return lines[:len(lines)-1], cobra.ShellCompDirective(n)
}
