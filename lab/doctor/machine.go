package doctor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// machine is the machine under examination: its files, below another root in tests.
type machine struct{ files string }

func thisMachine() machine { return machine{files: "/"} }

// read is the content of a file without blanks at its ends; empty where it cannot be read.
func (m machine) read(path string) string {
	b, err := os.ReadFile(filepath.Join(m.files, path))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (m machine) exists(path string) bool {
	_, err := os.Stat(filepath.Join(m.files, path))
	return err == nil
}

// number is the integer in a file, and whether there is one.
func (m machine) number(path string) (int, bool) {
	n, err := strconv.Atoi(m.read(path))
	return n, err == nil
}

// value is what stands after "key:" in a file of /proc.
func (m machine) value(path, key string) string {
	for line := range strings.Lines(m.read(path)) {
		if k, v, found := strings.Cut(line, ":"); found && k == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// install is the command that installs a package, whose name may differ for dnf.
func (m machine) install(apt, dnf string) string {
	family := ""
	for line := range strings.Lines(m.read("/etc/os-release")) {
		if k, v, _ := strings.Cut(strings.TrimSpace(line), "="); k == "ID" || k == "ID_LIKE" {
			family += " " + strings.Trim(v, `"'`)
		}
	}
	for _, f := range strings.Fields(family) {
		switch f {
		case "debian", "ubuntu":
			return "apt-get install -y " + apt
		case "fedora", "rhel", "centos":
			return "dnf install -y " + dnf
		}
	}
	return "install the package " + apt + " (apt-get install -y " + apt + ", or dnf install -y " + dnf + ")"
}

// sysctl is how to set a kernel setting now and for the time after a reboot.
func sysctl(key string, value int) string {
	setting := key + "=" + strconv.Itoa(value)
	return "sysctl -w " + setting + " && echo " + setting + " >> /etc/sysctl.d/90-lab.conf"
}
