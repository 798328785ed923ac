package apiserver

import (
	"context"
	"fmt"
	"net"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"kubelab/core/pki"
)

// grave is the etcd of a crashed API server: it refuses every request, for good. Without an answer, upstream's
// shutdown waits for ever for etcd to come back, and with it a hundred megabytes of dead server. Watches are
// kept waiting instead: upstream's reflectors try refused ones again at once, and all of them together would
// keep every core busy until the server has wound down.
type grave struct {
	listener *bufconn.Listener
	server   *grpc.Server
}

// buffer is enough for a refusal; nobody waits for speed here.
const buffer = 64 << 10

// dig makes a grave that identifies itself as the etcd member that the server knew.
func dig(as pki.Pair) (*grave, error) {
	creds, err := credentials.NewServerTLSFromFile(as.Cert, as.Key)
	if err != nil {
		return nil, fmt.Errorf("load the certificate of etcd: %w", err)
	}
	g := &grave{
		listener: bufconn.Listen(buffer),
		server:   grpc.NewServer(grpc.Creds(creds), grpc.UnknownServiceHandler(bury)),
	}
	return g, nil
}

func bury(_ any, stream grpc.ServerStream) error {
	if method, _ := grpc.MethodFromServerStream(stream); method == etcdserverpb.Watch_Watch_FullMethodName {
		<-stream.Context().Done() // the client gives up, or the grave is closed
		return stream.Context().Err()
	}
	// A code that etcd's client does not try again after.
	return status.Error(codes.PermissionDenied, errShut.Error())
}

// open serves until close.
func (g *grave) open() { _ = g.server.Serve(g.listener) } // it ends with close

func (g *grave) close() { g.server.Stop() }

func (g *grave) dial(ctx context.Context) (net.Conn, error) { return g.listener.DialContext(ctx) }
