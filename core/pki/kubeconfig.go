package pki

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// kubeconfig writes a kubeconfig that holds everything needed to talk to server as sub, unless what lies
// at path still serves.
func (a *Authority) kubeconfig(path, server string, sub subject) error {
	sub.client = true
	if a.kubeconfigServes(path, server, sub) {
		return nil
	}
	cert, key, err := a.cluster.make(sub)
	if err != nil {
		return fmt.Errorf("issue the certificate of %s: %w", path, err)
	}
	lab, user := a.spec.Name, sub.name
	context := user + "@" + lab
	b, err := clientcmd.Write(api.Config{
		Clusters:       map[string]*api.Cluster{lab: {Server: server, CertificateAuthorityData: a.cluster.pem}},
		AuthInfos:      map[string]*api.AuthInfo{user: {ClientCertificateData: cert, ClientKeyData: key}},
		Contexts:       map[string]*api.Context{context: {Cluster: lab, AuthInfo: user}},
		CurrentContext: context,
	})
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return write(path, b)
}

func (a *Authority) kubeconfigServes(path, server string, sub subject) bool {
	c, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return false
	}
	cluster, user := c.Clusters[a.spec.Name], c.AuthInfos[sub.name]
	if cluster == nil || user == nil || cluster.Server != server ||
		string(cluster.CertificateAuthorityData) != string(a.cluster.pem) {
		return false
	}
	block, _ := pem.Decode(user.ClientCertificateData)
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	return err == nil && a.cluster.serves(cert, sub)
}
