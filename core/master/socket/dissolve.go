package socket

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// dissolve is connect(fd, AF_UNSPEC), which x/sys/unix cannot express.
func dissolve(fd int) error {
	sa := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&sa)), unsafe.Sizeof(sa))
	if errno != 0 {
		return errno
	}
	return nil
}
