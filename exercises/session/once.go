package session

import (
	"context"
	"time"
)

// settleEvery is how often it is looked whether all is judged.
const settleEvery = 20 * time.Millisecond

// Check judges the current step once, as thoroughly as Run would, and returns the Status then. It waits for what the lab is
// asked, and for conditions that hold and have to stay so for a while; ctx ends that. The Session must not run.
func (s *Session) Check(ctx context.Context) (Status, error) {
	s.mu.Lock()
	s.judged = time.Time{}
	s.mu.Unlock()
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Run(running) }()
	err := s.settle(ctx, ended)
	cancel()
	if err == nil {
		err = <-ended
	}
	return s.Status(context.WithoutCancel(ctx)), err
}

func (s *Session) settle(ctx context.Context, ended <-chan error) error {
	look := time.NewTicker(settleEvery)
	defer look.Stop()
	for !s.settled() {
		select {
		case <-look.C:
		case err := <-ended:
			return err
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// settled reports whether nothing is left to find out but what has still to be done.
func (s *Session) settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current() == nil || !s.judged.IsZero() && !s.unwritten && !s.asker.Busy() && len(s.holds) == 0
}
