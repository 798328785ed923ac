package live

import (
	"net/http"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
)

// A connection through the balancer ends when its API server does, and the next one goes to another. So what can be asked twice is asked
// again, for a while.
const (
	againFor   = 8 * time.Second
	againEvery = 200 * time.Millisecond
)

type again struct{ http.RoundTripper }

// askAgain has clients of config ask again when their connection has broken.
func askAgain(config *rest.Config) {
	config.Wrap(func(rt http.RoundTripper) http.RoundTripper { return again{rt} })
}

func (a again) RoundTrip(r *http.Request) (*http.Response, error) {
	for until := time.Now().Add(againFor); ; {
		answer, err := a.RoundTripper.RoundTrip(r)
		if err == nil || !repeatable(r, err) || time.Now().After(until) {
			return answer, err
		}
		select {
		case <-time.After(againEvery):
		case <-r.Context().Done():
			return answer, err
		}
		r = r.Clone(r.Context()) // a RoundTripper leaves the caller's alone
		if r.Body != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// repeatable reports whether a request may be sent once more. One that was refused a connection has reached nobody. One whose connection broke
// may have been carried out: that does no harm where it says how something is to be, but an object is not made or deleted twice.
func repeatable(r *http.Request, err error) bool {
	switch {
	case r.Body != nil && r.GetBody == nil:
		return false
	case utilnet.IsConnectionRefused(err):
		return true
	case r.Method == http.MethodPost || r.Method == http.MethodDelete:
		return false
	}
	return utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err)
}
