// Command head prints the first lines of files or of its input.
//
//	head [-n LINES | -LINES | -c BYTES] [FILE…]
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/spf13/pflag"
)

func main() {
	flags := pflag.NewFlagSet("head", pflag.ExitOnError)
	lines := flags.IntP("lines", "n", 10, "how many lines to print")
	bytes := flags.IntP("bytes", "c", -1, "how many bytes to print instead")
	flags.Parse(withoutShortForm(os.Args[1:]))

	files := flags.Args()
	if len(files) == 0 {
		files = []string{"-"}
	}
	status := 0
	for i, name := range files {
		if len(files) > 1 {
			if i > 0 {
				fmt.Println()
			}
			fmt.Printf("==> %s <==\n", name)
		}
		if err := show(name, *lines, *bytes); err != nil {
			fmt.Fprintln(os.Stderr, "head:", err)
			status = 1
		}
	}
	os.Exit(status)
}

var shortForm = regexp.MustCompile(`^-[0-9]+$`)

// withoutShortForm writes -3 as -n3.
func withoutShortForm(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if shortForm.MatchString(a) {
			a = "-n" + a[1:]
		}
		out[i] = a
	}
	return out
}

func show(name string, lines, bytes int) error {
	in := os.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	if bytes >= 0 {
		_, err := io.CopyN(os.Stdout, in, int64(bytes))
		if err == io.EOF {
			return nil // the file is shorter
		}
		return err
	}
	reader := bufio.NewReader(in)
	for range lines {
		line, err := reader.ReadString('\n')
		os.Stdout.WriteString(line)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}
