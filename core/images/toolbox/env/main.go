// Command env prints the environment, or runs a command in a changed one.
//
//	env [-i] [NAME=VALUE…] [COMMAND [ARGUMENT…]]
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "-i" {
		os.Clearenv()
		args = args[1:]
	}
	for len(args) > 0 {
		name, value, ok := strings.Cut(args[0], "=")
		if !ok {
			break
		}
		os.Setenv(name, value)
		args = args[1:]
	}
	if len(args) == 0 {
		for _, line := range os.Environ() {
			fmt.Println(line)
		}
		return
	}
	path, err := exec.LookPath(args[0])
	if err == nil {
		err = syscall.Exec(path, args, os.Environ())
	}
	fmt.Fprintf(os.Stderr, "env: run %s: %v\n", args[0], err)
	os.Exit(127)
}
