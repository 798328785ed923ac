package tui_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"kubelab/core/recording"
	"kubelab/core/story"
	"kubelab/core/view"
	"kubelab/tui"
	"kubelab/tui/panel/all"
	"kubelab/tui/theme"
)

// The tests of this file run the whole program, with every screen, against an emulated terminal and in fake time. What they look at is
// testdata/killed.rec: 12 s of a real lab, of which most of what the stopwatch wrote was left out. At 0.5 s master-1/etcd is killed, at 3.4 s
// master-2 leads, at 5.4 s both Leases have moved, at 6.2 s it is healed, at 7.8 s node-2 is isolated, at 10.6 s the masters are whole again.

// moment is when all has happened that follows from the kill, and nothing yet of the healing.
const moment = 6 * time.Second

// sizes are the smallest terminal that is of use, the one that screens are made for, and one with room for everything.
var sizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

const (
	// drawn is how long the program gets to draw whatever follows from a key: a portion of events, and a frame.
	drawn = 300 * time.Millisecond
	// waitBound is how long a test waits for something to be on the screen.
	waitBound = 30 * time.Second
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // goldens show clocks
	os.Exit(m.Run())
}

// terminal is a program and the terminal in front of it.
type terminal struct {
	t       *testing.T
	program *tea.Program
	keys    *io.PipeWriter
	player  *recording.Lab // that is played, if it is a recording
	screen  *vt.SafeEmulator
	ended   chan error // gets what the program's end was

	mu  sync.Mutex // guards raw
	raw bytes.Buffer
}

// open runs a program in fake time, with a terminal of w × h, while try does something to it. The program must still run then, or have been left.
func open(t *testing.T, w, h int, config func() tui.Config, try func(*terminal)) {
	t.Helper()
	openWrapped(t, w, h, config, func(m *tui.Model) tea.Model { return m }, try)
}

// openWrapped is open with something around the program's model.
func openWrapped(t *testing.T, w, h int, config func() tui.Config, wrap func(*tui.Model) tea.Model, try func(*terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := config()
		cfg.Panels = all.Panels()
		if cfg.Theme == nil {
			cfg.Theme = look(t, theme.Dark)
		}
		ctx, cancel := context.WithCancel(t.Context())
		in, keys := io.Pipe()
		p := &terminal{t: t, keys: keys, screen: vt.NewSafeEmulator(w, h), ended: make(chan error, 1)}
		p.player, _ = cfg.Player.(*recording.Lab)
		p.program = tea.NewProgram(wrap(tui.New(ctx, cfg)), tea.WithInput(in), tea.WithOutput(p), tea.WithWindowSize(w, h), tea.WithFPS(tui.FPS),
			tea.WithoutSignalHandler(), tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithColorProfile(colorprofile.TrueColor))
		go func() { _, _ = io.Copy(keys, p.screen) }() // what the terminal answers to questions about itself
		go func() {
			_, err := p.program.Run()
			p.ended <- err
		}()
		defer func() {
			p.program.Quit()
			if err := <-p.ended; err != nil {
				t.Errorf("the program ends with %v", err)
			}
			cancel()
			_ = p.screen.Close()
			_ = keys.Close()
			time.Sleep(2 * time.Second) // for what still waits for a tick
		}()
		time.Sleep(drawn)
		try(p)
	})
}

// replay opens a recording that stands at its beginning. Nothing may be done to it.
func replay(t *testing.T, w, h int, try func(*terminal)) {
	t.Helper()
	replayIn(t, w, h, theme.Dark, try)
}

func replayIn(t *testing.T, w, h int, colours theme.Name, try func(*terminal)) {
	t.Helper()
	rec, err := recording.Open(filepath.Join("testdata", "killed.rec"))
	if err != nil {
		t.Fatal(err)
	}
	var lab *untouched
	open(t, w, h, func() tui.Config {
		l := recording.Replay(rec) // in the fake time that it is played in
		l.Story = story.Tell
		lab = &untouched{Lab: l}
		return tui.Config{Lab: lab, Player: l, Theme: look(t, colours), ReadOnly: "This is a recording: nothing can be done to it."}
	}, try)
	for _, a := range lab.did {
		t.Errorf("it did %s", a)
	}
}

// untouched is a recording that remembers what should be done to it.
type untouched struct {
	*recording.Lab
	mu  sync.Mutex // guards did
	did []view.Action
}

func (u *untouched) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	u.mu.Lock()
	u.did = append(u.did, a)
	u.mu.Unlock()
	return u.Lab.Do(ctx, a, report)
}

func look(t *testing.T, name theme.Name) *theme.Theme {
	th, err := theme.New(name)
	if err != nil {
		t.Fatal(err)
	}
	return th
}

// Write is what the program draws. The renderer does not know that this is a terminal, so it leaves the return of the carriage to it.
func (p *terminal) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.raw.Write(b)
	p.mu.Unlock()
	_, err := p.screen.Write(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
	return len(b), err
}

// types sends bytes as a keyboard does, and waits until all that follows is drawn.
func (p *terminal) types(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		if _, err := io.WriteString(p.keys, k); err != nil {
			p.t.Fatal(err)
		}
		time.Sleep(drawn)
	}
}

const esc, enter = "\x1b", "\r"

// seek jumps to a moment of the recording.
func (p *terminal) seek(to time.Duration) {
	p.player.Seek(to)
	time.Sleep(drawn)
}

// at fails unless that is the moment of the recording which is shown.
func (p *terminal) at(want time.Duration) {
	p.t.Helper()
	if is := p.player.Position(); is != want {
		p.t.Errorf("the recording is at %s, want %s", is, want)
	}
}

// resize makes the terminal another size.
func (p *terminal) resize(w, h int) {
	p.screen.Resize(max(w, 1), max(h, 1)) // the emulator cannot be less
	p.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
	time.Sleep(drawn)
}

func (p *terminal) text() string { return ansi.Strip(p.screen.Render()) }

// title is what stands in the border of the main pane.
func (p *terminal) title() string {
	_, second, _ := strings.Cut(p.text(), "\n")
	return strings.TrimPrefix(second, "╭ ")
}

// shows waits until all patterns match what is on the screen.
func (p *terminal) shows(patterns ...string) {
	p.t.Helper()
	for _, pattern := range patterns {
		re := regexp.MustCompile(pattern)
		for waited := time.Duration(0); !re.MatchString(p.text()); waited += 50 * time.Millisecond {
			if waited > waitBound {
				p.t.Fatalf("waited %s in vain for %q; the screen is\n%s", waitBound, pattern, p.text())
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

func TestTheMapComesUp(t *testing.T) {
	for _, s := range sizes {
		replay(t, s[0], s[1], func(p *terminal) {
			p.shows("● HEALTHY", "╭ Map", "master-3", "node-2", whole)
		})
	}
}

// The masters' etcd, as the map shows them beside each other.
const (
	whole   = "● etcd.*● etcd.*★ etcd"
	killed  = "✗ etcd.*● etcd.*★ etcd"
	elected = "✗ etcd.*★ etcd.*● etcd"
	healed  = "● etcd.*★ etcd.*● etcd"
)

func TestAKillIsPlayed(t *testing.T) {
	replay(t, 120, 40, func(p *terminal) {
		begin := time.Now()
		p.shows("REPLAY 0s / 12s paused", whole)
		p.types(" ")
		p.shows("REPLAY .* ×1", "▲ DEGRADED +master-1/etcd is crashed", killed, "0.000 ▼ kill master-1/etcd")
		p.shows(elected, "etcd → master-2, term 3")
		p.types("2")
		p.shows("✗ master-1 +crashed", "★ master-2 +leader +3 ")
		p.shows("● master-1 +follower +3 ")
		p.types("m")
		p.shows(healed, "● HEALTHY", "REPLAY 12s / 12s")
		if took := time.Since(begin); took < 10*time.Second || took > 15*time.Second {
			t.Errorf("12 s of a recording took %s", took)
		}
	})
}

func TestSeeking(t *testing.T) {
	replay(t, 120, 40, func(p *terminal) {
		p.seek(2 * time.Second)
		p.shows("▲ DEGRADED", killed)
		p.seek(moment)
		p.shows("▲ DEGRADED", elected)
		p.seek(0)
		p.shows("● HEALTHY", whole)
		if strings.Contains(p.text(), "kill master-1/etcd") {
			t.Errorf("the kill is shown before it happened:\n%s", p.text())
		}
		p.types(">")
		p.shows(healed, "node-2")
		p.at(10 * time.Second)
		p.types(">")
		p.shows("REPLAY 12s / 12s paused")
		p.at(12 * time.Second)
		p.types("<", "<")
		p.shows("REPLAY 0s / 12s paused", whole)
		p.at(0)
	})
}

// titles are those of the screens, by name.
var titles = map[string]string{
	"map": "Map", "etcd": "etcd · revision", "api": "API servers", "scheduler": "scheduler", "controllers": "controllers", "nodes": "Nodes", "pods": "Pods",
	"workloads": "Workloads", "services": "Services", "faults": "Faults", "events": "Events", "stopwatch": "Stopwatch", "story": "Story", "logs": "Logs",
	"commands": "Commands", "leases": "Leases", "pod": "Pod", "list": "configmaps", "timeline": "Timeline", "exercises": "Exercises",
}

func TestEveryScreenOpens(t *testing.T) {
	names := []string{}
	for _, p := range all.Panels() {
		names = append(names, p.Name())
	}
	for _, s := range sizes {
		t.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(t *testing.T) {
			replay(t, s[0], s[1], func(p *terminal) {
				p.seek(moment)
				for i, name := range names {
					title, known := titles[name]
					if !known {
						t.Errorf("which title has %s?", name)
					}
					ways := []string{":" + name + enter}
					if i < 10 {
						ways = append(ways, fmt.Sprint((i+1)%10))
					}
					for _, way := range ways {
						p.types("m", way)
						if name == "exercises" && s[0] > 110 { // which stands beside the map
							p.shows("╭ Map .*╭ Exercises")
						} else if !strings.HasPrefix(p.title(), title) {
							t.Errorf("%q leads to\n%s", way, p.text())
						}
						p.types("!")
						p.shows("What is this\\? " + name)
						p.types(esc, "?")
						p.shows("Keys of " + name)
						p.types(esc)
					}
				}
			})
		})
	}
}

func TestResizing(t *testing.T) {
	for _, playing := range []bool{false, true} {
		replay(t, 80, 24, func(p *terminal) {
			p.seek(moment)
			want := map[int]string{}
			for _, s := range sizes {
				p.resize(s[0], s[1])
				want[s[0]] = p.text()
			}
			if playing {
				p.types(" ")
			}
			for _, s := range [][2]int{{1, 1}, {80, 24}, {0, 0}, {200, 60}, {200, 1}, {1, 60}, {3, 3}, {120, 40}, {0, 24}, {80, 0}, {200, 60}, {20, 5}, {80, 24}} {
				p.resize(s[0], s[1])
				switch {
				case s[0] < 80 || s[1] < 24:
				case playing:
					p.shows("╭ Map")
				case want[s[0]] != p.text():
					t.Errorf("at %d×%d it was\n%s\nand now it is\n%s", s[0], s[1], want[s[0]], p.text())
				}
			}
		})
	}
}

// randomKeys are what somebody may press who does not want to leave: with the mouse, too.
func randomKeys(r *rand.Rand, n int) string {
	special := []string{"\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[H", "\x1b[F", "\x1b[Z", esc, esc + esc, enter, enter, "\t", " ", "\x7f", "\x14", "\x04", "\x15", "\x17", "é", "漢", "👩‍👩‍👧"}
	var keys strings.Builder
	for range n {
		switch x, y := 1+r.IntN(125), 1+r.IntN(42); {
		case r.IntN(20) == 0:
			fmt.Fprintf(&keys, "\x1b[<%d;%d;%d%c", []int{0, 32, 64, 65}[r.IntN(4)], x, y, "Mm"[r.IntN(2)])
		case r.IntN(3) == 0:
			keys.WriteString(special[r.IntN(len(special))])
		default:
			c := byte('!' + r.IntN('~'-'!'+1))
			if c == 'q' {
				c = ':' // who quits presses no more keys
			}
			keys.WriteByte(c)
		}
	}
	return keys.String()
}

func TestTenThousandKeys(t *testing.T) {
	const portion, bound = 100, time.Minute
	begin := time.Now()
	replay(t, 120, 40, func(p *terminal) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 10_000 / portion {
			keys := randomKeys(r, portion)
			if _, err := io.WriteString(p.keys, keys); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
			select {
			case err := <-p.ended:
				t.Fatalf("the program has ended, with %v, after %q", err, keys)
			default:
			}
		}
		time.Sleep(drawn)
		p.types(esc, esc, esc, ":map"+enter)
		p.shows("╭ Map")
	})
	if took := time.Since(begin); took > bound {
		t.Errorf("it took %s, the bound is %s", took, bound)
	}
}

func TestALargePaste(t *testing.T) {
	paste := "\x1b[200~" + strings.Repeat("kill master-1\n\x1b[31m", 1<<20/20) + "\x1b[201~"
	for into, leave := range map[string]string{"": "", ":": esc, "/": esc} {
		replay(t, 120, 40, func(p *terminal) {
			p.types("7", into, paste, leave)
			p.shows("Too much to paste", "╭ Pods")
			p.types("m")
			p.shows("╭ Map")
		})
	}
}

func TestErasingWords(t *testing.T) {
	const eraseWord = "\x17"
	replay(t, 120, 40, func(p *terminal) {
		p.types(":", eraseWord, "kill master-1 ", eraseWord)
		p.shows("▸ kill +│")
		p.types(eraseWord, eraseWord, "api", enter)
		p.shows("╭ API servers")
	})
}

func TestLeavingRestoresTheTerminal(t *testing.T) {
	for _, way := range []string{"q", "\x03", ":q" + enter} {
		replay(t, 80, 24, func(p *terminal) {
			p.types(way)
			select {
			case err := <-p.ended:
				p.ended <- err
			default:
				t.Fatalf("%q does not end the program", way)
			}
			if p.screen.IsAltScreen() || p.screen.CursorHidden() {
				t.Errorf("%q: alternate screen %v, cursor hidden %v", way, p.screen.IsAltScreen(), p.screen.CursorHidden())
			}
		})
	}
}
