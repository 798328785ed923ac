package apiserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// A crashed API server's requests end at once, and its watches give it nothing to try again.
func TestGrave(t *testing.T) {
	s := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 1, 0)
	d, err := store.Open(t.TempDir(), s.Name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := pki.Open(d, s)
	if err != nil {
		t.Fatal(err)
	}
	m := s.Masters[0]
	if err := a.Master(m); err != nil {
		t.Fatal(err)
	}
	files := pki.MasterFilesOf(d, m)
	g, err := dig(files.EtcdServer)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan struct{})
	go func() { defer close(opened); g.open() }()

	by := newDialer(netip.MustParseAddr("127.0.0.1"), g)
	by.shut()
	if _, err := by.dial(t.Context(), "tcp", "127.0.0.1:1"); !errors.Is(err, errShut) {
		t.Errorf("dial anything but etcd: %v", err)
	}
	config, err := transport.TLSInfo{
		CertFile: files.EtcdClient.Cert, KeyFile: files.EtcdClient.Key, TrustedCAFile: pki.SharedFilesOf(d).EtcdCA.Cert,
	}.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	c, err := clientv3.New(clientv3.Config{
		Endpoints: []string{s.EtcdClientURL(m)}, TLS: config, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return by.dialEtcd(ctx, "tcp", addr)
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	begin := time.Now()
	if _, err := c.Put(ctx, "a", "b"); status.Code(err) != codes.PermissionDenied {
		t.Errorf("write: %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the refusal took %s", took)
	}
	// The channel closes when the client gives up, and not before.
	short, giveUp := context.WithTimeout(ctx, 200*time.Millisecond)
	defer giveUp()
	if r := <-c.Watch(short, "a"); short.Err() == nil {
		t.Errorf("a watch was answered: %v", r.Err())
	}
	g.close()
	select {
	case <-opened:
	case <-time.After(5 * time.Second):
		t.Error("the grave does not close")
	}
}
