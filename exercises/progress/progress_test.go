package progress_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kubelab/core/view"
	"kubelab/exercises/progress"
)

func open(t *testing.T, dir, person string) *progress.Book {
	t.Helper()
	b, err := progress.Open(dir, person)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t *testing.T, b *progress.Book) (map[string]*progress.Record, string) {
	t.Helper()
	records, notice, err := b.Read()
	if err != nil {
		t.Fatal(err)
	}
	return records, notice
}

func TestKeptAcrossProcesses(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, "ann")
	if records, notice := read(t, b); len(records) != 0 || notice != "" {
		t.Errorf("before anything: %v, %q", records, notice)
	}
	began := time.Now().Round(0)
	if _, err := b.Update("one", func(r *progress.Record) {
		r.Began, r.Answers = began, map[string]progress.Answer{"pid": {Value: 12.0, At: began}}
		r.Start = &view.Snapshot{Name: "lab", Etcd: view.Etcd{Term: 3}}
	}); err != nil {
		t.Fatal(err)
	}
	before := b.Stamp()
	other := open(t, dir, "ann")
	if _, err := other.Update("two", func(r *progress.Record) { r.Step = 1 }); err != nil {
		t.Fatal(err)
	}
	if b.Stamp() == before {
		t.Error("the book was changed, and its stamp is the same")
	}
	records, _ := read(t, b)
	if r := records["one"]; r == nil || !r.Began.Equal(began) || r.Answers["pid"].Value != 12.0 || r.Start.Etcd.Term != 3 || records["two"].Step != 1 {
		t.Errorf("it says %+v", records)
	}
}

func TestPersonsHaveBooksOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	paths := map[string]string{}
	for _, person := range []string{"", "ann", "Ann", "../ann", "ann/..", ".", "..", "a b", "a_20b", "a\x00b", "ä", strings.Repeat("x", 500), strings.Repeat("x", 501), "ann.json"} {
		b := open(t, dir, person)
		if other, taken := paths[b.Path()]; taken {
			t.Errorf("%q and %q have the same book", person, other)
		}
		paths[b.Path()] = person
		if filepath.Dir(b.Path()) != dir {
			t.Errorf("the book of %q is %s", person, b.Path())
		}
		if _, err := b.Update("one", func(*progress.Record) {}); err != nil {
			t.Errorf("%q: %v", person, err)
		}
	}
}

func TestDamagedBooksAreSetAside(t *testing.T) {
	for name, text := range map[string]string{
		"cut short": `{"version":1,"exercises":{"one":{"beg`, "empty": "", "no JSON": "\x00\x00", "another shape": `{"version":1,"exercises":[1]}`, "nothing in it": `{"version":1,"exercises":{"one":null}}`,
		"no version": `{}`, "huge": `{"version":1,"exercises":{}}` + strings.Repeat(" ", 17<<20),
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, t.TempDir(), "ann")
			if err := os.WriteFile(b.Path(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			notice, err := b.Update("one", func(r *progress.Record) { r.Step = 2 })
			if err != nil || !strings.Contains(notice, "was set aside as") {
				t.Fatalf("notice %q, %v", notice, err)
			}
			if records, notice := read(t, b); records["one"].Step != 2 || notice != "" {
				t.Errorf("afterwards: %v, %q", records, notice)
			}
			aside, _ := filepath.Glob(b.Path() + ".damaged-*")
			if len(aside) != 1 {
				t.Fatalf("set aside: %v", aside)
			}
			if kept, _ := os.ReadFile(aside[0]); string(kept) != text {
				t.Error("what was set aside is not what was there")
			}
		})
	}
}

func TestABookOfALaterLabIsLeftAlone(t *testing.T) {
	b := open(t, t.TempDir(), "ann")
	text := `{"version":99,"exercises":{}}`
	if err := os.WriteFile(b.Path(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Update("one", func(*progress.Record) {}); err == nil || !strings.Contains(err.Error(), "later lab") {
		t.Errorf("Update: %v", err)
	}
	if kept, _ := os.ReadFile(b.Path()); string(kept) != text {
		t.Error("it was changed")
	}
}

func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for i := range 8 {
		b := open(t, dir, "ann")
		all.Go(func() {
			for j := range 10 {
				if _, err := b.Update("one", func(r *progress.Record) {
					if r.Hints == nil {
						r.Hints = map[string]int{}
					}
					r.Hints[fmt.Sprint(i, j)]++
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if records, _ := read(t, open(t, dir, "ann")); len(records["one"].Hints) != 80 {
		t.Errorf("%d of 80 changes are there", len(records["one"].Hints))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
