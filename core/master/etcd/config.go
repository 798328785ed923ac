package etcd

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"

	"go.etcd.io/etcd/client/pkg/v3/logutil"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/pkg/v3/featuregate"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/features"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"kubelab/core/master/logs"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

// Initial says how a member without data comes into a cluster. A member with data needs none of it: it
// resumes what it was.
type Initial struct {
	// Cluster maps the names of all members, this one included, to their peer URLs.
	Cluster map[string]string
	// Existing is false for the first members of a new cluster, and true for one that was added.
	Existing bool
}

// NewCluster is the Initial of the first members.
func NewCluster(s topology.Spec, members ...topology.Machine) Initial {
	in := Initial{Cluster: map[string]string{}}
	for _, m := range members {
		in.Cluster[m.Name()] = s.EtcdPeerURL(m)
	}
	return in
}

// String is the cluster as etcd's --initial-cluster has it.
func (in Initial) String() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(in.Cluster)) {
		list = append(list, name+"="+in.Cluster[name])
	}
	return strings.Join(list, ",")
}

// Exists reports whether the member on machine m has data to resume from.
func Exists(d store.Dir, m topology.Machine) bool {
	_, err := os.Stat(d.Master(m, dataDir, "member", "wal"))
	return err == nil
}

// Wipe deletes the data of the member on machine m, which must not run.
func Wipe(d store.Dir, m topology.Machine) error {
	return os.RemoveAll(d.Master(m, dataDir))
}

// errForgotten is why a member does not start that has lost its data: its peers still count on what it had.
var errForgotten = errors.New("its data directory is gone, and the cluster still counts on what was in it: replace the member with lab heal")

const (
	dataDir = "etcd"
	// maxLearners lets all further masters of a new lab come in at once; upstream's default is 1.
	maxLearners = topology.MaxMasters - 1
	modeDir     = 0o700
)

func config(cfg Config, in Initial) (*embed.Config, error) {
	timing, err := cfg.Spec.Timing.Values()
	if err != nil {
		return nil, err
	}
	c := embed.NewConfig()
	c.Name = cfg.Machine.Name()
	c.Dir = cfg.Dir.Master(cfg.Machine, dataDir)
	if err := os.MkdirAll(c.Dir, modeDir); err != nil {
		return nil, err
	}
	peer, err := url.Parse(cfg.Spec.EtcdPeerURL(cfg.Machine))
	if err != nil {
		return nil, err
	}
	client, err := url.Parse(cfg.Spec.EtcdClientURL(cfg.Machine))
	if err != nil {
		return nil, err
	}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	files, shared := pki.MasterFilesOf(cfg.Dir, cfg.Machine), pki.SharedFilesOf(cfg.Dir)
	c.PeerTLSInfo = tlsInfo(files.EtcdPeer, shared.EtcdCA)
	c.ClientTLSInfo = tlsInfo(files.EtcdServer, shared.EtcdCA)

	c.TickMs = uint(timing.EtcdHeartbeat.Milliseconds())
	c.ElectionMs = uint(timing.EtcdElection.Milliseconds())
	c.MaxLearners = maxLearners
	c.QuotaBackendBytes = topology.EtcdQuota
	// A member that dials from its own address can be cut off from single peers.
	if err := c.ServerFeatureGate.(featuregate.MutableFeatureGate).SetFromMap(map[string]bool{
		string(features.SetMemberLocalAddr): true,
	}); err != nil {
		return nil, err
	}
	if len(in.Cluster) > 0 {
		c.InitialCluster = in.String()
	} else if Exists(cfg.Dir, cfg.Machine) {
		c.InitialCluster = c.Name + "=" + peer.String()
	} else {
		return nil, errForgotten // alone, it would form a cluster of its own
	}
	c.InitialClusterToken = cfg.Spec.Name
	if in.Existing || Exists(cfg.Dir, cfg.Machine) {
		c.ClusterState = embed.ClusterStateFlagExisting
	}
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger(cfg.Log))
	return c, nil
}

func tlsInfo(p, ca pki.Pair) transport.TLSInfo {
	return transport.TLSInfo{CertFile: p.Cert, KeyFile: p.Key, TrustedCAFile: ca.Cert, ClientCertAuth: true}
}

// logger writes what etcd logs, in etcd's own format, to the member's log. etcd ends the process, or panics
// on goroutines that nobody guards, when it cannot go on; here only the goroutine ends, and the member with it.
func logger(l *logs.Log) *zap.Logger {
	d := logutil.DefaultZapLoggerConfig
	core := zapcore.NewCore(zapcore.NewJSONEncoder(d.EncoderConfig), zapcore.AddSync(l), zapcore.InfoLevel)
	give := giveUp{l}
	return zap.New(core, zap.AddCaller(), zap.WithFatalHook(give), zap.WithPanicHook(give))
}

type giveUp struct{ log *logs.Log }

// OnWrite is called after a fatal entry was written, and must not return.
func (g giveUp) OnWrite(e *zapcore.CheckedEntry, fields []zapcore.Field) {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	why := e.Message
	if cause := enc.Fields["error"]; cause != nil {
		why = fmt.Sprintf("%s: %v", why, cause)
	}
	g.log.Fail(errors.New(why))
	runtime.Goexit()
}
