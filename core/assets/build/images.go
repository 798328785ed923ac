package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"kubelab/core/images"
	"kubelab/core/images/archive"
)

// path is PATH in every image.
const path = "PATH=/bin"

// imageArchives makes the OCI archives out of the programs in dir. Their names start with the order in
// which to import them: a pod can start once the sandbox image is there, and the cluster works once
// CoreDNS is.
func imageArchives(dir string, commands []string) ([]entry, error) {
	programs := map[string][]byte{}
	for _, name := range []string{"pause", "coredns", "demo", "toolbox"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("read the program of image %s: %w", name, err)
		}
		programs[name] = content
	}
	var entries []entry
	for _, set := range []struct {
		name   string
		images []archive.Image
	}{
		{"1-pause", []archive.Image{pause(programs["pause"])}},
		{"2-coredns", []archive.Image{coredns(programs["coredns"])}},
		{"3-demo", []archive.Image{demo(images.Demo1, "1", programs["demo"]), demo(images.Demo2, "2", programs["demo"])}},
		{"4-toolbox", []archive.Image{toolbox(programs["toolbox"], commands)}},
	} {
		var out bytes.Buffer
		if err := archive.Write(&out, set.images...); err != nil {
			return nil, err
		}
		entries = append(entries, entry{"images/" + set.name + ".tar", out.Bytes()})
	}
	return entries, nil
}

func pause(program []byte) archive.Image {
	return archive.Image{
		Name:   images.Pause,
		Config: v1.ImageConfig{Entrypoint: []string{"/pause"}, User: "65535:65535", WorkingDir: "/"},
		Files:  append(archive.Skeleton(), archive.Program("/pause", program)),
	}
}

func coredns(program []byte) archive.Image {
	return archive.Image{
		Name: images.CoreDNS,
		Config: v1.ImageConfig{
			Entrypoint: []string{"/coredns"},
			Cmd:        []string{"-conf", "/etc/coredns/Corefile"},
			WorkingDir: "/",
		},
		Files: append(archive.Skeleton(), archive.Program("/coredns", program)),
	}
}

func demo(name, version string, program []byte) archive.Image {
	return archive.Image{
		Name: name,
		Config: v1.ImageConfig{
			Entrypoint:   []string{"/bin/demo"},
			Env:          []string{path, "VERSION=" + version},
			ExposedPorts: map[string]struct{}{"8080/tcp": {}},
			User:         "65534:65534",
			WorkingDir:   "/",
		},
		Files: append(archive.Skeleton(), archive.Program("/bin/demo", program)),
	}
}

// toolbox has one program under the name of each command. Its default command waits, so that a pod which
// names none stays.
func toolbox(program []byte, commands []string) archive.Image {
	files := append(archive.Skeleton(), archive.Program("/bin/toolbox", program))
	for _, c := range commands {
		files = append(files, archive.Symlink("/bin/"+c, "toolbox"))
	}
	return archive.Image{
		Name:   images.Toolbox,
		Config: v1.ImageConfig{Cmd: []string{"/bin/pause"}, Env: []string{path}, WorkingDir: "/"},
		Files:  files,
	}
}
