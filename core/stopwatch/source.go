package stopwatch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"kubelab/core/view"
)

// What the writer writes and the reader reads, by turns. Several requests may be under way when somebody does not
// answer in time; were they all about one object, they would be in each other's way. More than are sent in a request's
// bound would only make the lists longer that API servers keep.
const (
	prefix  = view.Stopwatch
	objects = 24
)

// cluster is the Source of a real lab.
type cluster struct {
	objects typedcorev1.ConfigMapInterface
	count   atomic.Int64
	http    http.Client

	mu      sync.Mutex // guards the fields below
	find    func(context.Context) (netip.Addr, bool)
	service netip.Addr // valid once it was found
}

// NewSource sends requests to the API with config, and to the Service that find finds.
func NewSource(config *rest.Config, find func(context.Context) (netip.Addr, bool)) (Source, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.UserAgent = -1, "lab-stopwatch" // it keeps its own pace
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make the stopwatch's client: %w", err)
	}
	return &cluster{
		objects: client.CoreV1().ConfigMaps(metav1.NamespaceSystem), find: find,
		// A connection for each request: the Service chooses a pod for each connection.
		http: http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	}, nil
}

// Write updates an object whatever its version is.
func (c *cluster) Write(ctx context.Context) error {
	o := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprint(prefix, c.count.Add(1)%objects),
			// Nobody applies these objects: a single empty entry has the API server not keep who set which field
			// (k8s.io/apimachinery, managedfields, isResetManagedFields), in every version that it remembers.
			ManagedFields: []metav1.ManagedFieldsEntry{{}},
		},
		Data: map[string]string{"at": time.Now().Format(time.RFC3339Nano)},
	}
	_, err := c.objects.Update(ctx, o, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = c.objects.Create(ctx, o, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) { // by the write beside this one
			err = nil
		}
	}
	return err
}

// Read reads an object from etcd, not from a cache.
func (c *cluster) Read(ctx context.Context) error {
	_, err := c.objects.Get(ctx, fmt.Sprint(prefix, c.count.Load()%objects), metav1.GetOptions{})
	if apierrors.IsNotFound(err) { // the answer is as good as any
		return nil
	}
	return err
}

// Service asks the demo for an answer.
func (c *cluster) Service(ctx context.Context) error {
	a, ok := c.address(ctx)
	if !ok {
		return ErrNoService
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.String(), nil)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the Service answers %s", answer.Status)
	}
	return nil
}

// address is found once: it must be known when the API is down. Nobody waits while somebody else looks for it.
func (c *cluster) address(ctx context.Context) (netip.Addr, bool) {
	if !c.mu.TryLock() {
		return netip.Addr{}, false
	}
	defer c.mu.Unlock()
	if !c.service.IsValid() {
		c.service, _ = c.find(ctx)
	}
	return c.service, c.service.IsValid()
}
