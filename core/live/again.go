package live

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// A connection through the balancer ends when its API server does, and the next one goes to another. What objects asks may be asked
// twice, for all of it says how things are to be; so it is, for a while.
const (
	againFor   = 8 * time.Second
	againEvery = 200 * time.Millisecond
)

type again struct{ http.RoundTripper }

// askAgain has clients of config ask again when their connection has broken.
func askAgain(config *rest.Config) {
	config.Wrap(transport.WrapperFunc(func(rt http.RoundTripper) http.RoundTripper { return again{rt} }))
}

func (a again) RoundTrip(r *http.Request) (*http.Response, error) {
	for until := time.Now().Add(againFor); ; {
		answer, err := a.RoundTripper.RoundTrip(r)
		if err == nil || !broken(err) || time.Now().After(until) || r.Body != nil && r.GetBody == nil {
			return answer, err
		}
		select {
		case <-time.After(againEvery):
		case <-r.Context().Done():
			return answer, err
		}
		if r.Body != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

func broken(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
