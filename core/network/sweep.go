package network

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Sweep removes everything that the lab has added to the host's network, whether or not its engine ever
// stopped in order. It may be called at any time, and again; a lab that runs loses its network by it.
func Sweep(ctx context.Context, lab string) error {
	return errors.Join(
		sweepLinks(lab),
		sweepNamespaces(lab),
		deleteTable(ctx, lab),
		closeFirewall(ctx, lab),
		sweepDelays(lab),
		stopForwarding(),
	)
}

// sweepLinks removes the bridge, and with it addresses and routes, and the nodes' links.
func sweepLinks(lab string) error {
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	var errs []error
	for _, l := range links {
		a := l.Attrs()
		if a.Name != Bridge(lab) && !strings.HasPrefix(a.Name, linkPrefix(lab)) {
			continue
		}
		// Two names can have the same hash. A link without alias was made a moment before its maker died.
		if a.Alias == "" || a.Alias == alias(lab) || strings.HasPrefix(a.Alias, alias(lab, "")) {
			errs = append(errs, removeLink(a.Name))
		}
	}
	return errors.Join(errs...)
}

func sweepNamespaces(lab string) error {
	entries, err := os.ReadDir(namespaceDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var errs []error
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), namespacePrefix(lab)) {
			errs = append(errs, removeNamespace(e.Name()))
		}
	}
	// Without names in it, the mount that shareNamespaceDir has made is of no use; whoever needs it makes it again.
	if left, _ := os.ReadDir(namespaceDir); len(left) == 0 {
		_ = unix.Unmount(namespaceDir, 0)
	}
	return errors.Join(append(errs, err)...)
}
