// Package snapshot is the file that a snapshot of etcd is kept in: what etcd's own snapshot command writes, with a
// note of the lab that it is from. It is a tar archive of two files, so that the other tools can have theirs:
//
//	manifest.json   which lab, when, which revision, and the checksum of the rest
//	etcd.db         as etcdctl snapshot save writes it; etcdutl reads it
//
// How a cluster is stopped and started around a restore is not its subject.
package snapshot

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"kubelab/core/topology"
	"kubelab/core/view"
)

// Extension is what the names of snapshot files end with.
const Extension = ".snapshot"

const (
	manifestName = "manifest.json"
	dbName       = "etcd.db"
	// format is raised when older programs could not read a file any more.
	format = 1
	// maxManifest keeps a file that is something else from being read into memory.
	maxManifest = 1 << 20
)

// Manifest says what is in a file.
type Manifest struct {
	Format   int           `json:"format"`
	Lab      topology.Spec `json:"lab"`      // as it was then
	Identity string        `json:"identity"` // of the lab: the fingerprint of its certificate authority
	Time     time.Time     `json:"time"`     // when it was taken
	Etcd     string        `json:"etcd"`     // version of the database's form
	Revision int64         `json:"revision"` // of etcd
	Keys     int           `json:"keys"`     // in etcd
	Size     int64         `json:"size"`     // bytes of etcd.db
	SHA256   string        `json:"sha256"`   // of etcd.db
	HashKV   uint32        `json:"hash"`     // as etcdutl snapshot status prints it
}

// Save asks a member of etcd for a snapshot and writes it to path, whole or not at all. The client's configuration
// must name one endpoint.
func Save(ctx context.Context, member clientv3.Config, lab topology.Spec, identity, path string) (m Manifest, err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".snapshot-*")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)
	db := filepath.Join(dir, dbName)
	etcd := snapshot.NewV3(zap.NewNop())
	if _, err := etcd.Save(ctx, member, db); err != nil {
		return m, fmt.Errorf("ask etcd for a snapshot: %w", err)
	}
	status, err := etcd.Status(db)
	if err != nil {
		return m, fmt.Errorf("read etcd's snapshot: %w", err)
	}
	m = Manifest{
		Format: format, Lab: lab, Identity: identity, Time: time.Now().UTC().Truncate(time.Second), Etcd: status.Version,
		Revision: status.Revision, Keys: status.TotalKey, HashKV: status.Hash,
	}
	if m.SHA256, m.Size, err = checksum(db); err != nil {
		return m, err
	}
	whole := filepath.Join(dir, "whole")
	if err := pack(whole, m, db); err != nil {
		return m, err
	}
	return m, os.Rename(whole, path)
}

func pack(path string, m Manifest, db string) (err error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	note, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	in, err := os.Open(db)
	if err != nil {
		return err
	}
	defer in.Close()
	t := tar.NewWriter(out)
	if err := t.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(note)), ModTime: m.Time}); err != nil {
		return err
	}
	if _, err := t.Write(note); err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: dbName, Mode: 0o600, Size: m.Size, ModTime: m.Time}); err != nil {
		return err
	}
	if _, err := io.Copy(t, in); err != nil {
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return out.Sync()
}

func checksum(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// Read reads a file's manifest. The rest is not looked at: Unpack does that.
func Read(path string) (Manifest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, &view.Failure{Code: view.NotFound, Err: err}
	}
	defer f.Close()
	_, m, err := open(f)
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

var errNone = errors.New("that is not a snapshot that lab has written")

func open(r io.Reader) (*tar.Reader, Manifest, error) {
	var m Manifest
	t := tar.NewReader(r)
	h, err := t.Next()
	if err != nil || h.Name != manifestName {
		return nil, m, errNone
	}
	if err := json.NewDecoder(io.LimitReader(t, maxManifest)).Decode(&m); err != nil || m.Format < 1 {
		return nil, m, errNone
	}
	if m.Format > format {
		return nil, m, fmt.Errorf("it was written by a later lab (format %d, this one reads %d)", m.Format, format)
	}
	return t, m, nil
}

// Unpack takes etcd's database out of a file into dir, and checks that it is whole: the file, and then the database
// itself, page by page. It must be of the lab that identity names. The path is that of the database.
func Unpack(path, identity, dir string) (db string, m Manifest, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", m, &view.Failure{Code: view.NotFound, Err: err}
	}
	defer f.Close()
	t, m, err := open(f)
	if err != nil {
		return "", m, fmt.Errorf("%s: %w", path, err)
	}
	if m.Identity != identity {
		return "", m, fmt.Errorf("%s is of another lab: %q, made at another time or elsewhere; its certificates are not this lab's", path, m.Lab.Name)
	}
	if h, err := t.Next(); err != nil || h.Name != dbName {
		return "", m, fmt.Errorf("%s is cut short: the database is missing", path)
	}
	db = filepath.Join(dir, dbName)
	out, err := os.OpenFile(db, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", m, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), t)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", m, fmt.Errorf("%s is cut short: %d of %d bytes of the database are there: %w", path, n, m.Size, err)
	}
	if n != m.Size || hex.EncodeToString(h.Sum(nil)) != m.SHA256 {
		return "", m, fmt.Errorf("%s is damaged: its checksum is not the one that was noted when it was taken", path)
	}
	status, err := snapshot.NewV3(zap.NewNop()).Status(db)
	switch {
	case err != nil:
		return "", m, fmt.Errorf("%s is damaged: %w", path, err)
	case status.Hash != m.HashKV:
		return "", m, fmt.Errorf("%s is damaged: etcd's hash of it is %08x and was %08x", path, status.Hash, m.HashKV)
	}
	return db, m, nil
}

// List lists the snapshots in a folder, the oldest first. What cannot be read is listed with the reason.
func List(dir string) ([]view.EtcdSnapshot, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+Extension))
	if err != nil {
		return nil, err
	}
	list := []view.EtcdSnapshot{}
	for _, path := range paths {
		list = append(list, Describe(path))
	}
	slices.SortStableFunc(list, func(a, b view.EtcdSnapshot) int { return a.Time.Compare(b.Time) })
	return list, nil
}

// Describe says what is in a file, for people.
func Describe(path string) view.EtcdSnapshot {
	name := filepath.Base(path)
	s := view.EtcdSnapshot{Name: name[:len(name)-len(filepath.Ext(name))], Path: path}
	if info, err := os.Stat(path); err == nil {
		s.Size = info.Size()
	}
	m, err := Read(path)
	if err != nil {
		s.Error = err.Error()
		return s
	}
	s.Time, s.Revision, s.Keys = m.Time, m.Revision, m.Keys
	return s
}
