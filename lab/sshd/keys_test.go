package sshd

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

func TestRoles(t *testing.T) {
	plain, line1 := newKey(t, "", "anna")
	driver, line2 := newKey(t, `role="driver"`, "ben@laptop")
	teacher, line3 := newKey(t, `role="instructor"`, "") // no comment: the login name it is
	stranger, _ := newKey(t, "", "eve")
	st := newStage(t, overTCP("# the class", line1, "", line2, line3))
	if host, _, _ := net.SplitHostPort(st.server.Addr().String()); host != "127.0.0.1" {
		t.Errorf("a port alone listens on %s", host)
	}
	for _, test := range []struct {
		keys []gossh.Signer
		want string
	}{
		{[]gossh.Signer{plain}, "I am anna, a spectator"},
		{[]gossh.Signer{driver}, "I am ben@laptop, a driver"},
		{[]gossh.Signer{teacher}, "I am somebody, a instructor"},
		{[]gossh.Signer{stranger, plain}, "I am anna, a spectator"},
	} {
		attach(t, st.remote(t, test.keys...), 80, 24).screen.shows(t, test.want)
	}
	refused := map[string][]gossh.AuthMethod{
		"a stranger's key":     {gossh.PublicKeys(stranger)},
		"nothing":              nil,
		"a password":           {gossh.Password("")},
		"keyboard interactive": {gossh.KeyboardInteractive(func(_, _ string, _ []string, _ []bool) ([]string, error) { return nil, nil })},
	}
	for what, auth := range refused {
		conn, err := net.Dial("tcp", st.server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.tryConnect(conn, auth...); err == nil {
			t.Errorf("%s is let in", what)
		}
	}
}

// shifting is a public key that shows another face each time it is looked at: the bytes of the listed keys, in their order, the last
// one for good. A client asks the server about a key, compares the answer, and then signs; so this client asks about one key and
// signs with another.
type shifting struct {
	gossh.PublicKey
	faces *[]gossh.PublicKey
}

func (s shifting) Marshal() []byte {
	faces := *s.faces
	if len(faces) > 1 {
		*s.faces = faces[1:]
	}
	return faces[0].Marshal()
}

type shiftingSigner struct {
	gossh.Signer
	public gossh.PublicKey
}

func (s shiftingSigner) PublicKey() gossh.PublicKey { return s.public }

// This is the mistake of CVE-2024-45337. The SSH library helps today, as it asks about the proven key last; the role must not hang on that.
func TestRoleIsThatOfTheProvenKey(t *testing.T) {
	b, line1 := newKey(t, "", "spectator")
	a, line2 := newKey(t, `role="instructor"`, "teacher")
	other, _ := newKey(t, "", "")
	pa, pb := a.PublicKey(), b.PublicKey()
	ask := func(faces ...gossh.PublicKey) gossh.Signer {
		return shiftingSigner{b, shifting{pb, &faces}}
	}
	for name, signers := range map[string][]gossh.Signer{
		"asked about A, signed with B":            {ask(pa, pa, pb)},
		"asked about B, then A, signed with B":    {ask(pb, other.PublicKey()), ask(pa, pa, pb)},
		"asked about A, then B, signed with B":    {ask(pa, other.PublicKey()), ask(pb)},
		"asked about A twice, then signed with B": {ask(pa, other.PublicKey()), ask(pa, pa, pb)},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, overTCP(line1, line2))
			attach(t, st.remote(t, signers...), 80, 24).screen.shows(t, "I am spectator, a spectator")
		})
	}
	// To ask about A and sign for A with B's private half must fail.
	st := newStage(t, overTCP(line1, line2))
	conn, err := net.Dial("tcp", st.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.tryConnect(conn, gossh.PublicKeys(ask(pa))); err == nil {
		t.Error("a key is believed without proof")
	}
}

func TestNothingButSessions(t *testing.T) {
	key, line := newKey(t, `role="instructor"`, "")
	st := newStage(t, overTCP(line))
	c := st.remote(t, key)
	if conn, err := c.Dial("tcp", st.server.Addr().String()); err == nil {
		_ = conn.Close()
		t.Error("a tunnel out is opened")
	}
	if l, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
		t.Error("a tunnel in is opened")
	}
	session, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"auth-agent-req@openssh.com", "x11-req"} {
		if ok, err := session.SendRequest(request, true, nil); ok || err != nil {
			t.Errorf("%s: %v %v", request, ok, err)
		}
	}
	if err := session.RequestSubsystem("sftp"); err == nil {
		t.Error("sftp is served")
	}
}

func TestHandshakeIsBounded(t *testing.T) {
	_, line := newKey(t, "", "anna")
	st := newStage(t, func(st *stage, cfg *Config, b *bounds) {
		overTCP(line)(st, cfg, b)
		b.handshake = 100 * time.Millisecond
	})
	conn, err := net.Dial("tcp", st.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil { // to the end of the connection
		t.Errorf("a connection that says nothing stays: %v", err)
	}
}

func TestWrongKeys(t *testing.T) {
	_, good := newKey(t, `role="driver"`, "anna")
	_, boss := newKey(t, `role="boss"`, "")
	_, bare := newKey(t, `role=driver`, "")
	_, restrict := newKey(t, `restrict,role="driver"`, "")
	_, twice := newKey(t, `role="driver",role="instructor"`, "")
	for _, test := range []struct {
		name, text string
		want       []string // none for a file that is right
	}{
		{"right", "# remark\n\n" + good + "\r\n", nil},
		{"all wrong lines", boss + "\n" + good + "\nnonsense\n" + bare, []string{":1: role \"boss\"", ":3: not a public key", ":4: option role=driver"}},
		{"other option", restrict, []string{":1: option restrict"}},
		{"two roles", twice, []string{":1: more than one role"}},
		{"same key again", good + "\n" + good, []string{":2: the key of line 1 again"}},
		{"cut off", good[:len(good)/2], []string{":1: not a public key"}},
		{"empty", "# nobody\n", []string{"holds no key"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "authorized_keys")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := readKeys(path)
			if (err == nil) != (test.want == nil) {
				t.Fatalf("error %v", err)
			}
			for _, want := range test.want {
				if strings.HasPrefix(want, ":") {
					want = path + want
				}
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
		})
	}
}

func TestListenRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"wrong keys":    func(c *Config) { _ = os.WriteFile(c.AuthorizedKeys, []byte("nonsense"), 0o600) },
		"no keys":       func(c *Config) { c.AuthorizedKeys = "" },
		"open host key": func(c *Config) { _ = os.WriteFile(c.HostKey, nil, 0o644) },
		"bad host key":  func(c *Config) { _ = os.WriteFile(c.HostKey, nil, 0o600) },
		"taken address": func(c *Config) { c.Listen = "256.0.0.1:1" },
	} {
		t.Run(name, func(t *testing.T) {
			_, line := newKey(t, "", "")
			st := &stage{dir: t.TempDir()}
			cfg := st.config()
			overTCP(line)(st, &cfg, nil)
			change(&cfg)
			s, err := Listen(cfg)
			if err == nil {
				_ = s.Close("")
				t.Fatal("it listens")
			}
			if _, err := net.Dial("unix", cfg.Socket); err == nil {
				t.Error("the socket is served all the same")
			}
		})
	}
}

func TestHostKeyIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "host_key")
	first, err := hostKey(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := hostKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(first.PublicKey().Marshal()) != string(second.PublicKey().Marshal()) || first.PublicKey().Type() != gossh.KeyAlgoED25519 {
		t.Errorf("%s, then %s", gossh.FingerprintSHA256(first.PublicKey()), gossh.FingerprintSHA256(second.PublicKey()))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"2222": "127.0.0.1:2222", ":2222": "127.0.0.1:2222", "0.0.0.0:2222": "0.0.0.0:2222", "[::1]:22": "[::1]:22", "lab.example:22": "lab.example:22",
	} {
		if got := loopback(in); got != want {
			t.Errorf("%s: %s, not %s", in, got, want)
		}
	}
}
