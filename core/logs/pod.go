package logs

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"kubelab/core/store"
	"kubelab/core/view"
)

// answer is how long the API server may take to say what is in a pod.
const answer = 5 * time.Second

// podSources are the containers of a pod, or the one that is called only. It is what kubectl logs does, but
// with lines that can be cleaned and errors that can be told apart.
func podSources(ctx context.Context, d store.Dir, namespace, name, only string) ([]source, error) {
	config, err := clientcmd.BuildConfigFromFlags("", d.PKI("admin.conf"))
	if err != nil {
		return nil, view.Fail(view.Failed, "logs of pod %s/%s: %w", namespace, name, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	p, err := client.CoreV1().Pods(namespace).Get(bounded, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, view.Fail(view.NotFound, "logs: namespace %s has no pod %s: see lab kubectl get pods -A", namespace, name)
	case err != nil:
		return nil, view.Fail(view.CodeOf(err), "logs of pod %s/%s: %w: the logs of pods need a running lab, see lab status", namespace, name, err)
	}
	var list []source
	var names []string
	for _, c := range append(p.Spec.InitContainers, p.Spec.Containers...) {
		names = append(names, c.Name)
		if only == "" || only == c.Name {
			list = append(list, containerSource(client, p, c.Name))
		}
	}
	if len(list) == 0 {
		return nil, view.Fail(view.NotFound, "logs: pod %s/%s has no container %s: it has %s", namespace, name, only, strings.Join(names, ", "))
	}
	return list, nil
}

func containerSource(client kubernetes.Interface, p *corev1.Pod, name string) source {
	return source{name, func(ctx context.Context, o Options, emit emitFunc) (func() error, error) {
		options := &corev1.PodLogOptions{Container: name, Follow: o.Follow}
		if o.Tail >= 0 {
			lines := int64(o.Tail)
			options.TailLines = &lines
		}
		stream, err := client.CoreV1().Pods(p.Namespace).GetLogs(p.Name, options).Stream(ctx)
		if err != nil {
			return nil, err
		}
		read := func() error { return errors.Join(lines(stream, emit), stream.Close()) }
		if o.Follow {
			return read, nil
		}
		return func() error { return nil }, read()
	}}
}

func lines(r io.Reader, emit emitFunc) error {
	buf := bufio.NewReaderSize(r, block)
	for {
		line, _, err := buf.ReadLine() // one longer than the buffer comes in parts
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := emit(string(line)); err != nil {
			return err
		}
	}
}
