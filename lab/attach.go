package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"kubelab/core/recording"
	"kubelab/core/store"
	"kubelab/core/view"
	"kubelab/lab/exercise"
	"kubelab/lab/sshd"
	"kubelab/tui"
	"kubelab/tui/config"
	"kubelab/tui/panel/all"
	"kubelab/tui/theme"
)

func (a *app) attachCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "attach",
		Short: "Open the lab's screen; any number of people can at the same time",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !onTerminal() {
				return view.Fail(view.Usage, "attach needs a terminal; without one use: lab status, lab events -f")
			}
			if _, err := a.engine(); err != nil {
				return err
			}
			d, err := a.dir()
			if err != nil {
				return err
			}
			return attach(c.Context(), d)
		},
	}
}

// onTerminal reports whether somebody sits in front of the command.
func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// attach connects this terminal to the engine until the person leaves, or the engine ends.
func attach(ctx context.Context, d store.Dir) error {
	var environ []string
	if mine := config.Load().Encode(); mine != "" { // the file is on this side, the screen is drawn on the other
		environ = append(environ, sshd.ScreenVariable+"="+mine)
	}
	err := sshd.Attach(ctx, sshSocket(d), sshHostKey(d), os.Stdin, os.Stdout, environ...)
	var code *sshd.ExitError
	switch {
	case errors.Is(err, sshd.ErrEngineEnded):
		return view.Fail(view.Failed, "%w; see why: lab logs engine --tail 20; bring it back: lab start", err)
	case errors.As(err, &code):
		return view.Fail(view.Code(code.Code), "the screen ended: %w", err)
	}
	return err
}

func sshSocket(d store.Dir) string  { return d.Path("ssh.sock") }
func sshHostKey(d store.Dir) string { return d.Path("ssh_host_ed25519_key") }

// admit serves the engine's lab to people: on a Unix socket, and on TCP if that was asked for.
func (e *engine) admit(a *app, req launchRequest) (*sshd.Server, error) {
	return sshd.Listen(sshd.Config{
		Socket: sshSocket(e.dir), HostKey: sshHostKey(e.dir), Listen: req.Listen, AuthorizedKeys: req.AuthorizedKeys, Log: e.log,
		Program: func(ctx context.Context, s sshd.Session) (tea.Model, []tea.ProgramOption) {
			mine := config.Decode(variable(s.Environ, sshd.ScreenVariable))
			cfg := tui.Config{Lab: e.lab, Panels: all.Panels(), Theme: themeFor(s.Environ, mine.Theme), Keys: mine.Keys, Note: mine.Note}
			switch {
			case !s.Role.AtLeast(sshd.Driver):
				cfg.ReadOnly = "You are a spectator: you see everything, and change nothing."
				cfg.Lab = looking{e.lab}
			case !s.Role.AtLeast(sshd.Instructor):
				cfg.Lab = driving{looking{e.lab}, e.lab}
				cfg.Shell, cfg.Run = e.shells(ctx, s), a.runner(s)
			default:
				cfg.Stop = e.askToStop
				cfg.Shell, cfg.Run = e.shells(ctx, s), a.runner(s)
			}
			cfg.Lessons = e.lessons(s, cfg.ReadOnly)
			return tui.New(ctx, cfg), []tea.ProgramOption{tea.WithFPS(tui.FPS)}
		},
		Command: func(ctx context.Context, argv []string, in io.Reader, out, errOut io.Writer, s sshd.Session) int {
			return a.runFor(ctx, argv, in, out, errOut, s)
		},
	})
}

// looking is a lab to which nothing can be done, whatever a screen lets through.
type looking struct{ view.Lab }

func (looking) Do(context.Context, view.Action, view.Report) (view.Outcome, error) {
	return view.Outcome{}, view.Fail(view.Failed, "a spectator changes nothing")
}

// driving is a lab with whose parts everything can be done, but not what reaches beyond them: a manifest can ask for a pod that is as good as
// root on this machine, and snapshots are files of it.
type driving struct {
	looking
	lab view.Lab
}

func (d driving) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	switch a.Verb {
	case view.Apply, view.SaveSnapshot, view.VerifySnapshot, view.RestoreSnapshot, view.ListSnapshots:
		return view.Outcome{}, view.Fail(view.Failed, "only an instructor may do that: %s reaches beyond the lab", a.Verb)
	}
	return d.lab.Do(ctx, a, report)
}

// Ask answers everything but what is secret.
func (l looking) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	if q.Keys != nil {
		plain := *q.Keys
		plain.Secrets = false
		q.Keys = &plain
	}
	return l.Lab.Ask(ctx, q)
}

// variable is the value of a variable; the last one counts.
func variable(environ []string, name string) (value string) {
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}

// themeFor is the theme for somebody with this environment, whose file says mine: NO_COLOR counts most, and the file least.
func themeFor(environ []string, mine theme.Name) *theme.Theme {
	name := theme.Dark
	if mine != "" {
		name = mine
	}
	if one := theme.Name(variable(environ, "LC_LAB_THEME")); theme.Known(one) {
		name = one
	}
	if variable(environ, "NO_COLOR") != "" {
		name = theme.None
	}
	t, err := theme.New(name)
	if err != nil {
		panic(err) // it is one of those that there are
	}
	return t
}

// What may be called by command from outside, by role. An instructor may call everything. The tools, and whatever reads or writes files, are
// for instructors only: they run as root on this machine.
var (
	forSpectators = []string{"status", "events", "story", "requests", "decisions", "keys", "ask", "faults", "logs", "version", "help"}
	forDrivers    = []string{"kill", "stop", "start", "restart", "pause", "resume", "power-loss", "cordon", "uncordon", "drain", "disk-pressure", "oom", "cut", "loss",
		"delay", "flap", "isolate", "split", "lose-quorum", "move-leader", "compact", "defrag", "fill-quota", "wipe", "rolling-restart", "heal", "exercise"}
	// exercisesForDrivers are what drivers may call of lab exercise: the others read and write files, and make labs.
	exercisesForDrivers = []string{"list", "run", "check", "answer", "hint", "solve", "reset", "--help"}
	// notForOthers are flags that reach beyond the lab.
	notForOthers = []string{"--name", "--dir", "--recording", "--secrets", "--listen", "--authorized-keys"}
)

// mostPrinted is how much of what a command prints is shown on the screen, in bytes.
const mostPrinted = 256 << 10

// runner runs command lines for somebody at the screen, who may call there what he may by SSH.
func (a *app) runner(s sshd.Session) func(ctx context.Context, line string) (string, error) {
	return func(ctx context.Context, line string) (string, error) {
		argv, err := sshd.Words(line)
		if err != nil {
			return "", err
		}
		var out printed
		code := a.runFor(ctx, argv, bytes.NewReader(nil), &out, &out, s)
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			out.end("\nIt took too long, and was ended.\n")
		case ctx.Err() != nil:
			out.end("\nIt was ended.\n")
		case code != 0:
			out.end(fmt.Sprintf("\nexit code %d\n", code))
		}
		return out.text.String(), nil
	}
}

// printed is the beginning of what a command prints.
type printed struct {
	text bytes.Buffer
	more bool
}

func (p *printed) Write(b []byte) (int, error) {
	if room := mostPrinted - p.text.Len(); len(b) > room {
		p.text.Write(b[:max(room, 0)])
		p.more = true
		return len(b), nil
	}
	return p.text.Write(b)
}

func (p *printed) end(text string) {
	if p.more {
		p.text.WriteString("\n…")
	}
	p.text.WriteString(text)
}

// runFor runs a command of lab for somebody attached by SSH, in a process of its own.
func (a *app) runFor(ctx context.Context, argv []string, in io.Reader, out, errOut io.Writer, s sshd.Session) int {
	if len(argv) > 0 && argv[0] == "lab" {
		argv = argv[1:]
	}
	if err := allowed(argv, s.Role); err != nil {
		fmt.Fprintln(errOut, "lab:", err)
		return int(view.CodeOf(err))
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(errOut, "lab:", err)
		return int(view.Failed)
	}
	c := exec.CommandContext(ctx, self, argv...)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = stopBound
	c.Dir = "/"
	c.Env = append(os.Environ(), "LAB_HOME="+a.root, "LAB_NAME="+a.name, exercise.PersonVariable+"="+s.User)
	c.Stdin, c.Stdout, c.Stderr = in, out, errOut
	if err := c.Run(); c.ProcessState == nil {
		fmt.Fprintln(errOut, "lab:", err)
		return int(view.Failed)
	}
	return max(c.ProcessState.ExitCode(), 0)
}

// allowed refuses what the role may not call.
func allowed(argv []string, role sshd.Role) error {
	if len(argv) == 0 {
		return view.Fail(view.Usage, "the screen needs a terminal: ssh -t; or give a command, for example: status")
	}
	if role.AtLeast(sshd.Instructor) {
		return nil
	}
	may := forSpectators
	if role.AtLeast(sshd.Driver) {
		may = slices.Concat(forSpectators, forDrivers)
	}
	if !slices.Contains(may, argv[0]) {
		return view.Fail(view.Usage, "a %s may not call %q; it may call: %s", role, argv[0], strings.Join(may, ", "))
	}
	if (argv[0] == "stop" || argv[0] == "start") && !slices.ContainsFunc(argv[1:], func(w string) bool { return !strings.HasPrefix(w, "-") }) {
		return view.Fail(view.Usage, "a %s may %s parts of the lab, not the lab: name them", role, argv[0])
	}
	if argv[0] == "ask" && slices.Contains(argv, "what-if") && !slices.Contains(argv, "-") {
		return view.Fail(view.Usage, "give the pod on standard input: ask what-if -")
	}
	if argv[0] == "exercise" && len(argv) > 1 && !slices.Contains(exercisesForDrivers, argv[1]) {
		return view.Fail(view.Usage, "a %s may not call exercise %s; it may call: %s", role, argv[1], strings.Join(exercisesForDrivers, ", "))
	}
	for _, w := range argv {
		flag, _, _ := strings.Cut(w, "=")
		if slices.Contains(notForOthers, flag) {
			return view.Fail(view.Usage, "a %s may not use %s", role, flag)
		}
	}
	return nil
}

// watch opens the screen on a recording.
func watch(ctx context.Context, l *recording.Lab) error {
	mine := config.Load()
	const why = "This is a recording: nothing can be done to it."
	m := tui.New(ctx, tui.Config{
		Lab: l, Panels: all.Panels(), Theme: themeFor(os.Environ(), mine.Theme), Keys: mine.Keys, Note: mine.Note,
		Player: l, ReadOnly: why, Lessons: readLessons(l, why),
	})
	_, err := tea.NewProgram(m, tea.WithContext(ctx), tea.WithFPS(tui.FPS)).Run()
	if errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) {
		return nil
	}
	return err
}
