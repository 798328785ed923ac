package apiserver

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"kubelab/core/master/socket"
	"kubelab/core/master/upstream"
	"kubelab/core/pki"
	"kubelab/core/topology"
)

// flags are what kubeadm gives a kube-apiserver (cmd/kubeadm/app/phases/controlplane/manifests.go), and the
// lab's timings. What is missing there, bootstrap tokens, is how nodes join a kubeadm cluster.
func flags(cfg Config) ([]string, error) {
	timing, err := cfg.Spec.Timing.Values()
	if err != nil {
		return nil, err
	}
	own, shared := pki.MasterFilesOf(cfg.Dir, cfg.Machine), pki.SharedFilesOf(cfg.Dir)
	addr, toleration := cfg.Spec.Addr(cfg.Machine), int(timing.Toleration.Seconds())
	return []string{
		fmt.Sprintf("--advertise-address=%s", addr),
		fmt.Sprintf("--bind-address=%s", addr),
		fmt.Sprintf("--secure-port=%d", topology.APIServerPort),
		"--allow-privileged=true",
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--client-ca-file=" + shared.CA.Cert,
		"--etcd-servers=" + cfg.Spec.EtcdClientURL(cfg.Machine),
		"--etcd-cafile=" + shared.EtcdCA.Cert,
		"--etcd-certfile=" + own.EtcdClient.Cert,
		"--etcd-keyfile=" + own.EtcdClient.Key,
		"--kubelet-certificate-authority=" + shared.CA.Cert,
		"--kubelet-client-certificate=" + own.KubeletClient.Cert,
		"--kubelet-client-key=" + own.KubeletClient.Key,
		"--kubelet-preferred-address-types=InternalIP,Hostname",
		"--proxy-client-cert-file=" + own.FrontProxyClient.Cert,
		"--proxy-client-key-file=" + own.FrontProxyClient.Key,
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-client-ca-file=" + shared.FrontProxyCA.Cert,
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--service-account-issuer=https://kubernetes.default.svc." + topology.ClusterDomain,
		"--service-account-key-file=" + shared.ServiceAccountPub,
		"--service-account-signing-key-file=" + shared.ServiceAccountKey,
		fmt.Sprintf("--service-cluster-ip-range=%s", cfg.Spec.ServiceRange()),
		"--tls-cert-file=" + own.APIServer.Cert,
		"--tls-private-key-file=" + own.APIServer.Key,
		fmt.Sprintf("--default-not-ready-toleration-seconds=%d", toleration),
		fmt.Sprintf("--default-unreachable-toleration-seconds=%d", toleration),
	}, nil
}

func options(cfg Config, l *socket.Listener, d *dialer) (*apioptions.ServerRunOptions, error) {
	registry, err := upstream.NewRegistry()
	if err != nil {
		return nil, err
	}
	args, err := flags(cfg)
	if err != nil {
		return nil, err
	}
	opts := apioptions.NewServerRunOptions()
	opts.GenericServerRunOptions.ComponentGlobalsRegistry = registry // before its flags are made
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range opts.Flags().FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(args); err != nil {
		return nil, fmt.Errorf("parse the flags: %w", err)
	}
	cliflag.PrintFlags(fs)
	if err := registry.Set(); err != nil {
		return nil, fmt.Errorf("set the versions: %w", err)
	}
	opts.SecureServing.Listener = l
	opts.Etcd.StorageConfig.Transport.EgressLookup = d.lookup
	opts.KubeletConfig.Lookup = d.lookup
	return opts, nil
}

// identify gives the server the name that upstream would make of its host's, which all masters share here.
func (s *Server) identify(c *app.Config) {
	sum := sha256.Sum256([]byte(s.cfg.Machine.Name()))
	id := "apiserver-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
	c.KubeAPIs.ControlPlane.Generic.APIServerID = id
	c.ApiExtensions.GenericConfig.APIServerID = id
	c.Aggregator.GenericConfig.APIServerID = id
}
