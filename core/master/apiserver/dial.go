package apiserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/server/egressselector"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

// dialer makes all connections of an API server, to etcd, kubelets, webhooks and aggregated API servers. It
// does so from its master's own address, so that links can be cut, and can drop them all at once, so that a
// crashed server says no last words.
type dialer struct {
	from  net.Dialer
	grave *grave // where connections to etcd end once shut

	mu    sync.Mutex            // guards conns
	conns map[*tracked]struct{} // nil when shut
}

// errShut is what a crashed server gets.
var errShut = errors.New("the API server crashed")

func newDialer(own netip.Addr, g *grave) *dialer {
	return &dialer{
		from:  net.Dialer{LocalAddr: &net.TCPAddr{IP: own.AsSlice()}},
		grave: g,
		conns: map[*tracked]struct{}{},
	}
}

// lookup has upstream's clients of every kind use d.
func (d *dialer) lookup(of egressselector.NetworkContext) (utilnet.DialFunc, error) {
	if of.EgressSelectionName == egressselector.Etcd.AsNetworkContext().EgressSelectionName {
		return d.dialEtcd, nil
	}
	return d.dial, nil
}

// useFor has the connections that have no lookup use d.
func (d *dialer) useFor(c *app.Config) {
	// The aggregator and the webhooks hold the same transport, and make no use of it yet.
	c.KubeAPIs.ControlPlane.Extra.ProxyTransport.DialContext = d.dial
}

func (d *dialer) dialEtcd(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.dial(ctx, network, address)
	if errors.Is(err, errShut) {
		return d.grave.dial(ctx)
	}
	return c, err
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if d.isShut() {
		return nil, errShut
	}
	c, err := d.from.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	t := &tracked{c.(*net.TCPConn), d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns == nil {
		t.reset()
		return nil, errShut
	}
	d.conns[t] = struct{}{}
	return t, nil
}

func (d *dialer) isShut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conns == nil
}

// shut resets all connections, and all that will be made.
func (d *dialer) shut() {
	d.mu.Lock()
	conns := d.conns
	d.conns = nil
	d.mu.Unlock()
	for c := range conns {
		c.reset()
	}
}

// tracked is a connection that its dialer knows of.
type tracked struct {
	*net.TCPConn
	by *dialer
}

// Close closes the connection.
func (t *tracked) Close() error {
	t.by.mu.Lock()
	delete(t.by.conns, t)
	t.by.mu.Unlock()
	return t.TCPConn.Close()
}

func (t *tracked) reset() {
	_, _ = t.SetLinger(0), t.TCPConn.Close() // it may have ended before
}
