// Command sleep waits for a number of seconds, a duration such as 1m30s, or for infinity.
//
// It exits with 0 on SIGTERM, so that a pod which only sleeps stops at once and as completed.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sleep SECONDS|DURATION|infinity")
		os.Exit(2)
	}
	var over <-chan time.Time // never, for infinity
	if os.Args[1] != "infinity" {
		d, err := parse(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "sleep:", err)
			os.Exit(2)
		}
		over = time.After(d)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	select {
	case <-over:
	case <-stop:
	}
}

func parse(value string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 && seconds < 1e9 {
		return time.Duration(seconds * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q: want seconds, a duration such as 1m30s, or infinity", value)
	}
	return d, nil
}
