package sshd

import "slices"

// Role is what somebody attached may do. What that means for a program or a command is theirs to decide.
type Role string

const (
	Spectator  Role = "spectator"  // looks
	Driver     Role = "driver"     // also changes the lab
	Instructor Role = "instructor" // also decides over others
)

// roles, from the least to the most.
var roles = []Role{Spectator, Driver, Instructor}

// AtLeast says whether r may do what other may. It is false for a role that does not exist.
func (r Role) AtLeast(other Role) bool {
	i := slices.Index(roles, r)
	return i >= 0 && i >= slices.Index(roles, other)
}
