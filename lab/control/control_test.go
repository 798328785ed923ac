package control

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kubelab/core/view"
)

// fakeLab keeps the promises of a lab: it reports steps, and fails with a code.
type fakeLab struct{ removeErr error }

func (f fakeLab) Snapshot() *view.Snapshot {
	return &view.Snapshot{Name: "a", State: view.Healthy, Revision: 7}
}

func (f fakeLab) Watch(ctx context.Context) <-chan view.Event {
	out := make(chan view.Event)
	go func() {
		defer close(out)
		for n := range uint64(4) { // the first two are remembered as well
			select {
			case out <- view.Event{Seq: n + 2, Kind: view.PodChanged}:
			case <-ctx.Done():
			}
		}
		<-ctx.Done()
	}()
	return out
}

func (f fakeLab) Events(view.Query) []view.Event {
	return []view.Event{{Seq: 1, Kind: view.NodeChanged}, {Seq: 2, Kind: view.PodChanged}, {Seq: 3, Kind: view.PodChanged}}
}

func (f fakeLab) Ask(_ context.Context, q view.Question) (view.Answer, error) {
	if q.Reads == "" {
		return view.Answer{}, view.Fail(view.Usage, "nothing is asked")
	}
	return view.Answer{Reads: []view.Read{{Member: q.Reads}}}, nil
}

func (f fakeLab) Do(_ context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	if a.Verb == view.Remove {
		return view.Outcome{}, f.removeErr
	}
	report(view.Step{Name: "join"})
	report(view.Step{Name: "join", Done: true, Took: time.Second})
	return view.Outcome{Text: a.String()}, nil
}

func (f fakeLab) Possibilities() []view.Possible { return []view.Possible{{Verb: view.Kill}} }

func (f fakeLab) History() []view.Record { return []view.Record{{Fault: view.Fault{ID: "f1"}}} }

func (f fakeLab) LoadImage(_ context.Context, r io.Reader, _ view.Report) ([]string, error) {
	b, err := io.ReadAll(r)
	return []string{string(b)}, err
}

func (f fakeLab) Stop(context.Context, view.Report) error { return nil }

func serve(t *testing.T, lab Lab) (*Server, *Client) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "engine.sock")
	s, err := Listen(socket, lab, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, Dial(socket)
}

func TestCalls(t *testing.T) {
	server, client := serve(t, fakeLab{removeErr: view.Fail(view.NotFound, "no node-9; there is node-1")})
	if s, err := client.Status(t.Context()); err != nil || s.State != view.Healthy {
		t.Errorf("Status = %v, %v", s, err)
	}
	var steps []view.Step
	flap := view.Action{Verb: view.Flap, Targets: []string{"master-1", "master-2"}, Every: time.Second}
	out, err := client.Do(t.Context(), flap, func(s view.Step) { steps = append(steps, s) })
	if err != nil || out.Text != "flap master-1 master-2 --every 1s" || len(steps) != 2 || steps[1].Took != time.Second {
		t.Errorf("Do = %+v, %v with steps %v", out, err, steps)
	}
	_, err = client.Do(t.Context(), view.Action{Verb: view.Remove, Targets: []string{"node-9"}}, func(view.Step) {})
	if view.CodeOf(err) != view.NotFound || err.Error() != "no node-9; there is node-1" {
		t.Errorf("Do = %v with code %d", err, view.CodeOf(err))
	}
	if list, err := client.Possibilities(t.Context()); err != nil || len(list) != 1 || list[0].Verb != view.Kill {
		t.Errorf("Possibilities = %v, %v", list, err)
	}
	if list, err := client.History(t.Context()); err != nil || len(list) != 1 || list[0].ID != "f1" {
		t.Errorf("History = %v, %v", list, err)
	}
	names, err := client.LoadImage(t.Context(), strings.NewReader("archive"), func(view.Step) {})
	if err != nil || len(names) != 1 || names[0] != "archive" {
		t.Errorf("LoadImage = %v, %v", names, err)
	}
	if err := client.Stop(t.Context(), func(view.Step) {}); err != nil {
		t.Errorf("Stop: %v", err)
	}
	select {
	case <-server.Stopped():
	case <-time.After(5 * time.Second):
		t.Error("Stopped was not closed")
	}
}

// TestFollow gets what is remembered and what comes, each once and in order.
func TestFollow(t *testing.T) {
	_, client := serve(t, fakeLab{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var got []uint64
	snapshot := uint64(0)
	err := client.Follow(ctx, Following{Query: view.Query{}, Remembered: true, Snapshots: true}, func(l Line) error {
		if l.Snapshot != nil {
			snapshot = l.Snapshot.Revision
			return nil
		}
		if got = append(got, l.Event.Seq); len(got) == 5 {
			return io.EOF
		}
		return nil
	})
	if !errors.Is(err, io.EOF) || !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) || snapshot != 7 {
		t.Errorf("followed %v and a snapshot %d, %v", got, snapshot, err)
	}
	if err := client.Follow(ctx, Following{Query: view.Query{Kinds: []view.EventKind{view.NodeChanged}}, Remembered: true}, func(l Line) error {
		if l.Event.Kind != view.NodeChanged {
			t.Errorf("got %+v", l.Event)
		}
		return io.EOF
	}); !errors.Is(err, io.EOF) {
		t.Errorf("Follow = %v", err)
	}
}

func TestAsk(t *testing.T) {
	_, client := serve(t, fakeLab{})
	if a, err := client.Ask(t.Context(), view.Question{Reads: "a"}); err != nil || len(a.Reads) != 1 || a.Reads[0].Member != "a" {
		t.Errorf("Ask = %+v, %v", a, err)
	}
	if _, err := client.Ask(t.Context(), view.Question{}); view.CodeOf(err) != view.Usage {
		t.Errorf("Ask = %v", err)
	}
}

func TestSocketIsForRootOnly(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "engine.sock")
	s, err := Listen(socket, fakeLab{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket has mode %v, %v", info.Mode(), err)
	}
}

func TestAStreamCutOffIsNoSuccess(t *testing.T) {
	r, w := net.Pipe()
	go func() {
		NewWriter(w).Report(view.Step{Name: "etcd"})
		w.Close()
	}()
	if _, err := Read(r, func(view.Step) {}); !errors.Is(err, ErrCutOff) {
		t.Errorf("Read = %v, want ErrCutOff", err)
	}
}

func TestNoEngine(t *testing.T) {
	if _, err := Dial(filepath.Join(t.TempDir(), "none")).Status(t.Context()); err == nil {
		t.Error("Status of nobody must fail")
	}
}
