package main

import (
	"testing"

	"kubelab/core/view"
	"kubelab/lab/sshd"
	"kubelab/tui/theme"
)

func TestThemeFor(t *testing.T) {
	for _, tt := range []struct {
		environ []string
		mine    theme.Name
		want    theme.Name
	}{
		{nil, "", theme.Dark},
		{nil, theme.Light, theme.Light},
		{[]string{"NO_COLOR="}, theme.Light, theme.Light},
		{[]string{"NO_COLOR=1", "LC_LAB_THEME=dark"}, theme.Light, theme.None},
		{[]string{"LC_LAB_THEME=color-blind"}, theme.Light, theme.ColorBlind},
		{[]string{"LC_LAB_THEME=blue"}, theme.Light, theme.Light},
		{[]string{"XLC_LAB_THEME=none", "LC_LAB_THEME"}, "", theme.Dark},
	} {
		if got := themeFor(tt.environ, tt.mine).Name; got != tt.want {
			t.Errorf("%q and %q: %s, not %s", tt.environ, tt.mine, got, tt.want)
		}
	}
}

// TestRoles holds what each role may do against what it must not.
func TestRoles(t *testing.T) {
	for _, tt := range []struct {
		role sshd.Role
		argv []string
		may  bool
	}{
		{sshd.Spectator, []string{"status"}, true},
		{sshd.Spectator, []string{"kill", "master-1"}, false},
		{sshd.Spectator, []string{"keys", "secrets/default/s", "--secrets"}, false},
		{sshd.Spectator, []string{"status", "--recording=/etc/shadow"}, false},
		{sshd.Spectator, []string{"ask", "what-if", "/etc/shadow"}, false},
		{sshd.Spectator, nil, false},
		{sshd.Driver, []string{"kill", "master-1"}, true},
		{sshd.Driver, []string{"stop", "master-1"}, true},
		{sshd.Driver, []string{"stop"}, false},
		{sshd.Driver, []string{"start", "--detach"}, false},
		{sshd.Driver, []string{"delete"}, false},
		{sshd.Driver, []string{"kubectl", "get", "pods"}, false},
		{sshd.Driver, []string{"--name", "other", "status"}, false},
		{sshd.Driver, []string{"record", "/root/x"}, false},
		{sshd.Spectator, []string{"exercise", "list"}, false},
		{sshd.Driver, []string{"exercise", "run", "3"}, true},
		{sshd.Driver, []string{"exercise"}, true},
		{sshd.Driver, []string{"exercise", "test"}, false},
		{sshd.Driver, []string{"exercise", "new", "/root/x"}, false},
		{sshd.Driver, []string{"exercise", "--dir", "/root", "list"}, false},
		{sshd.Driver, []string{"exercise", "list", "--dir=/root"}, false},
		{sshd.Instructor, []string{"kubectl", "get", "pods"}, true},
		{"king", []string{"status"}, true}, // whatever it is, it only looks
		{"king", []string{"kill", "master-1"}, false},
	} {
		if err := allowed(tt.argv, tt.role); (err == nil) != tt.may {
			t.Errorf("%s calls %v: %v", tt.role, tt.argv, err)
		}
	}
	for name, l := range map[string]view.Lab{"spectator": looking{}, "driver": driving{}} {
		for _, v := range []view.Verb{view.Apply, view.SaveSnapshot, view.RestoreSnapshot} {
			if _, err := l.Do(t.Context(), view.Action{Verb: v}, nil); err == nil {
				t.Errorf("a %s may %s", name, v)
			}
		}
	}
}
