package snapshot

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"kubelab/core/topology"
	"kubelab/core/view"
)

const keys = 100

// member runs an etcd member with some keys, and returns how to reach it.
func member(t *testing.T) clientv3.Config {
	t.Helper()
	dir := t.TempDir()
	c := embed.NewConfig()
	c.Dir, c.LogLevel, c.ZapLoggerBuilder = dir, "error", embed.NewZapLoggerBuilder(zap.NewNop())
	at := func(name string) url.URL { return url.URL{Scheme: "unix", Host: name, Path: ""} }
	client, peer := at(filepath.Base(dir)+"-client"), at(filepath.Base(dir)+"-peer")
	t.Chdir(dir) // where the sockets lie
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	c.InitialCluster = c.Name + "=" + peer.String()
	e, err := embed.StartEtcd(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	select {
	case <-e.Server.ReadyNotify():
	case <-time.After(10 * time.Second):
		t.Fatal("etcd is not ready")
	}
	config := clientv3.Config{Endpoints: []string{client.String()}, Logger: zap.NewNop(), DialTimeout: 5 * time.Second}
	cl, err := clientv3.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for n := range keys {
		if _, err := cl.Put(t.Context(), fmt.Sprintf("/registry/%03d", n), strings.Repeat("x", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	return config
}

func lab() topology.Spec { return topology.New("a", netip.MustParsePrefix("10.100.0.0/16"), 1, 0) }

// saved is a snapshot, and the folder that it lies in.
func saved(t *testing.T) (path, dir string) {
	t.Helper()
	config := member(t)
	dir = t.TempDir()
	path = filepath.Join(dir, "one"+Extension)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	m, err := Save(ctx, config, lab(), "me", path)
	if err != nil {
		t.Fatal(err)
	}
	if m.Keys != keys || m.Revision != keys+1 || m.Lab.Name != "a" {
		t.Errorf("saved %+v, want %d keys at revision %d", m, keys, keys+1)
	}
	return path, dir
}

func TestSaveAndUnpack(t *testing.T) {
	path, dir := saved(t)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("Save left %v", left)
	}
	db, m, err := Unpack(path, "me", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(db); err != nil || info.Size() != m.Size {
		t.Errorf("the database has %v bytes, %v; want %d", info.Size(), err, m.Size)
	}
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].Name != "one" || list[0].Keys != keys || list[0].Error != "" {
		t.Errorf("List = %+v, %v", list, err)
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	path, _ := saved(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(at int) []byte {
		b := append([]byte(nil), good...)
		b[at] ^= 1
		return b
	}
	for name, tt := range map[string]struct {
		content  []byte
		identity string
		want     string
	}{
		"empty":                   {nil, "me", "not a snapshot"},
		"text":                    {[]byte("hello, this is no archive\n"), "me", "not a snapshot"},
		"cut in the manifest":     {good[:600], "me", "not a snapshot"},
		"cut before the database": {good[:2048], "me", "cut short"},
		"cut in the database":     {good[:len(good)/2], "me", "cut short"},
		"cut near its end":        {good[:len(good)-3000], "me", "cut short"},
		"a bit is wrong":          {flipped(len(good) / 2), "me", "damaged"},
		"of another lab":          {good, "somebody else", "of another lab"},
		"of a later version":      {[]byte(strings.Replace(string(good), `"format": 1`, `"format": 9`, 1)), "me", "later lab"},
	} {
		t.Run(name, func(t *testing.T) {
			bad, dir := filepath.Join(t.TempDir(), "bad"+Extension), t.TempDir()
			if err := os.WriteFile(bad, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := Unpack(bad, tt.identity, dir)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Unpack: %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has several lines: %v", err)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); view.CodeOf(err) != view.NotFound {
		t.Errorf("Read of nothing: %v, want NotFound", err)
	}
}

func TestSaveLeavesNothingBehindWhenEtcdIsGone(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	config := clientv3.Config{Endpoints: []string{"unix://nobody-listens-here"}, Logger: zap.NewNop(), DialTimeout: time.Second}
	if _, err := Save(ctx, config, lab(), "me", filepath.Join(dir, "one"+Extension)); err == nil {
		t.Fatal("a snapshot of nothing")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("Save left %v", left)
	}
}
