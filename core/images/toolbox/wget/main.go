// Command wget fetches one HTTP address and writes it to a file or to its output.
//
//	wget [-q] [-S] [-O FILE] [-T SECONDS] [--header 'NAME: VALUE'] [--post-data TEXT] [--spider] URL
//
// The scheme may be left out. -O - writes to the output. An answer of 400 and above is an error.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/pflag"
)

func main() {
	var o options
	flags := pflag.NewFlagSet("wget", pflag.ExitOnError)
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing but errors")
	flags.BoolVarP(&o.headers, "server-response", "S", false, "print the status and headers of the answer")
	flags.StringVarP(&o.output, "output-document", "O", "", "file to write to, - for the output (default: the last part of the address)")
	flags.Float64VarP(&o.timeout, "timeout", "T", 0, "seconds to wait at most (default: for ever)")
	flags.IntP("tries", "t", 1, "accepted and ignored: there is one try")
	flags.StringVarP(&o.agent, "user-agent", "U", "Wget", "name to give to the server")
	flags.StringArrayVar(&o.header, "header", nil, "header to send, 'NAME: VALUE'; may be repeated")
	flags.StringVar(&o.body, "post-data", "", "send this with POST")
	flags.BoolVar(&o.spider, "spider", false, "only look whether it is there")
	flags.BoolVar(&o.insecure, "no-check-certificate", false, "accept any certificate")
	flags.Parse(os.Args[1:])
	if flags.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "wget: want one URL")
		flags.PrintDefaults()
		os.Exit(2)
	}
	o.post = flags.Changed("post-data")
	if err := fetch(context.Background(), flags.Arg(0), o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "wget:", err)
		os.Exit(1)
	}
}

type options struct {
	quiet, headers, spider, insecure, post bool
	output, agent, body                    string
	timeout                                float64
	header                                 []string
}

// fetch gets address and writes the answer where o says. What it tells on the way goes to log.
func fetch(ctx context.Context, address string, o options, stdout, log io.Writer) error {
	if o.quiet && !o.headers {
		log = io.Discard
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.timeout*float64(time.Second)))
		defer cancel()
	}
	request, err := o.request(ctx, address)
	if err != nil {
		return err
	}
	answer, err := o.client(log).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if o.headers {
		printHeaders(log, answer)
	}
	if answer.StatusCode >= 400 {
		return fmt.Errorf("server returned error: %s %s%s", answer.Proto, answer.Status, reason(answer.Body))
	}
	if o.spider {
		return nil
	}
	return save(answer.Body, o.file(request.URL.Path), stdout)
}

func (o options) request(ctx context.Context, address string) (*http.Request, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	method, body := http.MethodGet, io.Reader(nil)
	switch {
	case o.post:
		method, body = http.MethodPost, strings.NewReader(o.body)
	case o.spider:
		method = http.MethodHead
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", o.agent)
	if o.post {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, line := range o.header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("header %q: want 'NAME: VALUE'", line)
		}
		if value = strings.TrimSpace(value); strings.EqualFold(name, "Host") {
			request.Host = value
		} else {
			request.Header.Set(name, value)
		}
	}
	return request, nil
}

// client says where it connects to: which pod a service's name leads to is what people want to see.
func (o options) client(log io.Writer) *http.Client {
	dialer := &net.Dialer{}
	return &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: o.insecure},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err == nil {
				fmt.Fprintf(log, "Connecting to %s (%s)\n", address, conn.RemoteAddr())
			}
			return conn, err
		},
	}}
}

// file returns where the answer goes, - for the output.
func (o options) file(urlPath string) string {
	if o.output != "" {
		return o.output
	}
	if name := path.Base(urlPath); name != "/" && name != "." {
		return name
	}
	return "index.html"
}

// reason is the first line of an error's text: a server often says there what is wrong.
func reason(body io.Reader) string {
	start := make([]byte, 300)
	n, _ := io.ReadFull(body, start) // a shorter text is what is usual
	line, _, _ := strings.Cut(strings.TrimSpace(string(start[:n])), "\n")
	if line == "" || strings.ContainsFunc(line, unicode.IsControl) {
		return ""
	}
	return ": " + line
}

func save(body io.Reader, name string, stdout io.Writer) (err error) {
	out := stdout
	if name != "-" {
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		defer func() {
			if closeErr := file.Close(); err == nil {
				err = closeErr
			}
		}()
		out = file
	}
	_, err = io.Copy(out, body)
	return err
}

func printHeaders(log io.Writer, answer *http.Response) {
	fmt.Fprintf(log, "  %s %s\n", answer.Proto, answer.Status)
	var lines []string
	for name, values := range answer.Header {
		for _, v := range values {
			lines = append(lines, fmt.Sprintf("  %s: %s", name, v))
		}
	}
	slices.Sort(lines)
	fmt.Fprintln(log, strings.Join(lines, "\n"))
}
