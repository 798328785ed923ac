package config

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// home makes a home with a file in it; none if text is empty.
func home(t *testing.T, text string) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, ".config/lab/config")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, file
}

// from is what somebody with this environment wants. Behind sudo he is called anna and lives in anna.
func from(env map[string]string, anna string, uid int) Screen {
	return caller{
		uid:    map[bool]int{true: 0, false: 1000}[env["SUDO_USER"] != ""],
		getenv: func(name string) string { return env[name] },
		lookup: func(name string) (*user.User, error) {
			if name != "anna" {
				return nil, errors.New("unknown")
			}
			return &user.User{Uid: strconv.Itoa(uid), HomeDir: anna}, nil
		},
	}.load()
}

func TestWhereTheFileIs(t *testing.T) {
	dark, _ := home(t, "theme = dark")
	light, _ := home(t, "theme = light")
	none, _ := home(t, "")
	me := os.Geteuid()
	if me == 0 {
		me = 1 // the files are root's, which is as good
	}
	for _, tt := range []struct {
		env  map[string]string
		anna string
		want string
	}{
		{map[string]string{}, "", ""},
		{map[string]string{"HOME": none}, "", ""},
		{map[string]string{"HOME": dark}, "", "dark"},
		{map[string]string{"HOME": dark, "XDG_CONFIG_HOME": filepath.Join(light, ".config")}, "", "light"},
		{map[string]string{"HOME": dark, "XDG_CONFIG_HOME": filepath.Join(none, ".config")}, "", ""},
		{map[string]string{"HOME": dark, "XDG_CONFIG_HOME": "relative"}, "", "dark"},
		{map[string]string{"HOME": dark, "SUDO_USER": "anna"}, light, "light"},
		{map[string]string{"HOME": dark, "SUDO_USER": "anna"}, none, "dark"},
		{map[string]string{"HOME": dark, "SUDO_USER": "anna"}, "", "dark"},
		{map[string]string{"HOME": dark, "SUDO_USER": "nobody-knows"}, light, "dark"},
	} {
		if got := from(tt.env, tt.anna, me); string(got.Theme) != tt.want || got.Note != "" {
			t.Errorf("%v: %+v, not %s", tt.env, got, tt.want)
		}
	}
}

func TestFilesThatAreNotRead(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		spoil func(t *testing.T, file string)
		want  string
	}{
		"mistake": {"\ntheme = blue", nil, `~/.config/lab/config:2: there is no theme "blue"`},
		"large":   {strings.Repeat("# long\n", 20_000), nil, "~/.config/lab/config: the file is larger than 64 KiB"},
		"folder":  {"", func(t *testing.T, file string) { must(t, os.Mkdir(file, 0o755)) }, "~/.config/lab/config: this is no file that can be read"},
		"pipe":    {"", func(t *testing.T, file string) { must(t, syscall.Mkfifo(file, 0o644)) }, "~/.config/lab/config: this is no file that can be read"},
		"device":  {"", func(t *testing.T, file string) { must(t, os.Symlink("/dev/zero", file)) }, "~/.config/lab/config: this is no file that can be read"},
		"loop":    {"", func(t *testing.T, file string) { must(t, os.Symlink(file, file)) }, "~/.config/lab/config: the file cannot be read"},
	} {
		dir, file := home(t, tt.text)
		if tt.spoil != nil {
			tt.spoil(t, file)
		}
		got := from(map[string]string{"HOME": dir}, "", 0)
		if !strings.HasPrefix(got.Note, tt.want) || got.Theme != "" {
			t.Errorf("%s: %+v, not %s", name, got, tt.want)
		}
	}
}

// Behind sudo a file is read with root's rights: only what the person could read himself may be.
func TestFilesOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give files away")
	}
	for name, tt := range map[string]struct {
		owner int
		mode  os.FileMode
		read  bool
	}{
		"his own":       {1000, 0o600, true},
		"root's":        {0, 0o644, true},
		"secret":        {0, 0o600, false},
		"another one's": {1001, 0o644, false},
	} {
		_, target := home(t, "theme = light")
		must(t, os.Chmod(target, tt.mode))
		must(t, os.Chown(target, tt.owner, tt.owner))
		anna, file := home(t, "")
		must(t, os.Symlink(target, file)) // as a link to what he wants to see
		got := from(map[string]string{"SUDO_USER": "anna"}, anna, 1000)
		if read := got.Theme == "light"; read != tt.read {
			t.Errorf("%s: %+v", name, got)
		}
		if want := "~/.config/lab/config: the file is not one of anna"; !tt.read && !strings.HasPrefix(got.Note, want) {
			t.Errorf("%s: %+v, not %s", name, got, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
