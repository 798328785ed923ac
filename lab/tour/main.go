// Command tour shows a lab to somebody who has none: it drives the real binary, with a recording, in a terminal of 120×40 cells, and writes what
// is seen on it to docs/tour.cast, which asciinema plays, and one picture of it to docs/map.svg. No lab and no root are needed.
//
//	make tour                                     with docs/tour.rec
//	go run ./lab/tour -recording FILE -out DIR    with another one; the keys are made for one in which master-1/etcd is killed at first
//
// The binary is the one that LAB_BIN names, or bin/lab. The files: script.go says which keys are pressed and what is waited for, terminal.go
// is what they are pressed on, cast.go and svg.go write.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Bounds of the files: both are to be read from a web page.
const (
	mostCast    = 400 << 10
	mostPicture = 200 << 10
)

func main() {
	recording := flag.String("recording", filepath.Join("docs", "tour.rec"), "the recording that is played")
	out := flag.String("out", "docs", "the directory to write tour.cast and map.svg to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := tour(ctx, *recording, *out); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

func tour(ctx context.Context, recording, out string) error {
	binary := os.Getenv("LAB_BIN")
	if binary == "" {
		binary = filepath.Join("bin", "lab")
	}
	if _, err := os.Stat(recording); err != nil {
		return fmt.Errorf("%w: name a recording with -recording, lab record makes one", err)
	}
	t, err := open(ctx, binary, "replay", recording)
	if err != nil {
		return fmt.Errorf("open the screen: %w", err)
	}
	picture, err := t.play(ctx, script)
	if err := errors.Join(err, t.close()); err != nil {
		return err
	}
	cast, err := t.cast.encode(columns, rows, title)
	if err != nil {
		return err
	}
	return errors.Join(write(filepath.Join(out, "tour.cast"), cast, mostCast), write(filepath.Join(out, "map.svg"), picture, mostPicture))
}

// write writes a file, if it is not too large, and says so.
func write(file string, content []byte, most int) error {
	if len(content) > most {
		return fmt.Errorf("%s would have %d bytes, more than %d: shorten the script", file, len(content), most)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s, %d kB\n", file, (len(content)+1023)>>10)
	return nil
}
