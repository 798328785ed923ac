package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kubelab/core/component"
	"kubelab/core/node/control"
)

// proxies are the host's settings for those who fetch from the internet: containerd, when it pulls images.
var proxies = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}

// certificates are where the host says that its certificate authorities are, if not in the usual place.
var certificates = []string{"SSL_CERT_FILE", "SSL_CERT_DIR"}

// collector has Go's garbage collector run more often than it likes to. A node of three components takes 17 MB less for
// it, and 0.2 % more of a core when idle.
const collector = "GOGC=30"

// daemons describes the components to the node's init.
func (n *Node) daemons() []control.Daemon {
	env := []string{collector, "PATH=" + binDir + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	describe := func(name string, env []string, args ...string) control.Daemon {
		return control.Daemon{
			Name: name, Args: append([]string{filepath.Join(binDir, name)}, args...), Env: env,
			Log: filepath.Join(logDir, name+".log"),
		}
	}
	return []control.Daemon{
		describe(component.Kubelet, env,
			"--config="+kubernetesDir+"/kubelet.yaml", "--kubeconfig="+kubernetesDir+"/kubelet.conf",
			"--node-ip="+n.Spec.Addr(n.Machine).String(), "--hostname-override="+n.Machine.Name(), "--v=2"),
		describe(component.KubeProxy, env, "--config="+kubernetesDir+"/kube-proxy.yaml", "--v=2"),
		describe(component.Containerd, append(append(env[:len(env):len(env)], hostEnv(proxies)...), hostEnv(certificates)...)),
	}
}

// hostEnv picks variables from the engine's environment.
func hostEnv(names []string) []string {
	var env []string
	for _, name := range names {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// startComponents starts containerd, and with it in service the images are imported and the others started. Kubelet
// comes last: a pod that it starts before its image is there would wait for a pull that cannot succeed.
func (n *Node) startComponents(ctx context.Context) error {
	if n.Spec.Empty {
		return nil
	}
	if err := (Component{n, component.Containerd}).Start(ctx); err != nil {
		return err
	}
	if err := n.awaitContainerd(ctx); err != nil {
		return err
	}
	if err := (Component{n, component.KubeProxy}).Start(ctx); err != nil {
		return err
	}
	if err := n.importAll(ctx); err != nil {
		return err
	}
	return (Component{n, component.Kubelet}).Start(ctx)
}

// Socket is the path on the host of containerd's socket, for as long as the node is on.
func (n *Node) Socket() string { return n.Path(socket) }

// Path is where the engine finds a file of the node while it is on, also what is mounted there. It is empty while the
// node is off.
func (n *Node) Path(path string) string {
	pid := n.PID()
	if pid == 0 {
		return ""
	}
	return fmt.Sprintf("/proc/%d/root%s", pid, path)
}

// awaitContainerd waits until containerd takes connections, which it does once all its plugins are loaded.
func (n *Node) awaitContainerd(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, containerdBound)
	defer cancel()
	done := n.Done()
	for {
		c, err := net.Dial("unix", n.Socket())
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for containerd: %w: %w", ctx.Err(), err)
		case <-done:
			return fmt.Errorf("wait for containerd: %w", errOff)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

const lastLines = 5

// lastWords is the end of the named logs, for errors: what died knows best why.
func (n *Node) lastWords(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		for _, line := range tail(n.Dir.Log(n.Machine, name), lastLines) {
			fmt.Fprintf(&b, "\n%s: %s", name, line)
		}
	}
	return b.String()
}

// tail is the last lines of the file, none where there is no file.
func tail(path string, lines int) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, 4096)
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	count, _ := f.ReadAt(b, max(0, info.Size()-int64(len(b)))) // the end of the file is an error, too
	all := strings.Split(strings.TrimSpace(string(b[:count])), "\n")
	return all[max(0, len(all)-lines):]
}
