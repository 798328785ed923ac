// Package command turns a line that somebody typed after ":" into what is wanted: a screen, or something to be done to the lab. It
// knows what the command line of lab knows, with the same words.
package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kubelab/core/view"
)

// Wanted is what a line means. Exactly one of its fields is set.
type Wanted struct {
	Panel  string       // a screen, by its name
	With   string       // what it is to show
	Action *view.Action // something to be done
	Quit   bool
}

// takes are the verbs, with the numbers of targets they take; -1 is any number but none.
var takes = map[view.Verb]int{
	view.Kill: -1, view.Stop: -1, view.Start: -1, view.Restart: -1, view.Pause: -1, view.Resume: -1, view.PowerLoss: -1, view.Cordon: -1,
	view.Uncordon: -1, view.Drain: -1, view.DiskPressure: -1, view.OutOfMemory: 1, view.Cut: 2, view.Loss: 2, view.Delay: 2, view.Flap: 2,
	view.Isolate: -1, view.Split: -1, view.LoseQuorum: 0, view.MoveLeader: -2, view.Compact: 0, view.Defragment: 0, view.FillQuota: 0,
	view.WipeData: -1, view.RollingRestart: 0, view.Heal: -2, view.Add: 1, view.Remove: 1, view.Scale: 1, view.Delete: 1, view.Empty: 1,
}

// Parse reads a line. panels are the names of the screens that there are; a first word that is neither a screen nor a verb is a resource of
// Kubernetes, which the screen "list" shows.
func Parse(line string, panels []string) (Wanted, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return Wanted{}, fmt.Errorf("type a screen (%s), something to do (kill master-1), or a resource (configmaps)", strings.Join(panels, ", "))
	}
	first, rest := words[0], words[1:]
	switch {
	case first == "q" || first == "quit" || first == "q!":
		return Wanted{Quit: true}, nil
	case slices.Contains(panels, first):
		return Wanted{Panel: first, With: strings.Join(rest, " ")}, nil
	}
	if n, ok := takes[view.Verb(first)]; ok {
		a, err := action(view.Verb(first), rest, n)
		return Wanted{Action: a}, err
	}
	if len(rest) > 1 {
		return Wanted{}, fmt.Errorf("%q is no screen and nothing to do; a command of lab begins with lab: lab %s", first, strings.Join(words, " "))
	}
	return Wanted{Panel: "list", With: strings.Join(words, " ")}, nil
}

// action reads the words after a verb: targets, flags as on the command line, and the number that some verbs end with.
func action(v view.Verb, words []string, n int) (*view.Action, error) {
	a := &view.Action{Verb: v}
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "--one-way":
			a.OneWay = true
		case w == "--all":
			a.All = true
		case w == "--every" && i+1 < len(words):
			i++
			d, err := time.ParseDuration(words[i])
			if err != nil {
				return nil, fmt.Errorf("%s is no duration: write 2s or 500ms", words[i])
			}
			a.Every = d
		case strings.HasPrefix(w, "-"):
			return nil, fmt.Errorf("%s has no flag %s", v, w)
		default:
			a.Targets = append(a.Targets, w)
		}
	}
	if err := number(a); err != nil {
		return nil, err
	}
	switch {
	case n >= 0 && len(a.Targets) != n:
		return nil, fmt.Errorf("%s takes %d targets, these are %d", v, n, len(a.Targets))
	case n == -1 && len(a.Targets) == 0:
		return nil, fmt.Errorf("%s what? For example: %s master-1", v, v)
	}
	return a, nil
}

// number takes the last word of verbs that end with one.
func number(a *view.Action) error {
	last := len(a.Targets) - 1
	if a.Verb == view.Flap && a.Every == 0 {
		a.Every = 2 * time.Second
	}
	if last < 1 || a.Verb != view.Loss && a.Verb != view.Delay && a.Verb != view.Scale {
		if a.Verb == view.Loss || a.Verb == view.Delay || a.Verb == view.Scale {
			return fmt.Errorf("%s wants a number at the end: loss A B 30%%, delay A B 200ms, scale deployments/demo/web 5", a.Verb)
		}
		return nil
	}
	text := a.Targets[last]
	a.Targets = a.Targets[:last]
	var err error
	switch a.Verb {
	case view.Loss:
		a.Percent, err = strconv.Atoi(strings.TrimSuffix(text, "%"))
		if err != nil || a.Percent < 1 || a.Percent > 100 {
			return fmt.Errorf("%s is no share of packets: write 1%% to 100%%", text)
		}
	case view.Delay:
		if a.Delay, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("%s is no duration: write 200ms", text)
		}
	case view.Scale:
		if a.Replicas, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%s is no number of replicas", text)
		}
	}
	return nil
}
