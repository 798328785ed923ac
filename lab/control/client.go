package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"kubelab/core/topology"
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
	body, err := c.do(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return s, err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(&s); err != nil {
		return s, fmt.Errorf("read the engine's answer: %w", err)
	}
	return s, nil
}

// Add adds a machine and returns its name.
func (c *Client) Add(ctx context.Context, kind topology.Kind, report view.Report) (string, error) {
	return c.stream(ctx, http.MethodPost, "/machines/"+string(kind), nil, report)
}

// Remove removes a machine.
func (c *Client) Remove(ctx context.Context, m topology.Machine, report view.Report) error {
	_, err := c.stream(ctx, http.MethodDelete, "/machines/"+m.Name(), nil, report)
	return err
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
