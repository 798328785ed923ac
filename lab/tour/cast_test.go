package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// decoded are the header and the events of a cast.
func decoded(t *testing.T, c *cast) (header map[string]any, at []float64, data []string) {
	t.Helper()
	raw, err := c.encode(120, 40, "a title")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(raw), []byte{'\n'}) {
		if i == 0 {
			if err := json.Unmarshal(line, &header); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var event []any
		if err := json.Unmarshal(line, &event); err != nil || len(event) != 3 || event[1] != "o" {
			t.Fatalf("%v: %s", err, line)
		}
		at, data = append(at, event[0].(float64)), append(data, event[2].(string))
	}
	return header, at, data
}

func TestCast(t *testing.T) {
	c := newCast()
	c.add(c.began.Add(100*time.Millisecond), []byte("\x1b[31m<&>"))
	c.add(c.began.Add(101*time.Millisecond), []byte(" more"))
	c.add(c.began.Add(1500*time.Millisecond), []byte("later"))
	header, at, data := decoded(t, c)
	if header["version"] != 2.0 || header["width"] != 120.0 || header["height"] != 40.0 || header["title"] != "a title" {
		t.Errorf("header is %v", header)
	}
	if len(at) != 2 || at[0] != 0.1 || data[0] != "\x1b[31m<&> more" || at[1] != 1.5 || data[1] != "later" {
		t.Errorf("events are %v %q", at, data)
	}
}

func TestCharactersStayWhole(t *testing.T) {
	const text = "a★漢👩é─"
	for cut := range text {
		for size := 1; size < 5; size++ {
			c := newCast()
			now := c.began
			for rest := text[cut:]; rest != ""; {
				n := min(size, len(rest))
				now = now.Add(time.Second)
				c.add(now, []byte(rest[:n]))
				rest = rest[n:]
			}
			_, _, data := decoded(t, c)
			if got := strings.Join(data, ""); got != text[cut:] {
				t.Fatalf("in pieces of %d, %q became %q", size, text[cut:], got)
			}
		}
	}
}

func TestALongCastIsPlayedFaster(t *testing.T) {
	c := newCast()
	for _, after := range []time.Duration{0, 20 * time.Second, 80 * time.Second} {
		c.add(c.began.Add(after), []byte("x"))
	}
	if _, at, _ := decoded(t, c); at[0] != 0 || at[1] != 10 || at[2] != 40 {
		t.Errorf("events are at %v", at)
	}
}

func TestTheEndIsLeftOut(t *testing.T) {
	c := newCast()
	c.add(c.began, []byte("seen"))
	c.end()
	c.add(time.Now(), []byte("too late"))
	if _, _, data := decoded(t, c); len(data) != 2 || data[0] != "seen" || data[1] != "" {
		t.Errorf("events are %q", data)
	}
}
