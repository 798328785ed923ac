// THROW-AWAY: a control plane and nodes to try core/node with.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	kcm "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	sched "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"kubelab/core/network"
	"kubelab/core/node"
	"kubelab/core/node/applet"
	"kubelab/core/pki"
	"kubelab/core/store"
	"kubelab/core/topology"
)

const root = "/tmp/trial"

func main() {
	name := filepath.Base(os.Args[0])
	if applet.Is(name) {
		os.Exit(applet.Run(name))
	}
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "kube-apiserver":
			os.Args = os.Args[1:]
			os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
		case "kube-controller-manager":
			os.Args = os.Args[1:]
			os.Exit(cli.Run(kcm.NewControllerManagerCommand()))
		case "kube-scheduler":
			os.Args = os.Args[1:]
			os.Exit(cli.Run(sched.NewSchedulerCommand()))
		case "etcd":
			etcd()
			return
		}
	}
	if err := trial(); err != nil {
		fmt.Println("ERROR", err)
		os.Exit(1)
	}
}

func spec() topology.Spec {
	n := 3
	fmt.Sscan(os.Getenv("NODES"), &n)
	s := topology.New("trial", netip.MustParsePrefix("10.150.0.0/16"), 1, n)
	if os.Getenv("CPU") != "" {
		fmt.Sscan(os.Getenv("CPU"), &s.NodeCPU)
	}
	return s
}

func etcd() {
	c := embed.NewConfig()
	c.Dir = root + "/etcd"
	u, _ := url.Parse("http://127.0.0.1:12379")
	p, _ := url.Parse("http://127.0.0.1:12380")
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*u}, []url.URL{*u}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*p}, []url.URL{*p}
	c.InitialCluster = "default=http://127.0.0.1:12380"
	c.LogLevel = "error"
	c.UnsafeNoFsync = true
	e, err := embed.StartEtcd(c)
	if err != nil {
		panic(err)
	}
	<-e.Err()
}

func run(procs *[]*exec.Cmd, name string, args ...string) {
	cmd := exec.Command("/proc/self/exe", append([]string{name}, args...)...)
	f, _ := os.Create(root + "/" + name + ".log")
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	*procs = append(*procs, cmd)
}

func trial() error {
	ctx := context.Background()
	s := spec()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	os.MkdirAll(root, 0o755)
	os.RemoveAll(root + "/etcd")
	d, err := store.Open(root+"/labs", s.Name)
	if err != nil {
		return err
	}
	if os.Getenv("KEEP") == "" {
		d.Remove()
	}
	os.MkdirAll(d.Path(), 0o700)
	ca, err := pki.Open(d, s)
	if err != nil {
		return err
	}
	if err := ca.Admin(); err != nil {
		return err
	}
	if err := ca.Master(s.Masters[0]); err != nil {
		return err
	}
	for _, m := range s.Nodes {
		if err := ca.Node(m); err != nil {
			return err
		}
	}
	fmt.Println("sweep", node.Sweep(s.Name), network.Sweep(ctx, s.Name))
	nw := network.New(s, log)
	if err := nw.Up(ctx); err != nil {
		return err
	}
	defer func() { fmt.Println("down", nw.Down(ctx)) }()
	var procs []*exec.Cmd
	defer func() {
		for _, p := range procs {
			p.Process.Kill()
			p.Wait()
		}
	}()
	run(&procs, "etcd")
	sh, mf := pki.SharedFilesOf(d), pki.MasterFilesOf(d, s.Masters[0])
	t, _ := s.Timing.Values()
	run(&procs, "kube-apiserver", "--etcd-servers=http://127.0.0.1:12379", "--bind-address="+s.Balancer().String(),
		"--advertise-address="+s.Balancer().String(),
		"--secure-port=6443", "--service-cluster-ip-range="+s.ServiceRange().String(), "--client-ca-file="+sh.CA.Cert,
		"--tls-cert-file="+mf.APIServer.Cert, "--tls-private-key-file="+mf.APIServer.Key,
		"--kubelet-client-certificate="+mf.KubeletClient.Cert, "--kubelet-client-key="+mf.KubeletClient.Key,
		"--kubelet-preferred-address-types=InternalIP,Hostname", "--authorization-mode=Node,RBAC",
		"--service-account-key-file="+sh.ServiceAccountPub, "--service-account-signing-key-file="+sh.ServiceAccountKey,
		"--service-account-issuer=https://kubernetes.default.svc", "--enable-admission-plugins=NodeRestriction",
		fmt.Sprintf("--default-not-ready-toleration-seconds=%d", int(t.Toleration.Seconds())), fmt.Sprintf("--default-unreachable-toleration-seconds=%d", int(t.Toleration.Seconds())))
	admin := pki.AdminFilesOf(d).Kubeconfig
	cfg, err := clientcmd.BuildConfigFromFlags("", admin)
	if err != nil {
		return err
	}
	cs := kubernetes.NewForConfigOrDie(cfg)
	for {
		if _, err := cs.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	run(&procs, "kube-controller-manager", "--kubeconfig="+admin, "--leader-elect=false", "--allocate-node-cidrs=true",
		"--cluster-cidr="+s.PodRange().String(), "--node-cidr-mask-size=24", "--service-account-private-key-file="+sh.ServiceAccountKey, "--root-ca-file="+sh.CA.Cert,
		"--use-service-account-credentials=true", "--node-monitor-grace-period="+t.NodeMonitorGrace.String(), "--node-monitor-period="+t.NodeMonitorPeriod.String(), "--bind-address=127.0.0.1", "--secure-port=0")
	run(&procs, "kube-scheduler", "--kubeconfig="+admin, "--leader-elect=false", "--secure-port=0")

	for i := 0; ; i++ {
		if _, err := cs.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err == nil {
			break
		} else if i > 6000 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("control plane ready")
	go ranges(ctx, cs, nw)
	var nodes []*node.Node
	var store *node.ImageStore
	archives, _ := filepath.Glob("/tmp/labimages/*.tar")
	store = node.NewImageStore(root+"/cache", archives)
	b := time.Now()
	fmt.Println("prepare", store.Prepare(ctx), time.Since(b))
	for _, m := range s.Nodes {
		nodes = append(nodes, node.New(node.Config{Spec: s, Machine: m, Dir: d, Network: nw, Bin: "/tmp/labbin", Images: store, Log: log}))
	}
	defer func() {
		var wg sync.WaitGroup
		for _, n := range nodes {
			wg.Go(func() { b := time.Now(); err := n.Stop(ctx); fmt.Println("stop", n.Machine, time.Since(b), err) })
		}
		wg.Wait()
		fmt.Println("sweep", node.Sweep(s.Name))
	}()
	startAll := func(list []*node.Node) {
		var wg sync.WaitGroup
		for _, n := range list {
			wg.Go(func() {
				b := time.Now()
				err := n.Start(ctx)
				fmt.Println("started", n.Machine, time.Since(b), err)
				if err == nil {
					for !ready(ctx, cs, n.Machine.Name()) {
						time.Sleep(10 * time.Millisecond)
						if time.Since(b) > 200*time.Second {
							fmt.Println("NOT READY", n.Machine)
							return
						}
					}
					fmt.Println("READY", n.Machine, time.Since(b))
				}
			})
		}
		wg.Wait()
	}
	if os.Getenv("FIRST") != "" {
		startAll(nodes[:1])
		startAll(nodes[1:])
	} else {
		startAll(nodes)
	}
	fmt.Println("UP")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) == 0 {
			continue
		}
		b := time.Now()
		switch f[0] {
		case "quit":
			return nil
		case "pods":
			var k int
			fmt.Sscan(f[1], &k)
			pods(ctx, cs, k)
		case "status":
			for _, n := range nodes {
				fmt.Println(n.Machine, n.PID(), n.Status())
			}
		case "kill", "start", "stop":
			for _, n := range nodes {
				if n.Machine.Name() == f[1] {
					switch f[0] {
					case "kill":
						fmt.Println(n.Kill())
					case "start":
						startAll([]*node.Node{n})
					case "stop":
						fmt.Println(n.Stop(ctx))
					}
				}
			}
		}
		fmt.Println("done", f, time.Since(b))
	}
	return nil
}

func ready(ctx context.Context, cs *kubernetes.Clientset, name string) bool {
	n, err := cs.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return false
	}
	for _, c := range n.Status.Conditions {
		// Ready and a heartbeat newer than 3 s.
		if c.Type == "Ready" && c.Status == "True" && time.Since(c.LastHeartbeatTime.Time) < 12*time.Second {
			return true
		}
	}
	return false
}

func ranges(ctx context.Context, cs *kubernetes.Clientset, nw *network.Network) {
	for {
		list, err := cs.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err == nil {
			m := map[topology.Machine]netip.Prefix{}
			for _, n := range list.Items {
				if p, err := netip.ParsePrefix(n.Spec.PodCIDR); err == nil {
					k, _ := topology.ParseMachine(n.Name)
					m[k] = p
				}
			}
			if err := nw.SetPodRanges(m); err != nil {
				fmt.Println("ranges", err)
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func pods(ctx context.Context, cs *kubernetes.Clientset, k int) {
	w, err := cs.CoreV1().Pods("default").Watch(ctx, metav1.ListOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Stop()
	b := time.Now()
	var names []string
	for i := range k {
		p := &corev1.Pod{}
		p.Name = fmt.Sprintf("t%d-%d", time.Now().Unix()%10000, i)
		p.Spec.Containers = []corev1.Container{{Name: "c", Image: "lab.local/demo:1"}}
		g := int64(0)
		p.Spec.TerminationGracePeriodSeconds = &g
		if _, err := cs.CoreV1().Pods("default").Create(ctx, p, metav1.CreateOptions{}); err != nil {
			fmt.Println(err)
		}
		names = append(names, p.Name)
	}
	left := map[string]bool{}
	for _, n := range names {
		left[n] = true
	}
	for e := range w.ResultChan() {
		p := e.Object.(*corev1.Pod)
		if !left[p.Name] {
			continue
		}
		for _, c := range p.Status.Conditions {
			if c.Type == "Ready" && c.Status == "True" {
				fmt.Println("pod", p.Name, "ready after", time.Since(b))
				delete(left, p.Name)
			}
		}
		if len(left) == 0 {
			break
		}
	}
	for _, n := range names {
		cs.CoreV1().Pods("default").Delete(ctx, n, metav1.DeleteOptions{})
	}
}
