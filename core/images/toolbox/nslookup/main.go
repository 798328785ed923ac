// Command nslookup asks a DNS server for a name, as the pod's resolver would: it goes through the search
// domains of /etc/resolv.conf and obeys ndots. An address is looked up in reverse.
//
//	nslookup [-type=A|AAAA|SRV|…] NAME|ADDRESS [SERVER]
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"
)

func main() {
	q, err := parse(os.Args[1:])
	if err == nil {
		var config *dns.ClientConfig
		if config, err = dns.ClientConfigFromFile("/etc/resolv.conf"); err == nil {
			err = q.run(config, os.Stdout)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "nslookup:", err)
		os.Exit(1)
	}
}

// query is what was asked on the command line.
type query struct {
	name   string
	types  []uint16 // A and AAAA, unless one was named
	server string   // empty: the first of resolv.conf that answers
}

func parse(args []string) (query, error) {
	q := query{types: []uint16{dns.TypeA, dns.TypeAAAA}}
	var words []string
	for _, arg := range args {
		value, isType := strings.CutPrefix(strings.TrimLeft(arg, "-"), "type=")
		switch {
		case !strings.HasPrefix(arg, "-"):
			words = append(words, arg)
		case isType && dns.StringToType[strings.ToUpper(value)] != 0:
			q.types = []uint16{dns.StringToType[strings.ToUpper(value)]}
		default:
			return q, fmt.Errorf("option %s: want -type=A, AAAA, SRV, PTR or another record type", arg)
		}
	}
	switch len(words) {
	case 2:
		q.server = words[1]
		fallthrough
	case 1:
		q.name = words[0]
		return q, nil
	}
	return q, errors.New("usage: nslookup [-type=TYPE] NAME|ADDRESS [SERVER]")
}

// run asks and prints the server, then what it said.
func (q query) run(config *dns.ClientConfig, out io.Writer) error {
	servers := config.Servers
	if q.server != "" {
		addresses, err := net.LookupHost(q.server)
		if err != nil {
			return fmt.Errorf("find the server: %w", err)
		}
		servers = addresses[:1]
	}
	names := config.NameList(q.name)
	if reverse, err := dns.ReverseAddr(q.name); err == nil {
		names, q.types = []string{reverse}, []uint16{dns.TypePTR}
	}
	client := &dns.Client{Timeout: time.Duration(config.Timeout) * time.Second}
	var failed error
	for _, server := range servers {
		server = net.JoinHostPort(server, config.Port)
		records, err := q.ask(client, server, names)
		var no noSuchName
		if failed = err; err == nil || errors.As(err, &no) {
			host, _, _ := net.SplitHostPort(server)
			fmt.Fprintf(out, "Server:\t\t%s\nAddress:\t%s\n\n", host, server)
			print(out, records)
			return err
		}
	}
	return errors.Join(errors.New("no server could be reached"), failed)
}

// noSuchName is a server's answer that there is nothing under a name.
type noSuchName struct{ name, code string }

func (e noSuchName) Error() string { return fmt.Sprintf("can't find %s: %s", e.name, e.code) }

// ask returns the records of the first name for which there are any.
func (q query) ask(client *dns.Client, server string, names []string) ([]dns.RR, error) {
	code := dns.RcodeNameError
	for _, name := range names {
		var found []dns.RR
		for _, kind := range q.types {
			answer, err := exchange(client, server, name, kind)
			if err != nil {
				return nil, err
			}
			if found = append(found, answer.Answer...); answer.Rcode != dns.RcodeNameError {
				code = answer.Rcode
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	reason := dns.RcodeToString[code]
	if code == dns.RcodeSuccess {
		reason = "no record of this type"
	}
	return nil, noSuchName{q.name, reason}
}

// exchange asks by UDP, and again by TCP when the answer did not fit.
func exchange(client *dns.Client, server, name string, kind uint16) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(name, kind)
	answer, _, err := client.Exchange(question, server)
	if err == nil && answer.Truncated {
		tcp := *client
		tcp.Net = "tcp"
		answer, _, err = tcp.Exchange(question, server)
	}
	return answer, err
}

// print writes records the way nslookup does, an alias once though both types of address name it.
func print(out io.Writer, records []dns.RR) {
	seen := map[string]bool{}
	for _, record := range records {
		var text string
		name := strings.TrimSuffix(record.Header().Name, ".")
		switch r := record.(type) {
		case *dns.A:
			text = fmt.Sprintf("Name:\t%s\nAddress: %s", name, r.A)
		case *dns.AAAA:
			text = fmt.Sprintf("Name:\t%s\nAddress: %s", name, r.AAAA)
		case *dns.CNAME:
			text = fmt.Sprintf("%s\tcanonical name = %s", name, strings.TrimSuffix(r.Target, "."))
		case *dns.PTR:
			text = fmt.Sprintf("%s\tname = %s", name, strings.TrimSuffix(r.Ptr, "."))
		default:
			text = record.String()
		}
		if !seen[text] {
			seen[text] = true
			fmt.Fprintln(out, text)
		}
	}
}
