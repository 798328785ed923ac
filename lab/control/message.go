// Package control is how commands talk to a running engine: HTTP over a Unix socket in the lab's directory,
// which only root can open. Long work answers with a stream of messages, one JSON object a line: steps as
// they begin and end, and last a result or an error.
//
// The main types are Server, Client and Message.
package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"kubelab/core/view"
)

// Message is one line of a stream.
type Message struct {
	Step   *view.Step `json:"step,omitempty"`
	Result string     `json:"result,omitempty"`
	Error  string     `json:"error,omitempty"`
	Code   view.Code  `json:"code,omitempty"`
	End    bool       `json:"end,omitempty"` // nothing follows; a stream without it was cut off
}

// Writer sends a stream. Its methods may be called from several goroutines.
type Writer struct {
	mu  sync.Mutex // guards out
	out io.Writer
}

// NewWriter sends to out, line by line.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

func (w *Writer) send(m Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// A reader that has gone away loses its messages; the work goes on without it.
	_ = json.NewEncoder(w.out).Encode(m)
}

// Report sends a step; it is a view.Report.
func (w *Writer) Report(s view.Step) { w.send(Message{Step: &s}) }

// End closes the stream with the outcome of the work.
func (w *Writer) End(result string, err error) {
	m := Message{Result: result, End: true}
	if err != nil {
		m.Error, m.Code = err.Error(), view.CodeOf(err)
	}
	w.send(m)
}

// maxLine is the longest line that is read, in bytes: keys of etcd can be asked for by the thousand, with their values.
const maxLine = 1 << 30

// ErrCutOff is returned when a stream ends without having said how the work ended: the engine died.
var ErrCutOff = errors.New("the engine went away before it was done")

// Read follows a stream to its end, hands every step to report, and returns the outcome.
func Read(in io.Reader, report view.Report) (result string, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var m Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return "", fmt.Errorf("read the engine's answer: %w", err)
		}
		switch {
		case m.Step != nil:
			report(*m.Step)
		case m.End && m.Error != "":
			return "", &view.Failure{Code: m.Code, Err: errors.New(m.Error)}
		case m.End:
			return m.Result, nil
		}
	}
	return "", errors.Join(ErrCutOff, lines.Err())
}
