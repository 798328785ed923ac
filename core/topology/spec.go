// Package topology says what a lab is: its machines, their addresses, and its timings. It is pure data:
// it opens no file and touches no network, so everything may import it.
//
// The main types are Spec, which is also what is kept on disk as lab.json, Machine and Timing.
package topology

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a lab.
const (
	MaxMasters = 7  // etcd's own advice: more members slow every write and buy nothing
	MaxNodes   = 50 // addresses .0.101 to .0.150
	maxName    = 32 // keeps host names and kubeconfig contexts readable
)

// DefaultName is the lab that commands mean when none is named.
const DefaultName = "lab"

// Spec describes one lab.
type Spec struct {
	Name   string       `json:"name"`
	Subnet netip.Prefix `json:"subnet"` // a /16
	Timing TimingName   `json:"timing"`

	NodeCPU    int   `json:"nodeCPU"`    // cores of each node, 1 to 256
	NodeMemory int64 `json:"nodeMemory"` // bytes of each node, at least MinNodeMemory

	Masters []Machine `json:"masters"` // sorted by number
	Nodes   []Machine `json:"nodes"`   // sorted by number

	Demo  bool `json:"demo"`  // the demo workload is put into the lab
	Empty bool `json:"empty"` // machines exist but no component is started
}

// MinNodeMemory is the least a node can have: kubelet and containerd need about 150 MiB of it.
const MinNodeMemory = 512 << 20

var nameForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// ValidateName reports whether name can name a lab: lower-case letters, digits and inner dashes, at most
// 32 characters, as Kubernetes wants of a DNS label.
func ValidateName(name string) error {
	if len(name) > maxName || !nameForm.MatchString(name) {
		return fmt.Errorf("%q cannot name a lab: use at most %d lower-case letters, digits and inner dashes, for example %q", name, maxName, "demo-2")
	}
	return nil
}

// New makes the Spec of a new lab with machines numbered from 1.
func New(name string, subnet netip.Prefix, masters, nodes int) Spec {
	s := Spec{Name: name, Subnet: subnet, Timing: Workshop, NodeCPU: 2, NodeMemory: 2 << 30, Demo: true}
	for i := 1; i <= masters; i++ {
		s.Masters = append(s.Masters, Machine{Master, i})
	}
	for i := 1; i <= nodes; i++ {
		s.Nodes = append(s.Nodes, Machine{Node, i})
	}
	return s
}

// Validate reports the first thing that is wrong with s, with what would be right.
func (s Spec) Validate() error {
	if err := ValidateName(s.Name); err != nil {
		return err
	}
	if n := len(s.Masters); n < 1 || n > MaxMasters {
		return fmt.Errorf("%d masters: a lab has 1 to %d", n, MaxMasters)
	}
	if n := len(s.Nodes); n > MaxNodes {
		return fmt.Errorf("%d nodes: a lab has 0 to %d", n, MaxNodes)
	}
	if err := ValidateSubnet(s.Subnet); err != nil {
		return err
	}
	if _, err := s.Timing.Values(); err != nil {
		return err
	}
	if s.NodeCPU < 1 || s.NodeCPU > 256 {
		return fmt.Errorf("%d cores for a node: use 1 to 256", s.NodeCPU)
	}
	if s.NodeMemory < MinNodeMemory {
		return fmt.Errorf("%d MiB of memory for a node: it needs at least %d MiB", s.NodeMemory>>20, MinNodeMemory>>20)
	}
	return nil
}

// Kind tells masters from nodes.
type Kind string

// The kinds of machine.
const (
	Master Kind = "master"
	Node   Kind = "node"
)

// Machine is one master or node. Numbers start at 1 and are not reused while the machine exists.
type Machine struct {
	Kind   Kind
	Number int
}

// Name is the machine's host name, for example "master-1".
func (m Machine) Name() string { return fmt.Sprintf("%s-%d", m.Kind, m.Number) }

// String is Name.
func (m Machine) String() string { return m.Name() }

// MarshalText writes the machine's name.
func (m Machine) MarshalText() ([]byte, error) { return []byte(m.Name()), nil }

// UnmarshalText reads a machine's name.
func (m *Machine) UnmarshalText(b []byte) error {
	parsed, err := ParseMachine(string(b))
	if err == nil {
		*m = parsed
	}
	return err
}

// ParseMachine reads a name such as "node-2".
func ParseMachine(name string) (Machine, error) {
	kind, digits, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || strconv.Itoa(n) != digits || (Kind(kind) != Master && Kind(kind) != Node) {
		return Machine{}, fmt.Errorf("%q is not a machine: use master-1, node-2 and so on", name)
	}
	return Machine{Kind(kind), n}, nil
}

// Machines lists masters, then nodes.
func (s Spec) Machines() []Machine { return slices.Concat(s.Masters, s.Nodes) }

// Has reports whether m belongs to the lab.
func (s Spec) Has(m Machine) bool { return slices.Contains(s.Machines(), m) }

// Next is the machine that would be added next: the lowest free number of its kind.
func (s Spec) Next(k Kind) Machine {
	for n := 1; ; n++ {
		if m := (Machine{k, n}); !s.Has(m) {
			return m
		}
	}
}

// With returns s with m added in its place.
func (s Spec) With(m Machine) Spec {
	list := s.listOf(m.Kind)
	*list = append(slices.Clone(*list), m)
	slices.SortFunc(*list, func(a, b Machine) int { return a.Number - b.Number })
	return s
}

// Without returns s with m removed.
func (s Spec) Without(m Machine) Spec {
	list := s.listOf(m.Kind)
	*list = slices.DeleteFunc(slices.Clone(*list), func(o Machine) bool { return o == m })
	return s
}

func (s *Spec) listOf(k Kind) *[]Machine {
	if k == Master {
		return &s.Masters
	}
	return &s.Nodes
}
