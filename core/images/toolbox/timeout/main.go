// Command timeout runs a command and ends it when it takes longer than a number of seconds.
//
//	timeout [-s SIGNAL] [-k SECONDS] SECONDS COMMAND [ARGUMENT…]
//
// It exits with the command's status, or with 124 when the time was over.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"
)

func main() {
	flags := pflag.NewFlagSet("timeout", pflag.ExitOnError)
	flags.SetInterspersed(false) // what follows the command is the command's
	name := flags.StringP("signal", "s", "TERM", "signal to send")
	kill := flags.StringP("kill-after", "k", "", "seconds after which to kill what is still there")
	flags.Parse(os.Args[1:])
	os.Exit(run(flags.Args(), *name, *kill))
}

func run(args []string, signalName, killAfter string) int {
	if len(args) < 2 {
		return complain(errors.New("want seconds and a command"))
	}
	limit, err := seconds(args[0])
	if err != nil {
		return complain(err)
	}
	var grace time.Duration
	if killAfter != "" {
		if grace, err = seconds(killAfter); err != nil {
			return complain(err)
		}
	}
	signal, err := parseSignal(signalName)
	if err != nil {
		return complain(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(signal) }
	cmd.WaitDelay = grace // 0: wait for it as long as it takes
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return 124
	case cmd.ProcessState == nil:
		fmt.Fprintln(os.Stderr, "timeout:", err)
		return 127
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "timeout:", err)
	return 125
}

// seconds reads a number, or a duration such as 1m.
func seconds(value string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(value, 64); err == nil && n > 0 && n < 1e9 {
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q: want seconds or a duration such as 1m", value)
	}
	return d, nil
}

// parseSignal reads a number or a name, with or without SIG.
func parseSignal(value string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(value); err == nil && n > 0 && n < 65 {
		return syscall.Signal(n), nil
	}
	name := strings.ToUpper(value)
	if !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	if s := unix.SignalNum(name); s != 0 {
		return s, nil
	}
	return 0, fmt.Errorf("signal %q: want a number or a name such as TERM", value)
}
