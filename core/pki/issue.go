package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kubelab/core/store"
)

const (
	day         = 24 * time.Hour
	validCA     = 10 * 365 * day
	validLeaf   = 365 * day
	renewCA     = 400 * day // a leaf must never outlive its authority
	renewLeaf   = 60 * day  // a lab does not run longer than that without a restart
	clockSkew   = time.Hour // clocks that are set back while the lab runs
	blockCert   = "CERTIFICATE"
	blockKey    = "EC PRIVATE KEY"
	blockPublic = "PUBLIC KEY"
	serialBits  = 128
	modeFile    = 0o600
	modeDir     = 0o700
	usageOfLeaf = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	usageOfCA   = x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageCRLSign
)

// authority is one CA: a self-signed certificate and its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte // cert
}

// subject says for whom a certificate is and what it may be used for.
type subject struct {
	name, group    string
	addrs          []netip.Addr
	dns            []string
	server, client bool
}

// openAuthority loads the CA at path (without its suffixes), or makes it when it is missing or expires.
func openAuthority(path, name string) (*authority, error) {
	p := pair(path)
	if _, err := os.Stat(p.Cert); err == nil {
		cert, key, err := load(p)
		if err != nil {
			return nil, err // it is not ours to throw a CA away: everything issued would be worthless
		}
		if time.Until(cert.NotAfter) > renewCA {
			return &authority{cert, key, encode(blockCert, cert.Raw)}, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	cert := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-clockSkew), NotAfter: now.Add(validCA),
		KeyUsage: usageOfCA, BasicConstraintsValid: true, IsCA: true,
	}
	raw, err := sign(cert, cert, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	if cert, err = x509.ParseCertificate(raw); err != nil {
		return nil, err
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	certPEM := encode(blockCert, raw)
	// The key first: a key without a certificate is made anew, a certificate without its key is an error.
	return &authority{cert, key, certPEM}, errors.Join(writeDurably(p.Key, keyPEM), writeDurably(p.Cert, certPEM))
}

// issue writes a certificate for sub and its key to p, unless what lies there still serves.
func (a *authority) issue(p Pair, sub subject) error {
	if cert, _, err := load(p); err == nil && a.serves(cert, sub) {
		return nil
	}
	certPEM, keyPEM, err := a.make(sub)
	if err != nil {
		return fmt.Errorf("issue %s: %w", p.Cert, err)
	}
	return errors.Join(write(p.Key, keyPEM), write(p.Cert, certPEM))
}

func (a *authority) make(sub subject) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	cert := &x509.Certificate{
		Subject:  pkix.Name{CommonName: sub.name},
		DNSNames: sub.dns, NotBefore: now.Add(-clockSkew), NotAfter: now.Add(validLeaf),
		KeyUsage: usageOfLeaf, BasicConstraintsValid: true,
	}
	if sub.group != "" {
		cert.Subject.Organization = []string{sub.group}
	}
	for _, ip := range sub.addrs {
		cert.IPAddresses = append(cert.IPAddresses, net.IP(ip.AsSlice()))
	}
	if sub.server {
		cert.ExtKeyUsage = append(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if sub.client {
		cert.ExtKeyUsage = append(cert.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	raw, err := sign(cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err = encodeKey(key)
	return encode(blockCert, raw), keyPEM, err
}

// serves reports whether cert is ours, says what sub needs and will do so for a while.
func (a *authority) serves(cert *x509.Certificate, sub subject) bool {
	addrs := make([]netip.Addr, 0, len(cert.IPAddresses))
	for _, ip := range cert.IPAddresses {
		addr, _ := netip.AddrFromSlice(ip)
		addrs = append(addrs, addr.Unmap())
	}
	var group string
	if len(cert.Subject.Organization) > 0 {
		group = cert.Subject.Organization[0]
	}
	return time.Until(cert.NotAfter) > renewLeaf && cert.CheckSignatureFrom(a.cert) == nil &&
		cert.Subject.CommonName == sub.name && group == sub.group &&
		slices.Equal(addrs, sub.addrs) && slices.Equal(cert.DNSNames, sub.dns)
}

func sign(cert, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) (raw []byte, err error) {
	cert.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits-1))
	if err != nil {
		return nil, err
	}
	return x509.CreateCertificate(rand.Reader, cert, parent, pub, key)
}

// openServiceAccountKey makes path.key and path.pub where they are missing.
func openServiceAccountKey(path string) error {
	private, public := path+".key", path+".pub"
	key, err := loadKey(private)
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return err
		}
		var b []byte
		if b, err = encodeKey(key); err == nil {
			err = writeDurably(private, b)
		}
	}
	if err != nil {
		return err
	}
	b, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	return write(public, encode(blockPublic, b))
}

func load(p Pair) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	b, err := os.ReadFile(p.Cert)
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != blockCert {
		return nil, nil, fmt.Errorf("%s holds no certificate", p.Cert)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", p.Cert, err)
	}
	key, err := loadKey(p.Key)
	if err != nil {
		return nil, nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, fmt.Errorf("%s is not the key of %s", p.Key, p.Cert)
	}
	return cert, key, nil
}

func loadKey(path string) (*ecdsa.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != blockKey {
		return nil, fmt.Errorf("%s holds no key", path)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func encode(blockType string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: raw})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	raw, err := x509.MarshalECPrivateKey(key)
	return encode(blockKey, raw), err
}

// writeDurably is for what cannot be made anew.
func writeDurably(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), modeDir); err != nil {
		return err
	}
	return store.WriteFile(path, b, modeFile)
}

// write does not wait for the disk: what a power failure damages is issued anew, and 60 waits would cost
// a start of the lab as much as an etcd member.
func write(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), modeDir); err != nil {
		return err
	}
	return os.WriteFile(path, b, modeFile)
}
