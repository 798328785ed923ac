package node

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"kubelab/core/component"
	"kubelab/core/node/control"
	"kubelab/core/pki"
)

// systemDirs of the host are seen on the node, read-only, where the host has them. They hold programs and libraries;
// /nix does so on NixOS.
var systemDirs = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/nix"}

// etcDirs likewise: certificates for pulling images, wherever distributions keep them, and what programs in systemDirs
// point to.
var etcDirs = []string{
	"/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/var/lib/ca-certificates", "/etc/crypto-policies", "/etc/alternatives",
}

// etcFiles are copied. The rest of /etc, with the host's secrets in it, a node does not see.
var etcFiles = []string{
	"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/etc/localtime", "/etc/os-release",
	"/etc/protocols", "/etc/services",
}

// root is the node's disk on the host.
func (n *Node) root() string { return n.Dir.Node(n.Machine, "root") }

func (n *Node) initPath() string { return filepath.Join(n.Bin, initName) }

// prepare writes onto the node's disk what it needs to start, and says how it is to be set up.
func (n *Node) prepare(in []hierarchy) (control.Boot, error) {
	servers := nameServers()
	settings, err := n.settings(n.Network.MTU(), len(servers) > 0)
	if err != nil {
		return control.Boot{}, err
	}
	files, err := settings.render()
	if err != nil {
		return control.Boot{}, err
	}
	files["/etc/hostname"] = []byte(n.Machine.Name() + "\n")
	files["/etc/hosts"] = n.hosts()
	files[resolvConf] = resolv(servers)

	d, err := openDisk(n.root())
	if err != nil {
		return control.Boot{}, err
	}
	defer d.root.Close()
	// What containerd has made of the template for an earlier run stays as long as the template does: without it the
	// node would not be ready before kubelet looks at the network a second time, after five seconds. Containerd
	// itself does not look at the template while it is there. A node that is not there yet has no template.
	const template = "etc/cni/template.conflist"
	if before, err := d.root.ReadFile(template); err != nil || !bytes.Equal(before, files["/"+template]) {
		if err := d.root.RemoveAll("etc/cni/net.d"); err != nil {
			return control.Boot{}, err
		}
	}
	for path, content := range files {
		if err := d.write(path, content, 0o644); err != nil {
			return control.Boot{}, err
		}
	}
	if err := errors.Join(d.copyEtc(), d.machineID(), n.copyCredentials(d)); err != nil {
		return control.Boot{}, err
	}
	return n.describe(in)
}

func (n *Node) describe(in []hierarchy) (control.Boot, error) {
	cpuinfo, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return control.Boot{}, err
	}
	possible, err := os.ReadFile("/sys/devices/system/cpu/possible")
	if err != nil {
		return control.Boot{}, err
	}
	logs := filepath.Dir(n.Dir.Log(n.Machine, component.Kubelet))
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return control.Boot{}, err
	}
	binds := []control.Bind{
		{Source: n.Bin, Target: binDir, ReadOnly: true},
		{Source: logs, Target: logDir},
	}
	for _, dir := range etcDirs {
		if _, err := os.Stat(dir); err == nil {
			binds = append(binds, control.Bind{Source: dir, Target: dir, ReadOnly: true})
		}
	}
	return control.Boot{
		Hostname: n.Machine.Name(), Root: n.root(), System: systemDirs, Binds: binds,
		Trees:   hardwareTrees(n.Spec.NodeCPU, string(possible)),
		Files:   hardwareFiles(n.Spec.NodeCPU, n.Spec.NodeMemory, string(cpuinfo), bootID()),
		Cgroups: mounts(in), Daemons: n.daemons(),
	}, nil
}

// bootID is new for each start: kubelet reports a node as Rebooted by it.
func bootID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// machineID is made once for each disk.
func (d disk) machineID() error {
	const path = "etc/machine-id"
	if _, err := d.root.Stat(path); err == nil {
		return nil
	}
	b := make([]byte, 16)
	rand.Read(b) // never fails
	return d.write(path, []byte(hex.EncodeToString(b)+"\n"), 0o444)
}

func (n *Node) hosts() []byte {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost\n")
	for _, m := range n.Spec.Machines() {
		fmt.Fprintf(&b, "%s %s\n", n.Spec.Addr(m), m)
	}
	return []byte(b.String())
}

func (d disk) copyEtc() error {
	for _, path := range etcFiles {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := d.write(path, b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// copyCredentials copies rather than binds: the node cannot reach into the lab's own directory.
func (n *Node) copyCredentials(d disk) error {
	f := pki.NodeFilesOf(n.Dir, n.Machine)
	for name, from := range map[string]string{
		"ca.crt":          n.Dir.PKI("ca.crt"),
		"kubelet.crt":     f.Kubelet.Cert,
		"kubelet.key":     f.Kubelet.Key,
		"kubelet.conf":    f.KubeletConf,
		"kube-proxy.conf": f.KubeProxyConf,
	} {
		b, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("credentials: %w", err)
		}
		if err := d.write(filepath.Join(kubernetesDir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// cores picks processors of the host for the node's cpuset: all of them, or as many as it has, so that nodes spread
// over the host.
func (n *Node) cores() string {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil {
		return "" // an empty cpuset on version 2 is the parent's, and version 1 says that it wants one
	}
	var have []int
	for cpu := 0; len(have) < mask.Count(); cpu++ {
		if mask.IsSet(cpu) {
			have = append(have, cpu)
		}
	}
	var list []string
	for i := range min(n.Spec.NodeCPU, len(have)) {
		list = append(list, strconv.Itoa(have[((n.Machine.Number-1)*n.Spec.NodeCPU+i)%len(have)]))
	}
	return strings.Join(list, ",")
}

// disk writes files onto the node's disk. Whatever links pods have put there, it does not follow them out of it.
type disk struct{ root *os.Root }

func openDisk(path string) (disk, error) {
	// It must be open to all, as any / is: pods of other users walk through it.
	if err := os.MkdirAll(path, 0o755); err != nil {
		return disk{}, err
	}
	r, err := os.OpenRoot(path)
	return disk{r}, err
}

func (d disk) write(path string, content []byte, mode fs.FileMode) error {
	path = strings.TrimPrefix(path, "/")
	if err := d.root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// A new file, because what was there may have another mode.
	if err := d.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return d.root.WriteFile(path, content, mode)
}
