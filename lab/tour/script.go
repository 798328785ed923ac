package main

import "time"

// title is of both files.
const title = "lab: etcd of master-1 is killed, master-2 takes over"

// step is something that is seen, then something that is typed, and then time to look.
type step struct {
	wait    string // a pattern of text that must be on the screen before
	keys    string
	look    time.Duration
	picture bool // of what is seen after that
}

const esc = "\x1b"

// script is the tour: a kill and what follows from it, its figures, what is behind them, and a node that is cut off.
var script = []step{
	{wait: "HEALTHY|DEGRADED", keys: " "}, // it plays from the start on; to pause and go back is sooner than anything happens
	{keys: "<"},
	{wait: "● HEALTHY", look: 2500 * time.Millisecond},
	{keys: " "},
	{wait: "✗ etcd"},
	{wait: "etcd → master-2"},
	{wait: "writes failed", look: 350 * time.Millisecond}, // the last snapshot of the kill; then it is healed
	{keys: " ", look: 1500 * time.Millisecond, picture: true},
	{look: 1500 * time.Millisecond},
	{keys: "t", look: 3 * time.Second},
	{keys: "2", look: 3 * time.Second},
	{keys: "3", look: 2500 * time.Millisecond},
	{keys: "!", look: 3 * time.Second},
	{keys: esc, look: 500 * time.Millisecond},
	{keys: "m", look: time.Second},
	{keys: " ]"},
	{wait: "isolated", look: 4500 * time.Millisecond},
	{keys: " 7", look: 2 * time.Second},
	{keys: "d", look: 3 * time.Second},
	{keys: "?", look: 2500 * time.Millisecond},
	{keys: esc + "m", look: 1500 * time.Millisecond},
}
