package snapshot

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"kubelab/core/view"
)

// What is wrong with a file shows before etcd's database is opened, so these tests need no etcd: their database is
// just bytes.

// packed is a file with a database that etcd could not read, as pack writes it.
func packed(t *testing.T, change func(*Manifest)) (content []byte, m Manifest) {
	t.Helper()
	dir := t.TempDir()
	db, path := filepath.Join(dir, dbName), filepath.Join(dir, "packed"+Extension)
	raw := []byte(strings.Repeat("not a database. ", 500))
	if err := os.WriteFile(db, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	m = Manifest{
		Format: format, Lab: lab(), Identity: "me", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Revision: 7, Keys: 3, Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:]),
	}
	if change != nil {
		change(&m)
	}
	if err := pack(path, m, db); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, m
}

func file(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name+Extension)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadLooksAtTheManifestOnly(t *testing.T) {
	content, want := packed(t, nil)
	// Half of the database is enough for that.
	got, err := Read(file(t, t.TempDir(), "half", content[:len(content)/2]))
	if err != nil {
		t.Fatal(err)
	}
	if got.Identity != want.Identity || got.Revision != want.Revision || got.SHA256 != want.SHA256 || !got.Time.Equal(want.Time) || got.Lab.Name != "a" {
		t.Errorf("Read = %+v, want %+v", got, want)
	}
}

// TestCutShortAnywhere cuts a file at each of its blocks, and within them.
func TestCutShortAnywhere(t *testing.T) {
	content, m := packed(t, nil)
	const block = 512
	// Behind the database there are only zeros: the padding, and two blocks that end the archive.
	whole := bytes.LastIndex(content, []byte("database. ")) + len("database. ")
	for n := 0; n < whole; n += block / 2 {
		path := file(t, t.TempDir(), "cut", content[:n])
		_, _, err := Unpack(path, "me", t.TempDir())
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), path) {
			t.Errorf("cut after %d bytes: %v, want one line that names the file", n, err)
			continue
		}
		if !strings.Contains(err.Error(), "cut short") && !strings.Contains(err.Error(), "not a snapshot") {
			t.Errorf("cut after %d bytes: %v, want what is wrong with it", n, err)
		}
	}
	if _, _, err := Unpack(file(t, t.TempDir(), "cut", content[:whole-1]), "me", t.TempDir()); err == nil || !strings.Contains(err.Error(), "7999 of 8000 bytes") {
		t.Errorf("one byte of %d is missing: %v", m.Size, err)
	}
}

// TestAnyBitOfTheDatabaseCounts needs no etcd, because the checksum is looked at first.
func TestAnyBitOfTheDatabaseCounts(t *testing.T) {
	content, m := packed(t, nil)
	begin := bytes.Index(content, []byte("not a database. "))
	for _, at := range []int{begin, begin + 1, begin + int(m.Size)/2, begin + int(m.Size) - 1} {
		bad := bytes.Clone(content)
		bad[at] ^= 0x80
		if _, _, err := Unpack(file(t, t.TempDir(), "flipped", bad), "me", t.TempDir()); err == nil || !strings.Contains(err.Error(), "damaged: its checksum") {
			t.Errorf("byte %d is wrong: %v, want that the checksum differs", at, err)
		}
	}
}

func TestWrongManifestsAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Manifest)
		want   string
	}{
		"no format":        {func(m *Manifest) { m.Format = 0 }, "not a snapshot"},
		"a later format":   {func(m *Manifest) { m.Format = format + 1 }, "written by a later lab (format 2, this one reads 1)"},
		"another lab":      {func(m *Manifest) { m.Identity, m.Lab.Name = "you", "other" }, `is of another lab: "other"`},
		"no identity":      {func(m *Manifest) { m.Identity = "" }, "is of another lab"},
		"another checksum": {func(m *Manifest) { m.SHA256 = strings.Repeat("0", 64) }, "damaged: its checksum"},
		"no etcd's data":   {nil, "damaged"}, // the file is whole, but etcd cannot read what is in it
	} {
		t.Run(name, func(t *testing.T) {
			content, _ := packed(t, tt.change)
			_, _, err := Unpack(file(t, t.TempDir(), "bad", content), "me", t.TempDir())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Unpack: %v, want one line with %q", err, tt.want)
			}
		})
	}
}

// archive is a tar archive of files in turn, a name and a content.
func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o600, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOtherArchivesAreRefused(t *testing.T) {
	_, m := packed(t, nil)
	note, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"other files":        {archive(t, "README", "hello"), "not a snapshot"},
		"the wrong order":    {archive(t, dbName, "x", manifestName, string(note)), "not a snapshot"},
		"no JSON":            {archive(t, manifestName, "hello"), "not a snapshot"},
		"an endless note":    {archive(t, manifestName, strings.Repeat(" ", maxManifest)+string(note)), "not a snapshot"},
		"no database":        {archive(t, manifestName, string(note)), "database is missing"},
		"another one's name": {archive(t, manifestName, string(note), "../etcd.db", "x"), "database is missing"},
		"too small":          {archive(t, manifestName, string(note), dbName, "x"), "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "in")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if _, _, err := Unpack(file(t, t.TempDir(), "bad", tt.content), "me", dir); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Unpack: %v, want %q", err, tt.want)
			}
			if left, _ := os.ReadDir(parent); len(left) != 1 {
				t.Errorf("it wrote outside of its folder: %v", left)
			}
		})
	}
}

func TestMissingFiles(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none"+Extension)
	_, _, err := Unpack(none, "me", t.TempDir())
	if view.CodeOf(err) != view.NotFound || !strings.Contains(err.Error(), none) {
		t.Errorf("Unpack of nothing: %v with code %d, want NotFound and its path", err, view.CodeOf(err))
	}
	if s := Describe(none); s.Name != "none" || s.Path != none || s.Size != 0 || s.Error == "" {
		t.Errorf("Describe of nothing = %+v, want the reason", s)
	}
	// A lab of which none was ever taken has no folder for them.
	if list, err := List(filepath.Join(t.TempDir(), "none")); err != nil || list == nil || len(list) != 0 {
		t.Errorf("List of a folder that is missing = %v, %v; want none, which is no error", list, err)
	}
}

func TestListIsSortedByTime(t *testing.T) {
	dir := t.TempDir()
	at := func(hour int) func(*Manifest) {
		return func(m *Manifest) { m.Time = time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC) }
	}
	for name, change := range map[string]func(*Manifest){"b": at(1), "c.d": at(2), "a": at(3)} {
		content, _ := packed(t, change)
		file(t, dir, name, content)
	}
	file(t, dir, "broken", []byte("hello"))
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
		if broken := s.Name == "broken"; broken != (s.Error != "") || broken == (s.Revision == 7) || s.Size == 0 {
			t.Errorf("listed as %+v", s)
		}
	}
	// What cannot be read has no time.
	if got := strings.Join(names, " "); got != "broken b c.d a" {
		t.Errorf("List = %s, want the oldest first", got)
	}
}

func TestSaveLeavesNothingBehindWhenItsPlaceIsTaken(t *testing.T) {
	config := member(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "one"+Extension)
	if err := os.MkdirAll(filepath.Join(path, "a folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := Save(ctx, config, lab(), "me", path); err == nil {
		t.Error("Save has put a file in the place of a folder")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("Save left %v", left)
	}
	if _, err := Save(ctx, config, lab(), "me", filepath.Join(dir, "none", "one"+Extension)); err == nil {
		t.Error("Save has made the folder that its file was to lie in")
	}
	// Of whom it is asked must be clear: the revisions of members differ.
	two := clientv3.Config{Endpoints: append(config.Endpoints, config.Endpoints...), Logger: config.Logger, DialTimeout: config.DialTimeout}
	if _, err := Save(ctx, two, lab(), "me", filepath.Join(dir, "two"+Extension)); err == nil {
		t.Error("Save has asked two members")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("Save left %v", left)
	}
}
