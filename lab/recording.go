package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"kubelab/core/recording"
	"kubelab/core/story"
	"kubelab/core/view"
	"kubelab/lab/control"
)

// source is what commands look at: the engine of a lab, or a recording.
type source interface {
	Status(ctx context.Context) (view.Snapshot, error)
	Events(ctx context.Context, q view.Query) ([]view.Event, error)
	Ask(ctx context.Context, q view.Question) (view.Answer, error)
	Follow(ctx context.Context, f control.Following, to func(control.Line) error) error
}

var (
	_ source = (*control.Client)(nil)
	_ source = recorded{}
)

// lookAt says what a command looks at.
type lookAt struct {
	recording string        // a file; empty is the lab that is meant
	at        time.Duration // since the recording began
}

// flags let a command look at a recording instead of a lab.
func (l *lookAt) flags(c *cobra.Command) {
	c.Flags().StringVar(&l.recording, "recording", "", "look at this recording instead of a lab; it needs no root")
	c.Flags().DurationVar(&l.at, "at", 0, "how far into the recording, for example 1m30s (default its end)")
}

// source opens what is looked at.
func (a *app) source(l lookAt) (source, error) {
	if l.recording == "" {
		if l.at != 0 {
			return nil, view.Fail(view.Usage, "--at is a moment of a recording: name one with --recording")
		}
		return a.engine()
	}
	r, err := openRecording(l.recording)
	if err != nil {
		return nil, err
	}
	if l.at == 0 {
		l.at = r.Length()
	}
	if l.at < 0 || l.at > r.Length() {
		return nil, view.Fail(view.Usage, "--at %s: the recording is %s long", l.at, r.Length().Round(time.Second))
	}
	r.Seek(l.at)
	return recorded{r}, nil
}

// openRecording opens a recording, and says so if it is not whole.
func openRecording(file string) (*recording.Lab, error) {
	r, err := recording.Open(file)
	var part *recording.Incomplete
	switch {
	case errors.As(err, &part):
		fmt.Fprintln(os.Stderr, "lab:", part)
	case err != nil:
		return nil, err
	}
	l := recording.Replay(r)
	l.Story = story.Tell
	return l, nil
}

// recorded is a recording as commands look at it.
type recorded struct{ *recording.Lab }

func (r recorded) Status(context.Context) (view.Snapshot, error) { return *r.Snapshot(), nil }

func (r recorded) Events(_ context.Context, q view.Query) ([]view.Event, error) {
	return r.Lab.Events(q), nil
}

// Follow plays the recording from where it stands to its end, at the speed that was set.
func (r recorded) Follow(ctx context.Context, f control.Following, to func(control.Line) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	position := r.Position()
	r.Seek(r.Length())
	last := r.Lab.Events(view.Query{Last: 1})
	r.Seek(position)
	if now := r.Lab.Events(view.Query{Last: 1}); len(last) == 0 || len(now) > 0 && now[0].Seq >= last[0].Seq {
		return nil // nothing comes any more
	}
	events := r.Watch(ctx)
	if f.Remembered {
		for _, e := range r.Lab.Events(f.Query) {
			if err := to(control.Line{Event: &e}); err != nil {
				return err
			}
		}
	}
	for e := range events {
		if f.Query.Selects(e) {
			if err := to(control.Line{Event: &e}); err != nil {
				return err
			}
		}
		if e.Seq >= last[0].Seq {
			return nil
		}
	}
	return ctx.Err()
}

func (a *app) recordCommand() *cobra.Command {
	var bound time.Duration
	var asJSON bool
	c := &cobra.Command{
		Use:   "record FILE",
		Short: "Keep what the lab shows and what happens in it in a file, until Ctrl-C",
		Long: `Keep what the lab shows and what happens in it in a new file that only you may read: snapshots, events and requests, with what is remembered
from before. Values of keys are not in it, nor those of Secrets. An hour of an idle lab takes some 7 MB.

Look at it with lab replay FILE, or with --recording FILE at status, events, requests, decisions and story.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if bound < 0 {
				return view.Fail(view.Usage, "--for %s: it must not be negative", bound)
			}
			if _, err := os.Lstat(args[0]); err == nil { // before anything is said
				return view.Fail(view.Usage, "record to %s: it exists already; name a new file, or remove it", args[0])
			}
			engine, err := a.engine()
			if err != nil {
				return err
			}
			ctx, cancel := c.Context(), context.CancelFunc(func() {})
			if bound > 0 {
				ctx, cancel = context.WithTimeout(ctx, bound)
			}
			defer cancel()
			remote, err := control.Attach(ctx, engine)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "Recording lab %q to %s; end it with Ctrl-C.\n", a.name, args[0])
			var last recording.Progress
			terminal := term.IsTerminal(int(os.Stderr.Fd()))
			err = recording.RecordFile(ctx, remote, args[0], recording.Options{Program: version, Progress: func(p recording.Progress) {
				last = p
				if terminal {
					fmt.Fprintf(os.Stderr, "\r%s  %d events, %s ", p.For.Round(time.Second), p.Events, size(p.Bytes))
				}
			}})
			if terminal {
				fmt.Fprintln(os.Stderr)
			}
			if err == nil && ctx.Err() == nil {
				err = remote.Err()
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(os.Stdout, struct {
					File    string  `json:"file"`
					Seconds float64 `json:"seconds"`
					Events  int     `json:"events"`
					Dropped int     `json:"dropped"` // events of noise that came faster than they could be written
					Bytes   int64   `json:"bytes"`
				}{args[0], last.For.Seconds(), last.Events, last.Dropped, last.Bytes})
			}
			fmt.Printf("%s: %s, %d events, %s\n", args[0], last.For.Round(time.Second/10), last.Events, size(last.Bytes))
			return nil
		},
	}
	c.Flags().DurationVar(&bound, "for", 0, "end after so long, for example 10m")
	c.Flags().BoolVar(&asJSON, "json", false, "say at the end what was recorded, as JSON")
	return c
}

func (a *app) replayCommand() *cobra.Command {
	var speed float64
	var from, to time.Duration
	var all, asJSON, text bool
	c := &cobra.Command{
		Use:   "replay FILE",
		Short: "Play a recording; it needs no lab and no root",
		Long: `Play a recording on the lab's screen: space plays and pauses, < and > go back and on. Without a terminal, or with --text, its events are
printed as they came, or faster or slower with --speed. It needs no lab and no root.

To look at a moment of it: lab status --recording FILE --at 1m30s, and likewise events, requests, decisions and story.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			l, err := openRecording(args[0])
			if err != nil {
				return err
			}
			length := l.Length()
			switch {
			case from < 0 || from > length:
				return view.Fail(view.Usage, "--from %s: the recording is %s long", from, length.Round(time.Second))
			case to != 0 && to < from:
				return view.Fail(view.Usage, "--to %s is before --from %s", to, from)
			}
			l.Seek(from)
			if err := l.Play(speed); err != nil {
				return err
			}
			if onTerminal() && !text && !asJSON {
				return watch(c.Context(), l)
			}
			if !asJSON {
				info := l.Recording().Info()
				fmt.Printf("Lab %q, recorded %s, %s long\n", info.Lab, info.Began.Local().Format(time.DateTime), length.Round(time.Second))
			}
			p := printer{out: os.Stdout, asJSON: asJSON, line: eventLine}
			err = recorded{l}.Follow(c.Context(), control.Following{}, func(line control.Line) error {
				if to != 0 && line.Event.Time.Sub(l.Recording().Info().Began) > to {
					return errEnough
				}
				if !all && (line.Event.Kind.Noise() && line.Event.Kind != view.KubeEvent || line.Event.Text == "" && line.Event.Record == nil) {
					return nil
				}
				return p.print(*line.Event)
			})
			if c.Context().Err() != nil || errors.Is(err, errEnough) {
				return nil
			}
			return err
		},
	}
	c.Flags().BoolVar(&text, "text", false, "print events instead of opening the screen")
	c.Flags().Float64Var(&speed, "speed", 1, "how many times as fast as it was")
	c.Flags().DurationVar(&from, "from", 0, "begin so far into it")
	c.Flags().DurationVar(&to, "to", 0, "end so far into it")
	c.Flags().BoolVar(&all, "all", false, "also requests, keys of etcd, containers and rules")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, an object a line")
	return c
}

// errEnough ends a follow.
var errEnough = errors.New("enough")
