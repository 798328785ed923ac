package worker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/pki"
	"kubelab/core/plain"
	"kubelab/core/topology"
	"kubelab/core/view"
)

// maxMetrics is more than a kubelet with its full number of pods has to say, in bytes.
const maxMetrics = 32 << 20

// Kubelet asks the node's kubelet how it is doing. It does so as the API server of the given master, with that one's
// certificate, but from within the node's own network, so that no link matters. It takes at most 5 s.
//
// Kubelet has an API server decide who may read its metrics, and remembers the answer for some minutes. When it was not
// asked for longer and no API server answers, it refuses; that, like any other reason, is in the result's Error.
func Kubelet(ctx context.Context, n *node.Node, as topology.Machine) view.Kubelet {
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	families, err := metricsOf(ctx, n, as, "/metrics", "/metrics/probes")
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s; kubelet may be waiting for an API server that tells who may ask", askBound)
	}
	if err != nil {
		return view.Kubelet{Error: plain.Line(err.Error())}
	}
	k := view.Kubelet{
		CRICalls:  byLabel(families["kubelet_runtime_operations_total"], "operation_type"),
		CRIErrors: byLabel(families["kubelet_runtime_operations_errors_total"], "operation_type"),
		Probes:    byLabel(families["prober_probe_total"], "result"),
	}
	for _, m := range families["kubelet_running_pods"].GetMetric() {
		k.Pods = int(m.GetGauge().GetValue())
	}
	var seconds float64
	for _, m := range families["kubelet_pod_worker_duration_seconds"].GetMetric() { // one for each kind of work
		k.Syncs += int64(m.GetHistogram().GetSampleCount())
		seconds += m.GetHistogram().GetSampleSum()
	}
	if k.Syncs > 0 {
		k.SyncMean = time.Duration(seconds / float64(k.Syncs) * float64(time.Second))
	}
	return k
}

// byLabel adds a counter up by one of its labels.
func byLabel(f *dto.MetricFamily, label string) map[string]int64 {
	sums := map[string]int64{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == label {
				sums[plain.Line(l.GetValue())] += int64(m.GetCounter().GetValue())
			}
		}
	}
	return sums
}

func metricsOf(ctx context.Context, n *node.Node, as topology.Machine, paths ...string) (map[string]*dto.MetricFamily, error) {
	namespace, err := namespaceOf(n)
	if err != nil {
		return nil, err
	}
	config, err := kubeletTLS(n, as)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: config, DialContext: dialIn(namespace)}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	all := map[string]*dto.MetricFamily{}
	for _, path := range paths {
		url := "https://" + netip.AddrPortFrom(n.Spec.Addr(n.Machine), topology.KubeletPort).String() + path
		families, err := scrape(ctx, client, url)
		if err != nil {
			return nil, err
		}
		for name, f := range families {
			all[name] = f
		}
	}
	return all, nil
}

func kubeletTLS(n *node.Node, as topology.Machine) (*tls.Config, error) {
	own := pki.MasterFilesOf(n.Dir, as).KubeletClient
	cert, err := tls.LoadX509KeyPair(own.Cert, own.Key)
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(pki.SharedFilesOf(n.Dir).CA.Cert)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s holds no certificate", pki.SharedFilesOf(n.Dir).CA.Cert)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: roots}, nil
}

func scrape(ctx context.Context, client *http.Client, url string) (map[string]*dto.MetricFamily, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body := io.LimitReader(answer.Body, maxMetrics)
	if answer.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(body, 1000)) // only explains the status
		return nil, fmt.Errorf("kubelet answers %s: %s", answer.Status, why)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", url, err)
	}
	return families, nil
}

// dialIn makes connections in a network namespace. They stay in it, whoever uses them.
func dialIn(namespace string) func(ctx context.Context, net, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (conn net.Conn, err error) {
		err = network.InNamespace(namespace, func() error {
			// An address that is no name, over one family: that is dialled by the calling thread.
			conn, err = new(net.Dialer).DialContext(ctx, "tcp4", addr)
			return err
		})
		return conn, err
	}
}
