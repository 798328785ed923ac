package main

import (
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// cluster starts a DNS server that knows one service and one pod, and returns a pod's resolv.conf for it.
func cluster(t *testing.T) *dns.ClientConfig {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{
		"web.demo.svc.cluster.local.":            "web.demo.svc.cluster.local. 5 IN A 10.100.64.7",
		"7.64.100.10.in-addr.arpa.":              "7.64.100.10.in-addr.arpa. 5 IN PTR web.demo.svc.cluster.local.",
		"_http._tcp.web.demo.svc.cluster.local.": "_http._tcp.web.demo.svc.cluster.local. 5 IN SRV 0 100 80 web.demo.svc.cluster.local.",
	}
	started := make(chan struct{})
	server := &dns.Server{PacketConn: conn, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		answer := new(dns.Msg).SetReply(r)
		line, ok := known[r.Question[0].Name]
		if !ok {
			answer.Rcode = dns.RcodeNameError
		} else if rr, err := dns.NewRR(line); err == nil && rr.Header().Rrtype == r.Question[0].Qtype {
			answer.Answer = []dns.RR{rr}
		}
		w.WriteMsg(answer)
	})}
	go server.ActivateAndServe()
	<-started
	t.Cleanup(func() { server.Shutdown() })
	host, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	return &dns.ClientConfig{
		Servers: []string{host}, Port: port, Ndots: 5, Timeout: 2, Attempts: 1,
		Search: []string{"demo.svc.cluster.local", "svc.cluster.local", "cluster.local"},
	}
}

func TestLookups(t *testing.T) {
	config := cluster(t)
	for args, want := range map[string]string{
		"web":                        "Name:\tweb.demo.svc.cluster.local\nAddress: 10.100.64.7\n",
		"web.demo":                   "Name:\tweb.demo.svc.cluster.local\nAddress: 10.100.64.7\n",
		"web.demo.svc.cluster.local": "Name:\tweb.demo.svc.cluster.local\nAddress: 10.100.64.7\n",
		"web 127.0.0.1":              "Name:\tweb.demo.svc.cluster.local\nAddress: 10.100.64.7\n",
		"10.100.64.7":                "7.64.100.10.in-addr.arpa\tname = web.demo.svc.cluster.local\n",
		"-type=srv _http._tcp.web":   "_http._tcp.web.demo.svc.cluster.local.\t5\tIN\tSRV\t0 100 80 web.demo.svc.cluster.local.\n",
		"--type=AAAA web":            "error: can't find web: no record of this type",
		"nothing":                    "error: can't find nothing: NXDOMAIN",
		"-type=nonsense web":         "error: option -type=nonsense",
		"":                           "error: usage",
		"one two three":              "error: usage",
	} {
		got := lookup(config, strings.Fields(args))
		if header := "Server:\t\t127.0.0.1\nAddress:\t127.0.0.1:" + config.Port + "\n\n"; !strings.HasPrefix(want, "error") {
			want = header + want
		}
		if got != want && !(strings.HasPrefix(want, "error") && strings.HasPrefix(got, want)) {
			t.Errorf("nslookup %s:\n%s\nwant\n%s", args, got, want)
		}
	}
}

func lookup(config *dns.ClientConfig, args []string) string {
	q, err := parse(args)
	var out strings.Builder
	if err == nil {
		err = q.run(config, &out)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return out.String()
}

func TestNoServer(t *testing.T) {
	config := &dns.ClientConfig{Port: "1", Servers: []string{"127.0.0.1"}, Timeout: 1}
	if got := lookup(config, []string{"web"}); !strings.HasPrefix(got, "error: no server could be reached") {
		t.Error(got)
	}
}

func TestParse(t *testing.T) {
	q, err := parse([]string{"-type=PTR", "web", "10.0.0.1"})
	if want := (query{name: "web", types: []uint16{dns.TypePTR}, server: "10.0.0.1"}); err != nil || !reflect.DeepEqual(q, want) {
		t.Errorf("%+v, %v", q, err)
	}
}
