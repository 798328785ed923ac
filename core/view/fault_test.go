package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestActionsShowOnlyWhatTheirVerbTakes has fields set that another verb would show.
func TestActionsShowOnlyWhatTheirVerbTakes(t *testing.T) {
	pair := []string{"master-1", "node-1"}
	for want, a := range map[string]Action{
		"cut master-1 node-1":                     {Verb: Cut, Targets: pair, Percent: 30, Delay: time.Second, Every: time.Second},
		"loss master-1 node-1 30% --one-way":      {Verb: Loss, Targets: pair, Percent: 30, Every: time.Second, OneWay: true},
		"loss master-1 node-1 100%":               {Verb: Loss, Targets: pair, Percent: 100, Delay: time.Second},
		"delay master-1 node-1 1.5s --one-way":    {Verb: Delay, Targets: pair, Delay: 1500 * time.Millisecond, Percent: 30, OneWay: true},
		"flap master-1 node-1 --every 1m0s":       {Verb: Flap, Targets: pair, Every: time.Minute, Percent: 30},
		"isolate master-1":                        {Verb: Isolate, Targets: []string{"master-1"}},
		"snapshot verify before":                  {Verb: VerifySnapshot, Targets: []string{"before"}},
		"snapshot restore /tmp/a.snapshot":        {Verb: RestoreSnapshot, Targets: []string{"/tmp/a.snapshot"}},
		"snapshot list":                           {Verb: ListSnapshots},
		"snapshot save":                           {Verb: SaveSnapshot},
		"snapshot save snapshot-1":                {Verb: SaveSnapshot, Targets: []string{"snapshot-1"}},
		"power-loss master-2":                     {Verb: PowerLoss, Targets: []string{"master-2"}},
		"lose-quorum":                             {Verb: LoseQuorum, Detach: true},
		"move-leader master-2":                    {Verb: MoveLeader, Targets: []string{"master-2"}},
		"oom container/demo/web-abc/web":          {Verb: OutOfMemory, Targets: []string{"container/demo/web-abc/web"}},
		"kill pod/demo/web-abc node-1/kube-proxy": {Verb: Kill, Targets: []string{"pod/demo/web-abc", "node-1/kube-proxy"}},
		"heal f1 f2":                              {Verb: Heal, Targets: []string{"f1", "f2"}},
		"add node":                                {Verb: Add, Targets: []string{"node"}},
	} {
		if got := a.String(); got != want {
			t.Errorf("String of %+v = %q, want %q", a, got, want)
		}
	}
}

// TestWhatIsKeptComesBack is about the file that faults are kept in, and the socket that they are sent over.
func TestWhatIsKeptComesBack(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	seen := Measured{
		Marks: []Mark{{Expectation: Expectation{Election, time.Second, 2 * time.Second}, Seen: true, Took: 400 * time.Millisecond}},
		For:   3 * time.Second, Writes: Traffic{Sent: 9, Failed: 2, Gap: time.Second, Open: true, Error: "no"},
	}
	for name, r := range map[string]Record{
		"active": {Fault: Fault{ID: "f1", Kind: Cut, What: "master-1 master-2", Since: at},
			Action: Action{Verb: Cut, Targets: []string{"master-1", "master-2"}, OneWay: true}},
		"healed": {Fault: Fault{ID: "f2", Kind: Kill, Since: at, Expected: []string{"a", "b"}}, Action: Action{Verb: Kill},
			Measured: &seen, Healed: at.Add(time.Minute), HealedBy: "by itself", Recovery: &Measured{For: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var got Record
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, r) {
				t.Errorf("kept as %s, it comes back as\n%+v, want\n%+v", b, got, r)
			}
			// A reader of the JSON form tells by the key whether it is over.
			if got.Active() != (name == "active") || strings.Contains(string(b), `"healed"`) == got.Active() {
				t.Errorf("Active = %t of %s", got.Active(), b)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	usage := Fail(Usage, "%q is no verb", "x")
	for name, tt := range map[string]struct {
		err  error
		want Code
	}{
		"nothing":                         {nil, OK},
		"an error":                        {errors.New("no"), Failed},
		"a failure":                       {usage, Usage},
		"a failure that was wrapped":      {fmt.Errorf("do it: %w", usage), Usage},
		"a failure among others":          {errors.Join(errors.New("no"), Fail(NotFound, "none")), NotFound},
		"a deadline":                      {fmt.Errorf("wait: %w", context.DeadlineExceeded), TimedOut},
		"a deadline that counts as other": {Fail(Failed, "wait: %w", context.DeadlineExceeded), Failed},
		"somebody gave up":                {context.Canceled, Failed},
	} {
		if got := CodeOf(tt.err); got != tt.want {
			t.Errorf("%s: CodeOf = %d, want %d", name, got, tt.want)
		}
	}
	cause := errors.New("cause")
	if err := Fail(Failed, "do it: %w", cause); !errors.Is(err, cause) || err.Error() != "do it: cause" {
		t.Errorf("Fail = %v, want the cause to be found in it", err)
	}
}
