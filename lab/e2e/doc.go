// Package e2e tries the real binary on real labs, as a person would: the scripts in testdata call lab and
// compare the machine before and after. They need root, and the binary that LAB_BIN names (make test sets
// it); without them they are skipped with a word.
package e2e
