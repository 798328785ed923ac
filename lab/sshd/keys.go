package sshd

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

// key is one line of the file of authorized keys.
type key struct {
	line int
	name string // its comment
	role Role
}

// keys are those that are let in, by their wire format.
type keys map[string]*key

// readKeys reads a file of authorized keys: OpenSSH's syntax, one key a line, # for remarks, with one option at most, the role:
//
//	role="driver" ssh-ed25519 AAAA… anna
//
// Without it a key is a spectator's. Any other option is an error: OpenSSH's options restrict, and ignoring one would let in more
// than was meant. All wrong lines are reported, with their numbers.
func readKeys(path string) (keys, error) {
	if path == "" {
		return nil, errors.New("no file of authorized keys is named, and nobody could come in without")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; write a line such as: role=\"driver\" ssh-ed25519 AAAA… anna", err)
	}
	defer f.Close()
	all := keys{}
	var wrong []error
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := all.add(n, text); err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", path, n, err))
		}
	}
	if err := lines.Err(); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: %w", path, err))
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no key, so nobody could come in; write a line such as: role=\"driver\" ssh-ed25519 AAAA… anna", path)
	}
	return all, nil
}

func (all keys) add(n int, text string) error {
	public, comment, options, _, err := gossh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return errors.New("not a public key; the line must be as in a .pub file, with role=\"…\" in front at most")
	}
	if _, ok := public.(*gossh.Certificate); ok {
		return errors.New("a certificate; use the public key itself")
	}
	k := &key{line: n, name: clean(comment), role: Spectator}
	for i, o := range options {
		if k.role, err = roleOption(o); err != nil {
			return err
		}
		if i > 0 {
			return errors.New("more than one role")
		}
	}
	if other := all.find(public); other != nil {
		return fmt.Errorf("the key of line %d again", other.line)
	}
	all[string(public.Marshal())] = k
	return nil
}

func roleOption(o string) (Role, error) {
	value, opened := strings.CutPrefix(o, `role="`)
	value, closed := strings.CutSuffix(value, `"`)
	if !opened || !closed {
		return "", fmt.Errorf("option %s: the only one is role=\"…\"", clean(o))
	}
	if r := Role(value); r.AtLeast(Spectator) {
		return r, nil
	}
	return "", fmt.Errorf("role %q: use spectator, driver or instructor", value)
}

func (all keys) find(public gossh.PublicKey) *key { return all[string(public.Marshal())] }

// holder says who has an established session. Its key is the one whose private half was proven at the end, which need not be the
// last one that was asked about on the way in.
func (all keys) holder(sess ssh.Session) (name string, role Role, err error) {
	public := sess.PublicKey()
	if public == nil {
		return "", "", errors.New("a session without a key")
	}
	k := all.find(public)
	if k == nil {
		return "", "", errors.New("a session with a key that is not authorized")
	}
	if k.name == "" {
		return clean(sess.User()), k.role, nil
	}
	return k.name, k.role, nil
}

// owner is who comes over the Unix socket: nobody else can open it.
func owner(sess ssh.Session) (name string, role Role, err error) {
	return clean(sess.User()), Instructor, nil
}
