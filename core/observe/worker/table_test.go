package worker

import (
	"slices"
	"strings"
	"testing"

	"kubelab/core/view"
)

// printed is what nft prints of a table as kube-proxy makes it, of another table, and of one of our own name in another
// family. Service many has two endpoints, one has one, sticky has session affinity, none has no endpoints.
const printed = `table ip cni_hostport {
	chain service-AAAAAAAA-demo/many/tcp/http {
		meta l4proto tcp dnat to 10.9.9.9:80
	}
}
table ip kube-proxy {
	comment "rules for kube-proxy"
	set cluster-ips {
		type ipv4_addr
		elements = { 10.96.0.5, 10.96.0.6 }
	}

	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 10.96.0.9 . tcp . 80 comment "demo/none:http" : goto reject-chain }
	}

	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
		elements = { 10.96.0.5 . tcp . 80 : goto service-LAUZTJTB-demo/many/tcp/http,
			     10.96.0.7 . tcp . 80 : goto service-HVFWP5L3-demo/sticky/tcp/, 10.96.0.6 . udp . 53 : goto service-BBBBBBBB-demo/one/udp/dns }
	}

	map service-nodeports {
		type inet_proto . inet_service : verdict
		elements = { tcp . 30080 : goto external-LAUZTJTB-demo/many/tcp/http }
	}

	chain nat-output {
		type nat hook output priority -100; policy accept;
		jump services
	}

	chain reject-chain {
		reject
	}

	chain external-LAUZTJTB-demo/many/tcp/http {
		jump mark-for-masquerade comment "masquerade"
		goto service-LAUZTJTB-demo/many/tcp/http
	}

	chain service-LAUZTJTB-demo/many/tcp/http {
		meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.180.0.14 . 8080, 1 : 10.180.0.5 . 8080 }
	}

	chain service-BBBBBBBB-demo/one/udp/dns {
		meta l4proto udp dnat to 10.180.0.9:53
	}

	chain service-HVFWP5L3-demo/sticky/tcp/ {
		ip saddr @affinity-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80 goto endpoint-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80
		numgen random mod 1 vmap { 0 : goto endpoint-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80 }
	}

	chain endpoint-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80 {
		update @affinity-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80 { ip saddr }
		meta l4proto tcp dnat to 10.180.0.3:80
	}

	chain service-CCCCCCCC-demo/none/tcp/http {
		meta l4proto tcp dnat to 10.180.0.77:80
	}
}
table ip6 kube-proxy {
	chain service-AAAAAAAA-demo/many/tcp/http {
		meta l4proto tcp dnat to 10.9.9.8:80
	}
}
`

func TestRulesOfAService(t *testing.T) {
	table := parseTable(printed)
	for _, c := range []struct {
		name, ip  string
		endpoints []string
		rules     []string // how they begin
	}{
		{"many", "10.96.0.5", []string{"10.180.0.5:8080", "10.180.0.14:8080"}, []string{
			"map service-ips: 10.96.0.5 . tcp . 80 : goto service-",
			"map service-nodeports: tcp . 30080 : goto external-",
			"chain service-LAUZTJTB-demo/many/tcp/http: meta l4proto tcp dnat ip addr . port to numgen",
			"chain external-LAUZTJTB-demo/many/tcp/http: jump mark-for-masquerade",
			"chain external-LAUZTJTB-demo/many/tcp/http: goto service-",
		}},
		{"one", "10.96.0.6", []string{"10.180.0.9:53"}, []string{
			"map service-ips: 10.96.0.6 . udp . 53 : goto service-", "chain service-BBBBBBBB-demo/one/udp/dns: meta l4proto udp dnat to",
		}},
		{"sticky", "10.96.0.7", []string{"10.180.0.3:80"}, []string{
			"map service-ips: 10.96.0.7 . tcp . 80", "chain service-HVFWP5L3-demo/sticky/tcp/: ip saddr",
			"chain service-HVFWP5L3-demo/sticky/tcp/: numgen", "chain endpoint-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80: update",
			"chain endpoint-GTK6MW7G-demo/sticky/tcp/__10.180.0.3/80: meta",
		}},
		// A chain that nothing leads to is shown, but what it says is no endpoint.
		{"none", "10.96.0.9", []string{}, []string{
			"map no-endpoint-services: 10.96.0.9 . tcp . 80", "chain reject-chain: reject", "chain service-CCCCCCCC-demo/none/tcp/http: ",
		}},
		{"other", "None", []string{}, nil},
	} {
		rules, endpoints := table.about(view.Object{Resource: "services", Namespace: "demo", Name: c.name}, c.ip)
		if !slices.Equal(endpoints, c.endpoints) {
			t.Errorf("%s leads to %q, want %q", c.name, endpoints, c.endpoints)
		}
		if !slices.EqualFunc(rules, c.rules, strings.HasPrefix) {
			t.Errorf("rules of %s are\n%s\nwant them to begin with\n%s", c.name, strings.Join(rules, "\n"), strings.Join(c.rules, "\n"))
		}
	}
}

func TestLeads(t *testing.T) {
	want := []string{
		"services/demo/many 10.180.0.14:8080", "services/demo/many 10.180.0.5:8080",
		"services/demo/one 10.180.0.9:53", "services/demo/sticky 10.180.0.3:80",
	}
	var got []string
	for l := range parseTable(printed).leads() {
		got = append(got, l.service.String()+" "+l.endpoint)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("leads are %q, want %q", got, want)
	}
}

func TestNoTable(t *testing.T) {
	if got := parseTable("table ip other {\n}\n").leads(); len(got) > 0 {
		t.Errorf("leads are %v", got)
	}
}
