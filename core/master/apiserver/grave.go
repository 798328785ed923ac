package apiserver

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"kubelab/core/pki"
)

// grave is the etcd of a crashed API server: it refuses everything, for good. Without an answer, upstream's
// shutdown waits for ever for etcd to come back, and with it a hundred megabytes of dead server.
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
	// A code that etcd's client does not try again after.
	refuse := func(any, grpc.ServerStream) error {
		return status.Error(codes.PermissionDenied, errShut.Error())
	}
	g := &grave{
		listener: bufconn.Listen(buffer),
		server:   grpc.NewServer(grpc.Creds(creds), grpc.UnknownServiceHandler(refuse)),
	}
	return g, nil
}

// open serves until close.
func (g *grave) open() { _ = g.server.Serve(g.listener) } // it ends with close

func (g *grave) close() { g.server.Stop() }

func (g *grave) dial(ctx context.Context) (net.Conn, error) { return g.listener.DialContext(ctx) }
