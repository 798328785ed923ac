package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"kubelab/core/view"
)

// Client talks to the engine that serves a socket.
type Client struct{ http http.Client }

// Dial makes a client of the engine behind the socket at path. It connects with the first call.
func Dial(path string) *Client {
	var d net.Dialer
	return &Client{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", path)
		},
	}}}
}

// Status is the lab as it is now.
func (c *Client) Status(ctx context.Context) (view.Snapshot, error) {
	var s view.Snapshot
	return s, c.get(ctx, "/status", &s)
}

// Possibilities lists what can be done to the lab, and why not.
func (c *Client) Possibilities(ctx context.Context) ([]view.Possible, error) {
	var list []view.Possible
	return list, c.get(ctx, "/faults", &list)
}

// History lists all faults that are remembered, the oldest first.
func (c *Client) History(ctx context.Context) ([]view.Record, error) {
	var list []view.Record
	return list, c.get(ctx, "/faults/history", &list)
}

// Do has the engine do what is asked.
func (c *Client) Do(ctx context.Context, a view.Action, report view.Report) (view.Outcome, error) {
	var out view.Outcome
	b, err := json.Marshal(a)
	if err != nil {
		return out, err
	}
	result, err := c.stream(ctx, http.MethodPost, "/do", bytes.NewReader(b), report)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal([]byte(result), &out); err != nil {
		return out, fmt.Errorf("read the engine's answer: %w", err)
	}
	return out, nil
}

// Events are those that are remembered and that q selects, the oldest first.
func (c *Client) Events(ctx context.Context, q view.Query) ([]view.Event, error) {
	b, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	body, err := c.do(ctx, http.MethodPost, "/events", bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var list []view.Event
	if err := json.NewDecoder(body).Decode(&list); err != nil {
		return nil, fmt.Errorf("read the engine's answer: %w", err)
	}
	return list, nil
}

// Ask has the engine look something up.
func (c *Client) Ask(ctx context.Context, q view.Question) (view.Answer, error) {
	var a view.Answer
	b, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	result, err := c.stream(ctx, http.MethodPost, "/ask", bytes.NewReader(b), func(view.Step) {})
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(result), &a); err != nil {
		return a, fmt.Errorf("read the engine's answer: %w", err)
	}
	return a, nil
}

// LoadImage imports an image archive into every node and returns the images' names.
func (c *Client) LoadImage(ctx context.Context, archive io.Reader, report view.Report) ([]string, error) {
	result, err := c.stream(ctx, http.MethodPost, "/images", archive, report)
	if err != nil {
		return nil, err
	}
	var names []string
	return names, json.Unmarshal([]byte(result), &names)
}

// Stop stops the lab; the engine ends soon after.
func (c *Client) Stop(ctx context.Context, report view.Report) error {
	_, err := c.stream(ctx, http.MethodPost, "/stop", nil, report)
	return err
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	body, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("read the engine's answer: %w", err)
	}
	return nil
}

func (c *Client) stream(ctx context.Context, method, path string, in io.Reader, report view.Report) (string, error) {
	body, err := c.do(ctx, method, path, in)
	if err != nil {
		return "", err
	}
	defer body.Close()
	return Read(body, report)
}

func (c *Client) do(ctx context.Context, method, path string, in io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, in)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("reach the lab's engine: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10)) // only to say more
		return nil, fmt.Errorf("the engine refused %s %s: %s %s", method, path, answer.Status, text)
	}
	return answer.Body, nil
}
