package sshd

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"
)

// publicSuffix makes the name of the public half from that of the private one, as ssh-keygen does.
const publicSuffix = ".pub"

// hostKey reads the server's key, or makes it, and writes its public half beside it for clients to compare.
func hostKey(path string) (gossh.Signer, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = newHostKey(); err == nil {
			err = replace(path, text, 0o600)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the SSH host key: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("the SSH host key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the SSH host key %s can be read by others (mode %04o); delete it, and a new one is made", path, mode)
	}
	signer, err := gossh.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("the SSH host key %s: %w; delete it, and a new one is made", path, err)
	}
	return signer, replace(path+publicSuffix, gossh.MarshalAuthorizedKey(signer.PublicKey()), 0o644)
}

func newHostKey() ([]byte, error) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	block, err := gossh.MarshalPrivateKey(private, "lab")
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(block), nil
}

// replace writes a file as a whole or not at all: half a key would keep every later start from succeeding.
func replace(path string, text []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
