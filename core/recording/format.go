// Package recording keeps what a lab went through in a file, and shows it again without the lab: for a lesson that is
// prepared once, or for a failure that somebody else is to look at. Neither a cluster nor root is needed for that.
//
// Record follows a lab and writes. Open reads a file into a Recording; Replay makes a Lab of it, which is a view.Lab
// with a clock that can be stopped, hurried and set. What a recording cannot do is to answer what only a running
// cluster knows, or to let anything be done to it.
//
// # The file
//
// The first line is plain: the word "kubelab recording" and the version of the format. The rest is zstd, and decoded
// (tail -n +2 FILE | zstd -dc) it is a JSON object a line: first Info, then snapshots, changes of them (see merge) and
// events, each with the time since the recording began, and last a mark that this is the end. About every minute
// the zstd frame ends, which checks all that is in it, and the next one begins with a whole snapshot: that is where a
// replay gets in. What is written reaches the file within a second, so a file without its end is of use too. Its last
// minute has no checksum then.
//
// An idle lab of three masters and three nodes takes less than 20 MB an hour, with the whole id of each request; a test
// holds it to that.
//
// Values of Secrets are in no event and in no snapshot that a lab shows. So there is nothing to hide here, and nothing is.
// Files can be read by their owner only all the same.
package recording

import (
	"bytes"
	"encoding/json"
	"time"

	"kubelab/core/view"
)

const (
	// magic begins every file; the version of the format follows, and the end of the line.
	magic = "kubelab recording "
	// format changes when an older program would misread what this one writes.
	format = 1
)

// keyEvery is how often there is a whole snapshot. A jump has to read the changes of that long at most.
const keyEvery = time.Minute

// Bounds of what is read and written, so that no file can take all memory.
const (
	maxLine   = 16 << 20 // bytes
	maxCost   = 3 << 30  // see cost
	maxLength = 30 * 24 * time.Hour
	maxWindow = 4 << 20 // bytes that zstd looks back: more than an idle lab's minute
)

// Info says what a recording is of.
type Info struct {
	Lab     string    `json:"lab"`
	Began   time.Time `json:"began"`
	Program string    `json:"program"` // version of the program that recorded it
}

// line is one line of a file. Beside the time exactly one field is set.
type line struct {
	At    int64           `json:"at"` // microseconds since the recording began
	Info  *Info           `json:"info,omitempty"`
	Full  json.RawMessage `json:"full,omitempty"`  // a snapshot
	Patch json.RawMessage `json:"patch,omitempty"` // what changed in it
	Event *view.Event     `json:"event,omitempty"`
	End   *end            `json:"end,omitempty"`
}

// end is the mark that nothing is missing.
type end struct {
	Events int `json:"events"` // that the file has
}

// cost estimates what memory the line takes once it is read, in bytes, from above: each thing in it has a comma in front,
// and the largest that a few letters stand for is about that large.
func cost(line []byte) int64 {
	return int64(len(line)) + 48*int64(bytes.Count(line, []byte{','}))
}
