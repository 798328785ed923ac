// Package trouble holds the panels with which a lab is broken and watched while it copes: what can be killed and cut, what the stopwatch
// measured, what happened to one object, the commands that do the same by hand, logs, and the timeline that stands beside the map.
//
// Panels makes them all. faults.go is the panel of faults, with killmatrix.go, linkmatrix.go and injected.go as its parts and links.go as
// what it knows of links; stopwatch.go draws a record with measured.go; timeline.go and stopwatch.go share followed.go, which says what
// came after a deed; story.go and logs.go let choose what they show with chooser.go.
package trouble

import "kubelab/tui/panel"

// Panels makes every panel of this package, in the order in which they are offered.
func Panels() []panel.Panel {
	return []panel.Panel{&faults{}, &stopwatch{}, newStory(), &commands{}, newLogs(), &timeline{}}
}
