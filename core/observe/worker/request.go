package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"kubelab/core/network"
	"kubelab/core/plain"
)

const (
	tryBound    = time.Second // of one request
	tryParallel = 8
	maxAnswer   = 64 << 10 // bytes of an answer that are read
	maxName     = 253      // bytes of a pod's name
)

// answer is what became of one request.
type answer struct {
	pod  string         // that has answered, if it says so
	from netip.AddrPort // the request's own address
	err  error
}

// requests makes so many requests from a network namespace, and returns what became of each.
func requests(ctx context.Context, namespace string, to netip.AddrPort, count int) ([]answer, error) {
	answers, errs := make([]answer, count), make([]error, tryParallel)
	var next atomic.Int64
	var all sync.WaitGroup
	for worker := range tryParallel {
		all.Go(func() {
			errs[worker] = network.InNamespace(namespace, func() error {
				for i := next.Add(1) - 1; i < int64(count); i = next.Add(1) - 1 {
					answers[i] = request(ctx, to)
				}
				return nil
			})
		})
	}
	all.Wait()
	return answers, errors.Join(errs...)
}

// request makes a connection, by the calling thread, and asks over it as HTTP does.
func request(ctx context.Context, to netip.AddrPort) answer {
	ctx, cancel := context.WithTimeout(ctx, tryBound)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return answer{err: err}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // ends what is under way
	a := answer{from: conn.LocalAddr().(*net.TCPAddr).AddrPort()}
	a.pod, err = ask(conn, to)
	if err != nil {
		a.err = fmt.Errorf("request to %s: %w", to, err)
		if ctx.Err() != nil {
			a.err = fmt.Errorf("request to %s: connected, but no answer: %w", to, ctx.Err())
		}
	}
	return a
}

// ask asks for / and returns the pod that the answer names, which is none where it is not the demo that answers.
func ask(conn net.Conn, to netip.AddrPort) (pod string, err error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+to.String()+"/", nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Accept", "application/json")
	r.Close = true
	if err := r.Write(conn); err != nil {
		return "", err
	}
	in := bufio.NewReader(io.LimitReader(conn, maxAnswer))
	if _, err := in.Peek(1); err != nil {
		return "", err
	}
	// From here on it has answered, in whatever language.
	got, err := http.ReadResponse(in, r)
	if err != nil {
		return "", nil
	}
	defer got.Body.Close()
	var who struct{ Pod string }
	if json.NewDecoder(got.Body).Decode(&who) != nil || len(who.Pod) > maxName {
		return "", nil
	}
	return plain.Line(who.Pod), nil
}

// connections tells from the kernel's table of connections which endpoint those to an address were sent to, by the port
// that they come from. Connections are in the table for some time after their end.
func connections(namespace string, to netip.AddrPort) (map[uint16]netip.AddrPort, error) {
	endpoints := map[uint16]netip.AddrPort{}
	err := network.InNamespace(namespace, func() error {
		flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
		if err != nil {
			return fmt.Errorf("list connections: %w", err)
		}
		for _, f := range flows {
			dst, _ := netip.AddrFromSlice(f.Forward.DstIP)
			src, ok := netip.AddrFromSlice(f.Reverse.SrcIP)
			if ok && f.Forward.Protocol == unix.IPPROTO_TCP && netip.AddrPortFrom(dst.Unmap(), f.Forward.DstPort) == to {
				endpoints[f.Forward.SrcPort] = netip.AddrPortFrom(src.Unmap(), f.Reverse.SrcPort)
			}
		}
		return nil
	})
	return endpoints, err
}
