// Package kubeconfig gives a lab's administrator to the user's own tools: it prints the lab's kubeconfig, or
// puts it into the user's as the context lab-NAME and takes it out again. It does not make certificates.
//
// Merge and Remove change nothing but their own entries and the current context, and replace the file as a
// whole or not at all. Their entries carry a mark, so that one the user made himself is never touched. Run
// through sudo they act on the files of the user who called sudo, with his rights and not with root's.
package kubeconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"kubelab/core/store"
	"kubelab/core/view"
)

// Context is what a lab's cluster, user and context are called in the user's kubeconfig.
func Context(lab string) string { return "lab-" + lab }

// extension is the mark. The kubeconfig format leaves extensions to whoever names them.
const extension = "kubelab"

type mark struct {
	// Before is the current context that --use has replaced.
	Before string `json:"before,omitempty"`
}

// Print writes the lab's own kubeconfig.
func Print(w io.Writer, d store.Dir) error {
	b, err := os.ReadFile(d.PKI("admin.conf"))
	if err != nil {
		return unreadable(d, err)
	}
	_, err = w.Write(b)
	return err
}

// Merge puts the lab into the user's kubeconfig and returns which file that is. With use it becomes the
// current context.
func Merge(d store.Dir, lab string, use bool) (path string, err error) {
	admin, err := clientcmd.LoadFromFile(d.PKI("admin.conf"))
	if err != nil {
		return "", unreadable(d, err)
	}
	u, err := caller(os.Getenv)
	if err != nil {
		return "", err
	}
	if len(u.files) == 0 {
		return "", view.Fail(view.Failed, "put lab %s into your kubeconfig: neither HOME nor KUBECONFIG is set: name a file in KUBECONFIG", lab)
	}
	path = u.files[0]
	err = u.act(func() error {
		return edit(path, func(c *api.Config) (bool, error) { return true, merge(c, admin, lab, use) })
	})
	if err != nil {
		return "", fmt.Errorf("put lab %s into %s: %w", lab, path, err)
	}
	return path, nil
}

// Remove takes the lab out of the user's kubeconfig, out of each if there are several. It is no error when it
// was never in.
func Remove(lab string) error {
	u, err := caller(os.Getenv)
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range u.files {
		err := u.act(func() error {
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return edit(path, func(c *api.Config) (bool, error) { return remove(c, lab), nil })
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("take lab %s out of %s: %w", lab, path, err))
		}
	}
	return errors.Join(errs...)
}

func unreadable(d store.Dir, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return view.Fail(view.Failed, "%s is readable by root only: run it with sudo", d.PKI("admin.conf"))
	case errors.Is(err, fs.ErrNotExist):
		return view.Fail(view.Failed, "%s does not exist: the lab was never started, run lab start first", d.PKI("admin.conf"))
	}
	return err
}

func merge(c, admin *api.Config, lab string, use bool) error {
	name := Context(lab)
	from := admin.Contexts[admin.CurrentContext]
	if from == nil || admin.Clusters[from.Cluster] == nil || admin.AuthInfos[from.AuthInfo] == nil {
		return errors.New("the lab's own kubeconfig has no current context: stop and start the lab, that writes it anew")
	}
	old := c.Contexts[name]
	_, ours := marked(old)
	if !ours && (old != nil || c.Clusters[name] != nil || c.AuthInfos[name] != nil) {
		return fmt.Errorf("it has a %s that this command did not make: rename it first, kubectl config rename-context %s NEW", name, name)
	}
	context := &api.Context{Cluster: name, AuthInfo: name}
	var m mark
	if ours {
		context.Namespace = old.Namespace // kubectl config set-context --namespace is the user's choice
		m, _ = marked(old)
	}
	if use && c.CurrentContext != name {
		m.Before, c.CurrentContext = c.CurrentContext, name
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	context.Extensions = map[string]runtime.Object{extension: &runtime.Unknown{Raw: raw, ContentType: runtime.ContentTypeJSON}}
	c.Clusters[name], c.AuthInfos[name], c.Contexts[name] = admin.Clusters[from.Cluster], admin.AuthInfos[from.AuthInfo], context
	return nil
}

// remove reports whether there was anything to remove.
func remove(c *api.Config, lab string) bool {
	name := Context(lab)
	m, ours := marked(c.Contexts[name])
	if !ours {
		return false
	}
	delete(c.Clusters, name)
	delete(c.AuthInfos, name)
	delete(c.Contexts, name)
	if c.CurrentContext == name {
		c.CurrentContext = ""
		if _, still := c.Contexts[m.Before]; still {
			c.CurrentContext = m.Before
		}
	}
	return true
}

// marked reads the mark of a context, and whether it has one.
func marked(c *api.Context) (m mark, ok bool) {
	if c == nil {
		return m, false
	}
	u, ok := c.Extensions[extension].(*runtime.Unknown)
	if !ok {
		return m, false
	}
	// A mark that somebody has edited still is one.
	_ = json.Unmarshal(u.Raw, &m)
	return m, true
}
