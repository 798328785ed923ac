// Package content holds the built-in exercises, a folder each, as the binary carries them. They are read as those of an
// instructor are; see package exercises.
package content

import "embed"

// FS has a folder for each exercise. Their names begin with the exercise's number, which is the order in which they are shown.
//
//go:embed [0-9]*
var FS embed.FS
