package nodetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"kubelab/core/node"
	"kubelab/core/topology"
)

func machine(t *testing.T) topology.Machine {
	t.Helper()
	m, err := topology.ParseMachine("node-1")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// runContainer runs a container in the way of kubelet and returns its process's id on the host. It is in the node's own
// network, since without a cluster there is no pod range.
func runContainer(t *testing.T, n *node.Node, image string) int {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+n.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := cri.NewRuntimeServiceClient(conn)
	own := &cri.NamespaceOption{Network: cri.NamespaceMode_NODE}
	sandbox := &cri.PodSandboxConfig{
		Metadata: &cri.PodSandboxMetadata{Name: "test", Uid: t.Name(), Namespace: "default", Attempt: uint32(n.PID())},
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent: "/kubepods/test", SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: own},
		},
	}
	pod, err := client.RunPodSandbox(t.Context(), &cri.RunPodSandboxRequest{Config: sandbox})
	if err != nil {
		t.Fatal(err)
	}
	made, err := client.CreateContainer(t.Context(), &cri.CreateContainerRequest{
		PodSandboxId: pod.PodSandboxId, SandboxConfig: sandbox,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: "test", Attempt: uint32(n.PID())}, Image: &cri.ImageSpec{Image: image},
			Linux: &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{NamespaceOptions: own}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.StartContainer(t.Context(), &cri.StartContainerRequest{ContainerId: made.ContainerId}); err != nil {
		t.Fatal(err)
	}
	status, err := client.ContainerStatus(t.Context(), &cri.ContainerStatusRequest{ContainerId: made.ContainerId, Verbose: true})
	if err != nil {
		t.Fatal(err)
	}
	// The id is of the node's PID namespace.
	var info struct{ PID int }
	if err := json.Unmarshal([]byte(status.Info["info"]), &info); err != nil {
		t.Fatal(err)
	}
	return hostPID(t, n, info.PID)
}

// hostPID finds the process that the node calls by the id inside.
func hostPID(t *testing.T, n *node.Node, inside int) int {
	t.Helper()
	statuses, _ := filepath.Glob("/proc/[0-9]*/status") // the pattern is well-formed
	for _, path := range statuses {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(b), "\nNSpid:")
		line, _, _ := strings.Cut(rest, "\n")
		ids := strings.Fields(line)
		group, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cgroup"))
		if len(ids) > 1 && ids[1] == strconv.Itoa(inside) && strings.Contains(string(group), "/lab/"+labName+"/"+n.Machine.Name()) {
			pid, _ := strconv.Atoi(ids[0])
			return pid
		}
	}
	t.Fatalf("no process %d on %s", inside, n.Machine)
	return 0
}
