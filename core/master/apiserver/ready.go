package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// poll is how often a starting server is asked; an answer costs it less than a millisecond.
	poll = 25 * time.Millisecond
	// answer bounds one question.
	answer = 2 * time.Second
)

// ask asks until /readyz says ok.
func (s *Server) ask(ctx context.Context) error {
	client, err := rest.HTTPClientFor(s.loopback)
	if err != nil {
		return err
	}
	client.Timeout = answer
	for {
		err := get(ctx, client, s.loopback.Host+"/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(poll):
		case <-s.done:
			return errors.Join(s.Err(), err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s: %s", resp.Status, body)
	}
	return nil
}
