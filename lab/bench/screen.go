package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	gossh "golang.org/x/crypto/ssh"
)

// This file measures the screen: what people who are attached cost the engine, and how soon a key shows.

const (
	crowdOf       = 50
	screenColumns = 120
	screenRows    = 40
)

// screen is what was measured.
type screen struct {
	alone, one, crowd figure  // processor
	wire              float64 // bytes a second to one who only looks
	memory            float64 // MiB for each of the crowd
	keyP50, keyP99    float64 // ms
	slowest           float64 // ms, of the screens with 10,000 pods
	slowestName       string
}

func newScreen() screen {
	return screen{
		alone: figure{what: "nobody attached: processor", unit: percent}, one: figure{what: "one attached: processor", unit: percent},
		crowd: figure{what: fmt.Sprintf("%d attached: processor", crowdOf), unit: percent},
	}
}

func (b *measurement) screens(ctx context.Context) error {
	s := &b.figures.screen
	if err := b.keys(ctx, s); err != nil {
		return err
	}
	if _, err := b.lab.startTo(ctx, "start", "--masters", "3", "--nodes", "3", "--detach"); err != nil {
		return err
	}
	if err := sleep(ctx, b.settle); err != nil {
		return err
	}
	if err := b.processorFor(ctx, b.window, &s.alone); err != nil {
		return err
	}
	var people viewers
	defer people.leave()
	if err := people.come(b.lab.dir.Path("ssh.sock"), 1); err != nil {
		return err
	}
	if err := sleep(ctx, b.settle); err != nil {
		return err
	}
	before := people.bytes.Load()
	if err := b.processorFor(ctx, b.window, &s.one); err != nil {
		return err
	}
	s.wire = float64(people.bytes.Load()-before) / b.window.Seconds()
	small, err := b.leastUsage(ctx)
	if err != nil {
		return err
	}
	if err := people.come(b.lab.dir.Path("ssh.sock"), crowdOf-1); err != nil {
		return err
	}
	if err := sleep(ctx, b.settle); err != nil {
		return err
	}
	if err := b.processorFor(ctx, b.window, &s.crowd); err != nil {
		return err
	}
	large, err := b.leastUsage(ctx)
	if err != nil {
		return err
	}
	s.memory = float64(large.memory-small.memory) / (crowdOf - 1) / (1 << 20)
	people.leave()
	return b.lab.run(ctx, "delete")
}

// keys runs the benchmarks of package tui, in which a large lab is fed to a program.
func (b *measurement) keys(ctx context.Context, s *screen) error {
	c := exec.CommandContext(ctx, "go", "test", "-tags", "no_btrfs,no_devmapper,no_zfs", "-run", "XXX", "-bench", "KeyToFrame|Screens", "-benchtime", "300x", "./tui")
	c.Env = append(c.Environ(), "CGO_ENABLED=0")
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("benchmarks of the screen: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if m := regexp.MustCompile(`^BenchmarkKeyToFrame\S*\s+\d+\s+([\d.]+) ms-p50\s+([\d.]+) ms-p99`).FindStringSubmatch(line); m != nil {
			s.keyP50, _ = strconv.ParseFloat(m[1], 64)
			s.keyP99, _ = strconv.ParseFloat(m[2], 64)
		}
		if m := regexp.MustCompile(`^BenchmarkScreens/(\w+)\S*\s+\d+\s+([\d.]+) ns/op`).FindStringSubmatch(line); m != nil {
			if ns, _ := strconv.ParseFloat(m[2], 64); ns/1e6 > s.slowest {
				s.slowest, s.slowestName = ns/1e6, m[1]
			}
		}
	}
	if s.keyP99 == 0 || s.slowest == 0 {
		return errors.New("benchmarks of the screen: they printed no figures")
	}
	return nil
}

// viewers are people who are attached and only look.
type viewers struct {
	clients []*gossh.Client
	bytes   atomic.Int64
	reading sync.WaitGroup
}

func (v *viewers) come(socket string, n int) error {
	for range n {
		raw, err := net.Dial("unix", socket)
		if err != nil {
			return err
		}
		conn, channels, requests, err := gossh.NewClientConn(raw, "lab", &gossh.ClientConfig{User: "bench", HostKeyCallback: gossh.InsecureIgnoreHostKey()})
		if err != nil {
			return errors.Join(err, raw.Close())
		}
		client := gossh.NewClient(conn, channels, requests)
		v.clients = append(v.clients, client)
		session, err := client.NewSession()
		if err != nil {
			return err
		}
		out, err := session.StdoutPipe()
		if err != nil {
			return err
		}
		if err := session.RequestPty("xterm-256color", screenRows, screenColumns, nil); err != nil {
			return err
		}
		if err := session.Shell(); err != nil {
			return err
		}
		v.reading.Go(func() { _, _ = io.Copy(counting{&v.bytes}, out) })
	}
	return nil
}

func (v *viewers) leave() {
	for _, c := range v.clients {
		_ = c.Close()
	}
	v.reading.Wait()
	v.clients = nil
}

type counting struct{ n *atomic.Int64 }

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

func (s *screen) rows() (text string, missed int) {
	if !s.crowd.measured() {
		return "", 0
	}
	var out strings.Builder
	row := func(what, got, bound string, holds bool) {
		if !holds {
			missed++
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", what, got, bound, mark(holds))
	}
	one, crowd := s.one.median()-s.alone.median(), s.crowd.median()-s.alone.median()
	row("a key → its frame, 200×60, 50 nodes, 500 pods, 200 events a second, p50 and p99", fmt.Sprintf("%.1f ms, %.1f ms", s.keyP50, s.keyP99), "p99 16 ms", s.keyP99 <= 16)
	row("10,000 pods: the slowest screen ("+s.slowestName+") drawn", fmt.Sprintf("%.1f ms", s.slowest), "50 ms", s.slowest <= 50)
	row("one attached who only looks: processor more", fmt.Sprintf("%.1f %% of one core", one), "1 %", one <= 1)
	row("one attached who only looks: sent", fmt.Sprintf("%.2f kB/s", s.wire/1000), "2 kB/s", s.wire < 2000)
	row(fmt.Sprintf("%d attached: processor more", crowdOf), fmt.Sprintf("%.1f %% of one core", crowd), "50 %", crowd <= 50)
	row("memory for each", fmt.Sprintf("%.1f MiB", s.memory), "5 MiB", s.memory <= 5)
	return out.String(), missed
}

func (b *measurement) looked() string {
	text, _ := b.figures.screen.rows()
	return b.circumstances("") + "| what | | bound | |\n|---|---|---|---|\n" + text + fmt.Sprintf(`
How it is measured:

- A key is pressed 300 times in a program with a made-up large lab in which 200 requests a second happen, and the time ends when the program writes.
- People are SSH clients on the Unix socket, with terminals of %d×%d, that only read, in an idle lab of 3 masters and 3 nodes; processor time of
  the engine and all nodes for %s each, with and without them. Memory as above, for %d people more.
`, screenColumns, screenRows, b.window, crowdOf-1)
}
