package topology

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

func testSpec() Spec { return New("lab", netip.MustParsePrefix("10.100.0.0/16"), 3, 3) }

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Spec)
		want   string // part of the error; empty: valid
	}{
		"as made":         {func(*Spec) {}, ""},
		"seven masters":   {func(s *Spec) { *s = New("lab", s.Subnet, 7, 0) }, ""},
		"no master":       {func(s *Spec) { s.Masters = nil }, "1 to 7"},
		"eight masters":   {func(s *Spec) { *s = New("lab", s.Subnet, 8, 0) }, "1 to 7"},
		"too many nodes":  {func(s *Spec) { *s = New("lab", s.Subnet, 1, 51) }, "0 to 50"},
		"upper case":      {func(s *Spec) { s.Name = "Lab" }, "lower-case"},
		"path as name":    {func(s *Spec) { s.Name = "../etc" }, "lower-case"},
		"long name":       {func(s *Spec) { s.Name = strings.Repeat("a", 33) }, "32"},
		"small subnet":    {func(s *Spec) { s.Subnet = netip.MustParsePrefix("10.1.0.0/24") }, "/16"},
		"host bits":       {func(s *Spec) { s.Subnet = netip.MustParsePrefix("10.1.2.0/16") }, "/16"},
		"public subnet":   {func(s *Spec) { s.Subnet = netip.MustParsePrefix("8.8.0.0/16") }, "private"},
		"IPv6":            {func(s *Spec) { s.Subnet = netip.MustParsePrefix("fd00::/16") }, "/16"},
		"no subnet":       {func(s *Spec) { s.Subnet = netip.Prefix{} }, "/16"},
		"unknown timing":  {func(s *Spec) { s.Timing = "slow" }, "workshop"},
		"no core":         {func(s *Spec) { s.NodeCPU = 0 }, "cores"},
		"too little room": {func(s *Spec) { s.NodeMemory = 1 << 20 }, "512 MiB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := testSpec()
			tt.change(&s)
			err := s.Validate()
			if tt.want == "" && err != nil {
				t.Fatalf("Validate: %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("Validate: %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestAddressesDoNotOverlap(t *testing.T) {
	s := New("lab", netip.MustParsePrefix("10.100.0.0/16"), MaxMasters, MaxNodes)
	seen := map[netip.Addr]string{}
	add := func(who string, a netip.Addr) {
		if other, ok := seen[a]; ok {
			t.Errorf("%s and %s share %s", who, other, a)
		}
		seen[a] = who
		if !s.MachineRange().Contains(a) {
			t.Errorf("%s at %s is outside %s", who, a, s.MachineRange())
		}
	}
	add("host", s.Host())
	add("balancer", s.Balancer())
	for _, m := range s.Machines() {
		add(m.Name(), s.Addr(m))
	}
	ranges := []netip.Prefix{s.MachineRange(), s.ServiceRange(), s.PodRange()}
	for i, a := range ranges {
		if a.Masked() != a {
			t.Errorf("%s has host bits", a)
		}
		for _, b := range ranges[:i] {
			if a.Overlaps(b) {
				t.Errorf("%s overlaps %s", a, b)
			}
		}
	}
	if room := 1 << (PodRangeBits - s.PodRange().Bits()); room < MaxNodes {
		t.Errorf("room for %d pod ranges, want %d", room, MaxNodes)
	}
	if got := s.APIServerURL(s.Masters[1]); got != "https://10.100.0.12:6443" {
		t.Errorf("APIServerURL = %s", got)
	}
}

func TestParseMachine(t *testing.T) {
	for _, name := range []string{"master-1", "node-50"} {
		m, err := ParseMachine(name)
		if err != nil || m.Name() != name {
			t.Errorf("ParseMachine(%q) = %v, %v", name, m, err)
		}
	}
	for _, name := range []string{"", "master", "master-", "master-0", "master-01", "node--1", "worker-1", "node-1 ", "node-1/etcd"} {
		if m, err := ParseMachine(name); err == nil {
			t.Errorf("ParseMachine(%q) = %v, want an error", name, m)
		}
	}
}

func TestMachinesComeAndGo(t *testing.T) {
	s := testSpec()
	without := s.Without(Machine{Node, 2})
	if without.Has(Machine{Node, 2}) || !s.Has(Machine{Node, 2}) {
		t.Error("Without must change the copy only")
	}
	next := without.Next(Node)
	if next != (Machine{Node, 2}) {
		t.Errorf("Next = %s, want the lowest free number", next)
	}
	if got := without.With(next).Nodes; got[1] != next || len(got) != 3 {
		t.Errorf("With = %v, want them in order", got)
	}
}

func TestSpecSurvivesTheDisk(t *testing.T) {
	s := testSpec()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"master-1"`) {
		t.Errorf("machines are written as %s", b)
	}
	var got Spec
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(got); string(again) != string(b) {
		t.Errorf("read back as %s, want %s", again, b)
	}
}
