package tools

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/etcdctl/v3/ctlv3"
)

// Etcdctl runs etcdctl with args. It returns an error only when it could not begin; when etcdctl itself
// fails it has said why and ends the process with its own exit code.
//
// The lab comes to it through ETCDCTL_* variables: --endpoints adds up when it is repeated, so a default
// before the user's arguments would stay in force. A variable beside the flag of the same name is fatal to
// etcdctl, so the user's flag removes the variable.
func Etcdctl(env Env, args []string) error {
	if err := readable("etcdctl", env.Dir.PKI("etcd", "client.key")); err != nil {
		return err
	}
	for name, value := range etcdctlEnv(env, args) {
		var err error
		if value == "" {
			err = os.Unsetenv(name)
		} else {
			err = os.Setenv(name, value)
		}
		if err != nil {
			return err
		}
	}
	ownSignals()
	cobra.EnablePrefixMatching = true // as etcdctl has it; the lab's own commands may have turned it off
	os.Args = append([]string{"etcdctl"}, args...)
	ctlv3.MustStart()
	return nil
}

// etcdctlEnv is what to set, or to remove where the value is empty. A variable that came from outside never
// stays: it would point at another cluster than the lab that was asked for.
func etcdctlEnv(env Env, args []string) map[string]string {
	var endpoints []string
	for _, m := range env.Spec.Masters {
		endpoints = append(endpoints, env.Spec.EtcdClientURL(m))
	}
	vars := map[string]string{
		"ETCDCTL_ENDPOINTS": strings.Join(endpoints, ","),
		"ETCDCTL_CACERT":    env.Dir.PKI("etcd", "ca.crt"),
		"ETCDCTL_CERT":      env.Dir.PKI("etcd", "client.crt"),
		"ETCDCTL_KEY":       env.Dir.PKI("etcd", "client.key"),
	}
	given := func(flag string) bool {
		return slices.ContainsFunc(untilDashes(args), func(a string) bool {
			return a == flag || strings.HasPrefix(a, flag+"=")
		})
	}
	if given("--endpoints") {
		vars["ETCDCTL_ENDPOINTS"] = ""
	}
	if given("--cacert") {
		vars["ETCDCTL_CACERT"] = ""
	}
	if given("--cert") || given("--key") { // a pair
		vars["ETCDCTL_CERT"], vars["ETCDCTL_KEY"] = "", ""
	}
	return vars
}

// untilDashes is the part of args in which flags are flags.
func untilDashes(args []string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i]
	}
	return args
}
