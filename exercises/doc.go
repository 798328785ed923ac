// Package exercises says what a guided exercise is, and reads it from a folder: the built-in ones in content, or any
// other that an instructor has written. It refuses what is broken, hostile or too large, with file and line.
//
//   - exercise.yaml says what the exercise is about, what the lab has to look like, and its steps. See Exercise.
//   - task.md introduces it, debrief.md explains afterwards what was seen. Both may have {{ expressions }} in them.
//   - solution.txtar passes every check on a fresh lab. See package solution.
//   - Manifests that exercise.yaml names are applied to the lab.
//
// What expressions can use is in package check, how they are evaluated in expr. Running an exercise on a lab is the business
// of package session, what a person has done so far of progress, and the way from one exercise to the next, for a screen, of course.
package exercises
