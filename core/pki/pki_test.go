package pki

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"kubelab/core/store"
	"kubelab/core/topology"
)

func lab(t testing.TB) (store.Dir, topology.Spec) {
	t.Helper()
	s := topology.New("test", netip.MustParsePrefix("10.100.0.0/16"), 3, 3)
	d, err := store.Open(t.TempDir(), s.Name)
	if err != nil {
		t.Fatal(err)
	}
	return d, s
}

func issueAll(t testing.TB, d store.Dir, s topology.Spec) *Authority {
	t.Helper()
	a, err := Open(d, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Admin(); err != nil {
		t.Fatal(err)
	}
	for _, m := range s.Masters {
		if err := a.Master(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range s.Nodes {
		if err := a.Node(m); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func TestModes(t *testing.T) {
	d, s := lab(t)
	issueAll(t, d, s)
	files := 0
	err := filepath.WalkDir(d.PKI(), func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(modeFile)
		if e.IsDir() {
			want = modeDir
		} else {
			files++
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 6 + 2 + 3 + 3*18 + 3*4; files != want {
		t.Errorf("%d files, want %d", files, want)
	}
}

// What is there is kept; what is missing, damaged, expired, issued to somebody else or signed by another
// authority is issued anew.
func TestReissue(t *testing.T) {
	d, s := lab(t)
	a := issueAll(t, d, s)
	m := s.Masters[0]
	f := MasterFilesOf(d, m)
	read := func(p string) string {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	before := read(f.APIServer.Cert) + read(f.SchedulerConf) + read(d.PKI("ca.crt")) + read(d.PKI("sa.pub"))
	issueAll(t, d, s)
	if read(f.APIServer.Cert)+read(f.SchedulerConf)+read(d.PKI("ca.crt"))+read(d.PKI("sa.pub")) != before {
		t.Error("what was good was issued anew")
	}
	moved := s
	moved.Subnet = netip.MustParsePrefix("10.101.0.0/16")
	for _, c := range []struct {
		what, path string
		do         func() error
		spec       topology.Spec
	}{
		{"missing certificate", f.APIServer.Cert, func() error { return os.Remove(f.APIServer.Cert) }, s},
		{"empty key", f.APIServer.Cert, func() error { return os.WriteFile(f.APIServer.Key, nil, modeFile) }, s},
		{"empty kubeconfig", f.SchedulerConf, func() error { return os.WriteFile(f.SchedulerConf, nil, modeFile) }, s},
		{"other address", f.APIServer.Cert, func() error { return nil }, moved},
		{"other authority", f.EtcdPeer.Cert, func() error { return os.RemoveAll(d.PKI("etcd")) }, s},
	} {
		old := read(c.path)
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		issueAll(t, d, c.spec)
		if read(c.path) == old {
			t.Errorf("%s: %s was kept", c.what, c.path)
		}
	}
	cert, _, err := load(f.APIServer)
	if err != nil {
		t.Fatal(err)
	}
	cert.NotAfter = time.Now().Add(renewLeaf - time.Hour)
	if a.cluster.serves(cert, subject{}) {
		t.Error("a certificate that is about to expire serves")
	}
}

func TestDamagedAuthorityIsKept(t *testing.T) {
	d, s := lab(t)
	issueAll(t, d, s)
	if err := os.Remove(d.PKI("ca.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d, s); err == nil {
		t.Error("an authority without its key was replaced in silence")
	}
}

// Every certificate is accepted by those who will see it, under the names they use.
func TestChains(t *testing.T) {
	d, s := lab(t)
	a := issueAll(t, d, s)
	master, node := MasterFilesOf(d, s.Masters[1]), NodeFilesOf(d, s.Nodes[1])
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	for _, c := range []struct {
		pair  Pair
		by    *authority
		usage x509.ExtKeyUsage
		names []string
	}{
		{master.APIServer, a.cluster, server, []string{
			"10.100.0.12", "10.100.0.10", "10.100.64.1", "127.0.0.1", "localhost", "kubernetes",
			"kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		}},
		{master.EtcdServer, a.etcd, server, []string{"10.100.0.12", "localhost", "master-2"}},
		{master.EtcdPeer, a.etcd, server, []string{"10.100.0.12"}},
		{master.EtcdPeer, a.etcd, client, nil},
		{master.EtcdClient, a.etcd, client, nil},
		{master.KubeletClient, a.cluster, client, nil},
		{master.FrontProxyClient, a.frontProxy, client, nil},
		{master.Scheduler, a.cluster, server, []string{"10.100.0.12"}},
		{node.Kubelet, a.cluster, server, []string{"10.100.0.102", "node-2"}},
		{AdminFilesOf(d).EtcdClient, a.etcd, client, nil},
	} {
		if _, err := tls.LoadX509KeyPair(c.pair.Cert, c.pair.Key); err != nil {
			t.Error(err)
		}
		cert, _, err := load(c.pair)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(c.by.cert)
		for _, name := range append(c.names, "") {
			if _, err := cert.Verify(x509.VerifyOptions{
				Roots: pool, DNSName: name, KeyUsages: []x509.ExtKeyUsage{c.usage},
			}); err != nil {
				t.Errorf("%s as %q: %v", c.pair.Cert, name, err)
			}
		}
	}
}

func TestKubeconfigs(t *testing.T) {
	d, s := lab(t)
	issueAll(t, d, s)
	master, node := MasterFilesOf(d, s.Masters[2]), NodeFilesOf(d, s.Nodes[0])
	for path, want := range map[string][2]string{
		AdminFilesOf(d).Kubeconfig:   {"https://10.100.0.10:6443", "kubernetes-admin@test"},
		master.SchedulerConf:         {"https://10.100.0.13:6443", "system:kube-scheduler@test"},
		master.ControllerManagerConf: {"https://10.100.0.13:6443", "system:kube-controller-manager@test"},
		node.KubeletConf:             {"https://10.100.0.10:6443", "system:node:node-1@test"},
		node.KubeProxyConf:           {"https://10.100.0.10:6443", "system:kube-proxy@test"},
	} {
		c, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{c.Clusters["test"].Server, c.CurrentContext}; got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		config, err := clientcmd.NewDefaultClientConfig(*c, nil).ClientConfig()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tls.X509KeyPair(config.CertData, config.KeyData); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Etcd and the API server of a master start at the same time, and both see to their certificates.
func TestIssueAtTheSameTime(t *testing.T) {
	d, s := lab(t)
	a, err := Open(d, s)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := a.Master(s.Masters[0]); err != nil {
				t.Error(err)
			}
			f := MasterFilesOf(d, s.Masters[0])
			if _, err := tls.LoadX509KeyPair(f.EtcdPeer.Cert, f.EtcdPeer.Key); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func BenchmarkIssueAll(b *testing.B) {
	for b.Loop() {
		d, s := lab(b)
		issueAll(b, d, s)
	}
}
