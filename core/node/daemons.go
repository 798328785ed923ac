package node

import (
	"fmt"
	"os"
	"path/filepath"

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
