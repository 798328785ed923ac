package view

import (
	"testing"
	"time"
)

func TestActionsReadAsCommands(t *testing.T) {
	for want, a := range map[string]Action{
		"kill master-1/etcd node-2":        {Verb: Kill, Targets: []string{"master-1/etcd", "node-2"}},
		"cut master-1 master-2 --one-way":  {Verb: Cut, Targets: []string{"master-1", "master-2"}, OneWay: true},
		"loss master-1 node-1 30%":         {Verb: Loss, Targets: []string{"master-1", "node-1"}, Percent: 30},
		"delay node-1 node-2 50ms":         {Verb: Delay, Targets: []string{"node-1", "node-2"}, Delay: 50 * time.Millisecond},
		"flap node-1 node-2 --every 2s":    {Verb: Flap, Targets: []string{"node-1", "node-2"}, Every: 2 * time.Second},
		"split master-1 master-2,master-3": {Verb: Split, Targets: []string{"master-1", "master-2,master-3"}},
		"heal --all":                       {Verb: Heal, All: true},
		"heal f3":                          {Verb: Heal, Targets: []string{"f3"}},
		"snapshot save before":             {Verb: SaveSnapshot, Targets: []string{"before"}},
		"rolling-restart":                  {Verb: RollingRestart},
	} {
		if got := a.String(); got != want {
			t.Errorf("String = %q, want %q", got, want)
		}
	}
}

func TestMarks(t *testing.T) {
	within := Expectation{Phase: Election, Within: time.Second}
	for name, tt := range map[string]struct {
		mark Mark
		late bool
	}{
		"in time":  {Mark{Expectation: within, Seen: true, Took: time.Second}, false},
		"late":     {Mark{Expectation: within, Seen: true, Took: time.Second + 1}, true},
		"not seen": {Mark{Expectation: within}, true},
	} {
		if got := tt.mark.Late(); got != tt.late {
			t.Errorf("%s: Late = %t, want %t", name, got, tt.late)
		}
	}
	if !(Record{}).Active() || (Record{Healed: time.Now()}).Active() {
		t.Error("a record is active until it is healed")
	}
}
