// Command ps lists the processes of the pod's or the container's PID namespace, all of them, whatever
// options it is called with: ps, ps aux and ps -ef show the same.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	processes, err := read("/proc")
	if err != nil {
		fmt.Fprintln(os.Stderr, "ps:", err)
		os.Exit(1)
	}
	fmt.Println("PID   PPID  USER     STAT COMMAND")
	for _, p := range processes {
		fmt.Printf("%-5d %-5s %-8s %-4s %s\n", p.pid, p.parent, p.user, p.state, p.command)
	}
}

type process struct {
	pid           int
	parent, state string
	user, command string
}

// read returns the processes below proc, by number. One that ends meanwhile is left out.
func read(proc string) ([]process, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	names := users("/etc/passwd")
	var found []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		dir := filepath.Join(proc, e.Name())
		stat, err := os.ReadFile(filepath.Join(dir, "stat"))
		if err != nil {
			continue
		}
		p, ok := parse(string(stat))
		if !ok {
			continue
		}
		p.pid = pid
		if line, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil && len(line) > 0 {
			p.command = strings.TrimSpace(strings.ReplaceAll(string(line), "\x00", " "))
		}
		if info, err := os.Stat(dir); err == nil {
			id := strconv.Itoa(int(info.Sys().(*syscall.Stat_t).Uid))
			if p.user = names[id]; p.user == "" {
				p.user = id
			}
		}
		found = append(found, p)
	}
	slices.SortFunc(found, func(a, b process) int { return a.pid - b.pid })
	return found, nil
}

// parse reads state, parent and name from a stat line: "7 (name) S 1 …". The name may hold brackets.
func parse(stat string) (process, bool) {
	open, end := strings.IndexByte(stat, '('), strings.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	rest := strings.Fields(stat[end+1:])
	if len(rest) < 2 {
		return process{}, false
	}
	return process{state: rest[0], parent: rest[1], command: "[" + stat[open+1:end] + "]"}, true
}

// users maps user numbers to names.
func users(passwd string) map[string]string {
	names := map[string]string{}
	content, _ := os.ReadFile(passwd) // without the file there are numbers only
	for line := range strings.Lines(string(content)) {
		if fields := strings.Split(line, ":"); len(fields) > 2 {
			names[fields[2]] = fields[0]
		}
	}
	return names
}
