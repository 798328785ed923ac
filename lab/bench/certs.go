package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// The baseline's certificates: the same authorities, subjects and files as kubeadm's, but with ECDSA keys
// where kubeadm's default is RSA. The lab has ECDSA too, and the comparison is not about keys; RSA would
// make the baseline slower. All are made before its clock starts.

type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority writes dir/name.crt and dir/name.key.
func newAuthority(dir, name string) (*authority, error) {
	a := &authority{dir: dir}
	cert := template(name, nil, nil)
	cert.IsCA, cert.BasicConstraintsValid = true, true
	cert.KeyUsage |= x509.KeyUsageCertSign
	return a, a.issue(name, cert)
}

// serve writes a certificate for servers, which etcd's peers use as clients too.
func (a *authority) serve(name, commonName string, addrs ...netip.Addr) error {
	return a.issue(name, template(commonName, nil, addrs))
}

// client writes a certificate of a user.
func (a *authority) client(name, user string, groups ...string) error {
	return a.issue(name, template(user, groups, nil))
}

func template(commonName string, groups []string, addrs []netip.Addr) *x509.Certificate {
	t := &x509.Certificate{
		Subject:     pkix.Name{CommonName: commonName, Organization: groups},
		NotBefore:   time.Now().Add(-time.Hour),
		NotAfter:    time.Now().Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if len(addrs) > 0 {
		t.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
	}
	for _, addr := range addrs {
		t.IPAddresses = append(t.IPAddresses, net.IP(addr.AsSlice()))
	}
	return t
}

func (a *authority) issue(name string, t *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if t.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return err
	}
	if t.IsCA {
		a.cert, a.key = t, key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	if t.IsCA {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			return err
		}
	}
	return writePair(filepath.Join(a.dir, name), "CERTIFICATE", der, key)
}

// writeServiceAccountKey writes dir/sa.pub and dir/sa.key.
func writeServiceAccountKey(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	pub, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePair(filepath.Join(dir, "sa"), "PUBLIC KEY", pub, key); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, "sa.crt"), filepath.Join(dir, "sa.pub"))
}

func writePair(path, kind string, der []byte, key *ecdsa.PrivateKey) error {
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".crt", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600)
}

// writeKubeconfig writes dir/name.conf for the client certificate dir/name.crt.
func writeKubeconfig(dir, name, server string) error {
	c := api.NewConfig()
	c.Clusters["upstream"] = &api.Cluster{Server: server, CertificateAuthority: filepath.Join(dir, "ca.crt")}
	c.AuthInfos[name] = &api.AuthInfo{ClientCertificate: filepath.Join(dir, name+".crt"), ClientKey: filepath.Join(dir, name+".key")}
	c.Contexts[name] = &api.Context{Cluster: "upstream", AuthInfo: name}
	c.CurrentContext = name
	return clientcmd.WriteToFile(*c, filepath.Join(dir, name+".conf"))
}
