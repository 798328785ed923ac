package main

import (
	"bytes"
	"encoding/json"
	"math"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// longest is how long a cast lasts at most. What took longer is played faster.
	longest = 40 * time.Second
	// together is how far apart output may come that is written as one: less than a frame of most players.
	together = 15 * time.Millisecond
)

// cast is what a terminal was sent, in the format of asciinema, version 2 (docs.asciinema.org/manual/asciicast/v2).
type cast struct {
	began time.Time

	mu     sync.Mutex // guards what follows
	events []output
	rest   []byte // the first bytes of a character whose others have not come yet
	over   bool
}

// output is what came at once.
type output struct {
	at   time.Duration // since the beginning
	data []byte
}

func newCast() *cast { return &cast{began: time.Now()} }

// add adds what came at that time. A character that is cut in two stays whole.
func (c *cast) add(now time.Time, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data = append(c.rest, data...)
	n := len(data) - unfinished(data)
	c.rest = bytes.Clone(data[n:])
	if n == 0 || c.over {
		return
	}
	at := now.Sub(c.began)
	if last := len(c.events) - 1; last >= 0 && at-c.events[last].at < together {
		c.events[last].data = append(c.events[last].data, data[:n]...)
		return
	}
	c.events = append(c.events, output{at, bytes.Clone(data[:n])})
}

// unfinished is how many bytes at the end of data begin a character and do not end it.
func unfinished(data []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(data); n++ {
		if tail := data[len(data)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// end leaves out what comes from now on, and lets the last picture stand until now.
func (c *cast) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.events = append(c.events, output{time.Since(c.began), nil})
}

// encode is the file.
func (c *cast) encode(width, height int, title string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	speed := 1.0
	if n := len(c.events); n > 0 {
		speed = max(1, c.events[n-1].at.Seconds()/longest.Seconds())
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it is longer
	header := struct {
		Version int               `json:"version"`
		Width   int               `json:"width"`
		Height  int               `json:"height"`
		Title   string            `json:"title"`
		Env     map[string]string `json:"env"`
	}{2, width, height, title, map[string]string{"TERM": "xterm-256color"}}
	if err := e.Encode(header); err != nil {
		return nil, err
	}
	for _, o := range c.events {
		seconds := math.Round(o.at.Seconds()/speed*1000) / 1000
		if err := e.Encode([]any{seconds, "o", string(o.data)}); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}
