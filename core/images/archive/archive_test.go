package archive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

func demo(version string) Image {
	return Image{
		Name:   "lab.local/demo:" + version,
		Config: v1.ImageConfig{Entrypoint: []string{"/demo"}, Env: []string{"VERSION=" + version}},
		Files:  append(Skeleton(), Program("/demo", []byte("program")), Symlink("/bin/sh", "/demo")),
	}
}

func TestWriteIsAReadableLayout(t *testing.T) {
	files := read(t, write(t, demo("1")))

	var layout v1.ImageLayout
	decode(t, files["oci-layout"], &layout)
	if layout.Version != "1.0.0" {
		t.Errorf("layout version %q", layout.Version)
	}
	var index v1.Index
	decode(t, files["index.json"], &index)
	if len(index.Manifests) != 1 || index.Manifests[0].Annotations["io.containerd.image.name"] != "lab.local/demo:1" {
		t.Fatalf("index: %s", files["index.json"])
	}
	var manifest v1.Manifest
	decode(t, content(t, files, index.Manifests[0]), &manifest)
	var config v1.Image
	decode(t, content(t, files, manifest.Config), &config)
	if got := strings.Join(config.Config.Env, " "); got != "VERSION=1" {
		t.Errorf("environment %q", got)
	}
	if len(manifest.Layers) != 1 || config.RootFS.DiffIDs[0] != manifest.Layers[0].Digest {
		t.Errorf("diff ID %v of an uncompressed layer is not its digest %v", config.RootFS.DiffIDs, manifest.Layers)
	}
	content(t, files, manifest.Layers[0])
}

func TestWriteIsDeterministic(t *testing.T) {
	first, second := write(t, demo("1"), demo("2")), write(t, demo("1"), demo("2"))
	if !bytes.Equal(first, second) {
		t.Error("the same images gave different bytes")
	}
}

func TestImagesShareTheirLayer(t *testing.T) {
	one, two := len(read(t, write(t, demo("1")))), len(read(t, write(t, demo("1"), demo("2"))))
	if two != one+2 { // the second has a config and a manifest of its own
		t.Errorf("%d entries for one image, %d for two", one, two)
	}
}

func TestLayerEntries(t *testing.T) {
	content, err := layer(demo("1").Files)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(bytes.NewReader(content)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(epoch) || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: time %v, owner %d:%d", h.Name, h.ModTime, h.Uid, h.Gid)
		}
		got = append(got, h.FileInfo().Mode().String()+" "+h.Name)
	}
	want := `drwxr-xr-x bin/
Lrwxrwxrwx bin/sh
-rwxr-xr-x demo
drwxr-xr-x dev/
drwxr-xr-x etc/
-rw-r--r-- etc/group
-rw-r--r-- etc/passwd
dr-xr-xr-x proc/
drwx------ root/
dr-xr-xr-x sys/
dtrwxrwxrwx tmp/`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestLayerRefuses(t *testing.T) {
	for name, files := range map[string][]File{
		"a relative path":           {{Path: "bin/sh"}},
		"an unclean path":           {{Path: "/bin/../sh"}},
		"the root":                  {{Path: "/"}},
		"two files of one name":     {{Path: "/a"}, {Path: "/a"}},
		"a file below a file":       {{Path: "/a"}, {Path: "/a/b"}},
		"a device":                  {{Path: "/dev/null", Mode: fs.ModeDevice}},
		"a directory with contents": {{Path: "/a", Mode: fs.ModeDir, Content: []byte("x")}},
	} {
		if _, err := layer(files); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func write(t *testing.T, images ...Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, images...); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read returns the entries of an archive and fails when one is there twice.
func read(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := files[h.Name]; twice {
			t.Errorf("%s is in the archive twice", h.Name)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// content returns the blob that d describes, checked against its digest and size.
func content(t *testing.T, files map[string][]byte, d v1.Descriptor) []byte {
	t.Helper()
	blob, ok := files["blobs/sha256/"+d.Digest.Encoded()]
	if !ok || digest.FromBytes(blob) != d.Digest || int64(len(blob)) != d.Size {
		t.Fatalf("blob %s of %d bytes is missing or differs", d.Digest, d.Size)
	}
	return blob
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("decode %q: %v", content, err)
	}
}
