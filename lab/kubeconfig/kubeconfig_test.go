package kubeconfig

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"kubelab/core/store"
)

// other is a kubeconfig as a user may have it, with a field of its own kind in each corner.
const other = `apiVersion: v1
kind: Config
current-context: work
clusters:
- name: work
  cluster: {server: https://work.example, certificate-authority: certs/ca.crt}
users:
- name: me
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: login, args: [--quiet], interactiveMode: Never}
contexts:
- name: work
  context: {cluster: work, user: me, namespace: team}
`

// newLab is a lab called demo with an administrator, and the user's kubeconfig with text in it.
func newLab(t *testing.T, text string) (d store.Dir, path string) {
	t.Helper()
	d, err := store.Open(t.TempDir(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(d.PKI(), 0o700); err != nil {
		t.Fatal(err)
	}
	writeAdmin(t, d, "https://10.100.0.10:6443")
	path = filepath.Join(t.TempDir(), "kube", "config")
	t.Setenv("KUBECONFIG", path)
	t.Setenv("SUDO_USER", "")
	if text != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return d, path
}

func writeAdmin(t *testing.T, d store.Dir, server string) {
	t.Helper()
	c := api.NewConfig()
	c.Clusters["demo"] = &api.Cluster{Server: server, CertificateAuthorityData: []byte("ca")}
	c.AuthInfos["kubernetes-admin"] = &api.AuthInfo{ClientCertificateData: []byte("cert"), ClientKeyData: []byte("key")}
	c.Contexts["kubernetes-admin@demo"] = &api.Context{Cluster: "demo", AuthInfo: "kubernetes-admin"}
	c.CurrentContext = "kubernetes-admin@demo"
	if err := clientcmd.WriteToFile(*c, d.PKI("admin.conf")); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, path string) *api.Config {
	t.Helper()
	c, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMergeKeepsEverythingElse(t *testing.T) {
	d, path := newLab(t, other)
	if _, err := Merge(d, "demo", false); err != nil {
		t.Fatal(err)
	}
	c := load(t, path)
	if c.CurrentContext != "work" {
		t.Errorf("current context is %q, want work as before", c.CurrentContext)
	}
	ours := c.Contexts["lab-demo"]
	if ours == nil || c.Clusters[ours.Cluster].Server != "https://10.100.0.10:6443" || string(c.AuthInfos[ours.AuthInfo].ClientKeyData) != "key" {
		t.Errorf("context lab-demo is %+v", ours)
	}
	if work := c.Contexts["work"]; work.Namespace != "team" || c.Clusters["work"].CertificateAuthority != "certs/ca.crt" || c.AuthInfos["me"].Exec.Args[0] != "--quiet" {
		t.Errorf("what was there has changed: %+v", work)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600: there is a key in it", info.Mode())
	}
	if err := Remove("demo"); err != nil {
		t.Fatal(err)
	}
	was, _ := clientcmd.Load([]byte(other))
	want, _ := clientcmd.Write(*was)
	if got, _ := os.ReadFile(path); string(got) != string(want) {
		t.Errorf("after Remove:\n%s\nwant:\n%s", got, want)
	}
}

func TestUseComesAndGoes(t *testing.T) {
	d, path := newLab(t, other)
	for range 2 { // the second time must not take itself for what was before
		if _, err := Merge(d, "demo", true); err != nil {
			t.Fatal(err)
		}
	}
	if c := load(t, path); c.CurrentContext != "lab-demo" {
		t.Errorf("current context is %q, want lab-demo", c.CurrentContext)
	}
	if err := Remove("demo"); err != nil {
		t.Fatal(err)
	}
	if c := load(t, path); c.CurrentContext != "work" {
		t.Errorf("current context is %q, want work again", c.CurrentContext)
	}
}

func TestMergeAgainRenewsAndKeepsTheNamespace(t *testing.T) {
	d, path := newLab(t, "")
	if _, err := Merge(d, "demo", false); err != nil {
		t.Fatal(err)
	}
	c := load(t, path)
	c.Contexts["lab-demo"].Namespace = "demo"
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatal(err)
	}
	writeAdmin(t, d, "https://10.101.0.10:6443")
	if _, err := Merge(d, "demo", false); err != nil {
		t.Fatal(err)
	}
	c = load(t, path)
	if got := c.Contexts["lab-demo"].Namespace; got != "demo" {
		t.Errorf("namespace %q, want demo", got)
	}
	if got := c.Clusters["lab-demo"].Server; got != "https://10.101.0.10:6443" {
		t.Errorf("server %q is not the new one", got)
	}
}

func TestForeignContextIsLeftAlone(t *testing.T) {
	text := strings.ReplaceAll(other, "name: work", "name: lab-demo")
	d, path := newLab(t, text)
	_, err := Merge(d, "demo", false)
	if err == nil || !strings.Contains(err.Error(), "did not make") {
		t.Errorf("Merge: %v, want a refusal", err)
	}
	if err := Remove("demo"); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Errorf("it was changed:\n%s", got)
	}
}

func TestDamagedFileIsLeftAlone(t *testing.T) {
	const text = "clusters: [what is\n\tthis"
	d, path := newLab(t, text)
	_, err := Merge(d, "demo", false)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "damaged") || strings.Contains(err.Error(), "\n") {
		t.Errorf("Merge: %q, want one line that names %s", err, path)
	}
	if err := Remove("demo"); err == nil {
		t.Error("Remove of a damaged file must say so")
	}
	if got, _ := os.ReadFile(path); string(got) != text {
		t.Errorf("it was changed:\n%s", got)
	}
}

func TestLinkStaysALink(t *testing.T) {
	d, path := newLab(t, "")
	real := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(real, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, path); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(d, "demo", false); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Lstat(path); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link became a file")
	}
	if c := load(t, real); c.Contexts["lab-demo"] == nil {
		t.Error("the file behind the link has no lab-demo")
	}
}

func TestRemoveOfNothing(t *testing.T) {
	_, path := newLab(t, "")
	if err := Remove("demo"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("Remove made %s (%v)", path, err)
	}
}

func TestNoHome(t *testing.T) {
	d, _ := newLab(t, "")
	t.Setenv("KUBECONFIG", "")
	t.Setenv("HOME", "")
	if _, err := Merge(d, "demo", false); err == nil || !strings.Contains(err.Error(), "KUBECONFIG") {
		t.Errorf("Merge: %v, want an error that says what to set", err)
	}
	if err := Remove("demo"); err != nil {
		t.Error(err)
	}
}

func TestHeldByKubectl(t *testing.T) {
	d, path := newLab(t, other)
	if err := os.WriteFile(path+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(d, "demo", false); err == nil || !strings.Contains(err.Error(), path+".lock") {
		t.Errorf("Merge: %v, want an error that names the lock", err)
	}
}

func TestPrint(t *testing.T) {
	d, _ := newLab(t, "")
	var out strings.Builder
	if err := Print(&out, d); err != nil {
		t.Fatal(err)
	}
	if c, err := clientcmd.Load([]byte(out.String())); err != nil || c.CurrentContext != "kubernetes-admin@demo" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
}

func TestCallerBehindSudo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("sudo leads to root, which this is not")
	}
	env := map[string]string{"SUDO_USER": "nobody", "HOME": "/root"}
	o, err := caller(func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	if o.uid == 0 || !strings.HasSuffix(o.files[0], "/.kube/config") || strings.HasPrefix(o.files[0], "/root") {
		t.Errorf("the caller is %+v, want nobody", o)
	}
	env["SUDO_USER"] = "no-such-user"
	if _, err := caller(func(k string) string { return env[k] }); err == nil {
		t.Error("an unknown user must be an error")
	}
}

func TestActsWithTheCallersRights(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can take another user's place")
	}
	home, err := os.MkdirTemp("", "home") // not below root's own t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	const uid, gid = 12345, 12346
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	o := owner{uid: uid, gid: gid}
	path := filepath.Join(home, ".kube", "config")
	add := func(c *api.Config) (bool, error) { c.CurrentContext = "x"; return true, nil }
	if err := o.act(func() error { return edit(path, add) }); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if s := info.Sys().(*syscall.Stat_t); s.Uid != uid || s.Gid != gid {
			t.Errorf("%s belongs to %d:%d, want %d:%d", p, s.Uid, s.Gid, uid, gid)
		}
	}
	// A link to where only root may write leads nowhere.
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, path); err != nil {
		t.Fatal(err)
	}
	if err := o.act(func() error { return edit(path, add) }); err == nil {
		t.Error("it followed a link to where its owner may not go")
	}
}
