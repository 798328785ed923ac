// Command sh is the toolbox's shell: mvdan.cc/sh's interpreter with what a shell is expected to do
// around it: arguments, -c, scripts, standard input, and line editing on a terminal.
//
// It knows no job control; exec starts a child instead of replacing the shell.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

func main() {
	in, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "sh:", err)
		os.Exit(2)
	}
	os.Exit(run(in))
}

// invocation is what the shell was asked to do.
type invocation struct {
	set         []string // options as the set builtin takes them, such as -e
	command     string   // after -c
	hasCommand  bool
	interactive bool
	name        string   // $0: the script's file, the word after the command of -c, or sh
	args        []string // $1 and on
}

// parse reads the arguments as POSIX has them: sh [-abc] [-o option] [-c command [name [arg…]]] [file [arg…]].
func parse(args []string) (invocation, error) {
	in := invocation{name: "sh"}
	for len(args) > 0 && len(args[0]) > 1 && strings.ContainsAny(args[0][:1], "-+") {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		for _, letter := range arg[1:] {
			switch letter {
			case 'c':
				in.hasCommand = true
			case 'i':
				in.interactive = true
			case 'l', 's': // a login shell has nothing to read here; standard input is the default
			case 'o':
				if len(args) == 0 {
					return in, errors.New("option -o: want the name of an option")
				}
				in.set = append(in.set, arg[:1]+"o", args[0])
				args = args[1:]
			default:
				in.set = append(in.set, arg[:1]+string(letter))
			}
		}
	}
	if in.hasCommand {
		if len(args) == 0 {
			return in, errors.New("option -c: want a command")
		}
		in.command, args = args[0], args[1:]
	}
	if len(args) > 0 {
		in.name, in.args = args[0], args[1:]
	}
	return in, nil
}

// run does it and returns the exit status.
func run(in invocation) int {
	params := append(append(in.set, "--"), in.args...)
	runner, err := interp.New(interp.StdIO(os.Stdin, os.Stdout, os.Stderr), interp.Params(params...), interp.CallHandler(realKill))
	if err != nil {
		fmt.Fprintln(os.Stderr, "sh:", err)
		return 2
	}
	switch {
	case in.hasCommand:
		return status(runAll(runner, strings.NewReader(in.command), in.name))
	case in.name != "sh":
		file, err := os.Open(in.name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "sh:", err)
			return 127
		}
		defer file.Close()
		return status(runAll(runner, file, in.name))
	case in.interactive || term.IsTerminal(int(os.Stdin.Fd())):
		return interactive(runner, os.Stdin, os.Stdout)
	default:
		return status(runAll(runner, os.Stdin, in.name))
	}
}

func runAll(runner *interp.Runner, source io.Reader, name string) error {
	program, err := syntax.NewParser().Parse(source, name)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT)
	defer stop()
	return runner.Run(ctx, program)
}

// realKill sends "kill" to the command of that name: the interpreter's own knows only its jobs.
func realKill(_ context.Context, args []string) ([]string, error) {
	if args[0] == "kill" {
		return append([]string{"/bin/kill"}, args[1:]...), nil
	}
	return args, nil
}

// status turns the outcome of a run into an exit status, and says what went wrong if it was not a command.
func status(err error) int {
	var exit interp.ExitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	case errors.Is(err, context.Canceled): // Ctrl-C
		return 128 + int(syscall.SIGINT)
	}
	fmt.Fprintln(os.Stderr, "sh:", err)
	return 2
}
