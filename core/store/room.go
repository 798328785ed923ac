package store

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// leastRoom, in bytes, is what a write of any component may need. With less the disk counts as full.
	leastRoom = 1 << 20
	// roomPace is how often the room is looked at: one system call each.
	roomPace = 250 * time.Millisecond
)

// Full is an error when the disk that holds the labs under root is full: less than 1 MiB is left, or no inode. It is nil
// when there is room, and when that cannot be told.
func Full(root string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(root, &fs); err != nil {
		return nil
	}
	// What is kept for root counts: that is who writes. Some file systems have no fixed number of inodes and say 0 of 0.
	if int64(fs.Bfree)*fs.Bsize >= leastRoom && (fs.Files == 0 || fs.Ffree > 0) {
		return nil
	}
	return fmt.Errorf("the disk that holds %s is full: %w; make room, or keep labs elsewhere: export LAB_HOME=/some/other/place",
		root, unix.ENOSPC)
}

// WhileRoom runs f with a context that ends as soon as the disk with the lab is full: on a full disk components wait for
// ever, each with its own words or with none. When f fails because of that, the full disk is the error.
func (d Dir) WhileRoom(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() {
		defer cancel()
		tick := time.NewTicker(roomPace)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if full := Full(d.Root()); full != nil {
					watched <- full
					return
				}
			case <-ctx.Done(): // it may have failed before the tick
				watched <- Full(d.Root())
				return
			}
		}
	}()
	err := f(ctx)
	cancel()
	if full := <-watched; err != nil && full != nil {
		return full
	}
	return err
}
