package store

import (
	"context"
	"fmt"
	"math"
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
	if room(root) >= leastRoom {
		return nil
	}
	return fmt.Errorf("the disk that holds %s is full: %w; make room, or keep labs elsewhere: export LAB_HOME=/some/other/place",
		root, unix.ENOSPC)
}

// room is how many bytes are left of the disk that holds path: none when there is no inode left, and very many when that
// cannot be told.
func room(path string) int64 {
	var fs unix.Statfs_t
	switch err := unix.Statfs(path, &fs); {
	case err != nil:
		return math.MaxInt64
	case fs.Files > 0 && fs.Ffree == 0: // some file systems have no fixed number of inodes and say 0 of 0
		return 0
	}
	return int64(fs.Bfree) * fs.Bsize // what is kept for root counts: that is who writes
}

// Room is an error when less than need bytes are left of the disk that holds the lab.
func (d Dir) Room(need int64) error {
	const mib = 1 << 20
	if left := room(d.path); left < need {
		return fmt.Errorf("%d MiB are left of the disk that holds %s, and it takes %d: %w; make room", left/mib, d.path, need/mib, unix.ENOSPC)
	}
	return nil
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
