package recording

import (
	"math"
	"slices"
	"time"

	"kubelab/core/view"
)

// Play lets time pass, from the position on: speed is how many seconds of the lab there are in one of ours, any number
// greater than 0. At the end of the recording it stands still, but a jump back goes on playing. A speed that is none
// is a failure with code view.Usage, and changes nothing.
func (l *Lab) Play(speed float64) error {
	if !(speed > 0) || math.IsInf(speed, 1) {
		return view.Fail(view.Usage, "replay at speed %v: a speed is a number greater than 0, 1 is as it was", speed)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set(l.position(), speed)
	return nil
}

// Pause stops the clock.
func (l *Lab) Pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.set(l.position(), 0)
}

// Speed is at what speed it plays, 0 while it stands by Pause or Step.
func (l *Lab) Speed() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.speed
}

// Position is how far it is, from 0 to Length.
func (l *Lab) Position() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.position()
}

// Length is how long the recording lasts.
func (l *Lab) Length() time.Duration { return l.rec.length }

// Now is the position on the clock of the time when it was recorded.
func (l *Lab) Now() time.Time { return l.rec.info.Began.Add(l.Position()) }

// Seek jumps to a position; one that is outside of the recording is its beginning or its end. It plays on from there if
// it did before.
func (l *Lab) Seek(to time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jump(to, l.speed)
}

// SeekTime jumps to a moment on the clock of the time when it was recorded. See Seek.
func (l *Lab) SeekTime(to time.Time) { l.Seek(to.Sub(l.rec.info.Began)) }

// Step pauses, and goes to the next event or back to the one before: of one of the kinds, or of any that is no noise
// when none are given. It reports whether there is one; otherwise the position stays. On the way forward nothing is
// left out: Watch tells what lies between. The way back is a jump.
func (l *Lab) Step(forward bool, kinds ...view.EventKind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.position()
	wanted := func(i int) bool {
		kind := l.rec.events[i].Kind
		return slices.Contains(kinds, kind) || len(kinds) == 0 && !kind.Noise()
	}
	if forward {
		for i := l.rec.until(at); i < len(l.rec.events); i++ {
			if wanted(i) {
				l.set(l.rec.times[i], 0)
				return true
			}
		}
	} else {
		for i := l.rec.until(at - 1); i > 0; i-- {
			if wanted(i - 1) {
				l.jump(l.rec.times[i-1], 0)
				return true
			}
		}
	}
	l.set(at, 0)
	return false
}

// position is called with mu held, as set and jump are.
func (l *Lab) position() time.Duration {
	left := l.rec.length - l.at
	return l.at + time.Duration(min(float64(time.Since(l.since))*l.speed, float64(left)))
}

func (l *Lab) set(at time.Duration, speed float64) {
	l.at, l.since, l.speed = at, time.Now(), speed
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *Lab) jump(to time.Duration, speed float64) {
	l.jumps++
	l.set(min(max(to, 0), l.rec.length), speed)
}
