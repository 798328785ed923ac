package observe

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"k8s.io/component-base/metrics/legacyregistry"

	"kubelab/core/component"
	"kubelab/core/view"
)

// The controllers' work queues count themselves, in the registry that all components of the process share. Only the
// controller manager that leads has its queues filled.

// controllers keeps what was counted when it was last asked.
type controllers struct {
	mu   sync.Mutex // guards the rest
	at   time.Time
	adds map[string]int64
}

// queues are the work queues of the controller manager, each with the account that its controller writes as. API servers and schedulers
// have queues as well, in the same registry.
var queues = map[string]string{
	"ca_cert_publisher_cluster_trust_bundles": "kube-apiserver-serving-clustertrustbundle-publisher", "certificate": "certificate-controller",
	"cidrallocator_node": "node-controller", "claims": "persistent-volume-binder", "volumes": "persistent-volume-binder", "cronjob": "cronjob-controller",
	"daemonset": "daemon-set-controller", "daemonset-node-updates": "daemon-set-controller", "deployment": "deployment-controller",
	"device-taint-eviction-controller": "device-taint-eviction-controller", "disruption": "disruption-controller", "disruption_recheck": "disruption-controller",
	"stale_pod_disruption": "disruption-controller", "endpoint": "endpoint-controller", "endpoint_slice": "endpointslice-controller",
	"endpoint_slice_mirroring": "endpointslicemirroring-controller", "ephemeral_volume": "ephemeral-volume-controller",
	"garbage_collector_attempt_to_delete": "generic-garbage-collector", "garbage_collector_attempt_to_orphan": "generic-garbage-collector",
	"garbage_collector_graph_changes": "generic-garbage-collector", "horizontalpodautoscaler": "horizontal-pod-autoscaler", "job": "job-controller",
	"job_orphan_pod": "job-controller", "namespace": "namespace-controller", "node_lifecycle_controller": "node-controller",
	"node_lifecycle_controller_pods": "node-controller", "noexec_taint_node": "node-controller", "noexec_taint_pod": "node-controller",
	"orphaned_pods_nodes": "pod-garbage-collector", "pvcprotection": "pvc-protection-controller", "pvcs": "expand-controller", "pvprotection": "pv-protection-controller",
	"replicaset": "replicaset-controller", "replicationmanager": "replication-controller", "resource_claim": "resource-claim-controller",
	"resource_quota_controller_resource_changes": "resourcequota-controller", "resourcequota_primary": "resourcequota-controller",
	"resourcequota_priority": "resourcequota-controller", "root_ca_cert_publisher": "root-ca-cert-publisher", "service": "service-controller",
	"serviceaccount": "service-account-controller", "serviceaccount_tokens_service": "legacy-service-account-token-cleaner", "statefulset": "statefulset-controller",
	"ttl_jobs_to_delete": "ttl-after-finished-controller", "ttlcontroller": "ttl-controller", "vacprotection": "volumeattributesclass-protection-controller",
	"validatingadmissionpolicy-status": "validatingadmissionpolicy-status-controller", "volume_expand": "expand-controller",
	"servicecidrs": "service-cidrs-controller", "ClusterRoleAggregator": "clusterrole-aggregation-controller",
}

// controllerAccounts is what the names of controllers' accounts begin with.
const controllerAccounts = "system:serviceaccount:kube-system:"

func (o *Observer) askControllers() (*view.Controllers, error) {
	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil && len(families) == 0 {
		return nil, fmt.Errorf("read the counts of the work queues: %w", err)
	}
	found := map[string]*view.Controller{}
	for _, f := range families {
		switch f.GetName() {
		case "workqueue_depth", "workqueue_adds_total", "workqueue_retries_total":
		default:
			continue
		}
		for _, m := range f.GetMetric() {
			name := label(m, "name")
			if queues[name] == "" {
				continue
			}
			q := found[name]
			if q == nil {
				q = &view.Controller{Name: name}
				found[name] = q
			}
			switch f.GetName() {
			case "workqueue_depth":
				q.Depth = int(m.GetGauge().GetValue())
			case "workqueue_adds_total":
				q.Adds = int64(m.GetCounter().GetValue())
			case "workqueue_retries_total":
				q.Retries = int64(m.GetCounter().GetValue())
			}
		}
	}
	answer := &view.Controllers{Master: o.cluster.Leader(component.ControllerManager), Queues: []view.Controller{}}
	writes := o.lastWrites()
	o.controllers.mu.Lock()
	defer o.controllers.mu.Unlock()
	passed := time.Since(o.controllers.at).Seconds()
	adds := map[string]int64{}
	for name, q := range found {
		adds[name] = q.Adds
		if before, known := o.controllers.adds[name]; known && passed > 0 {
			q.Rate = float64(q.Adds-before) / passed
		}
		q.Last = writes[controllerAccounts+queues[name]]
		answer.Queues = append(answer.Queues, *q)
	}
	o.controllers.at, o.controllers.adds = time.Now(), adds
	slices.SortFunc(answer.Queues, func(a, b view.Controller) int { return strings.Compare(a.Name, b.Name) })
	return answer, nil
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// lastWrites are the latest writes by user.
func (o *Observer) lastWrites() map[string]*view.Request {
	last := map[string]*view.Request{}
	for _, e := range o.journal.events(view.Query{Kinds: []view.EventKind{view.Requested}}) {
		if e.Request.Write() {
			last[e.Request.User] = e.Request
		}
	}
	return last
}
