// Command containerd-shim-runc-v2 is containerd's runc shim, unchanged, as a binary of its own.
//
// containerd starts it once per pod. Shim and daemon register their plugins in one process-wide
// registry, so they cannot share a binary; and a small one starts in 6 ms where the big one takes 65 ms.
package main

import (
	"context"

	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/manager"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/task/plugin"
	"github.com/containerd/containerd/v2/pkg/shim"
)

func main() {
	shim.RunShim(context.Background(), manager.NewShimManager("io.containerd.runc.v2"))
}
