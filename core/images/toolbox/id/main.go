// Command id says as which user and groups it runs.
//
//	id [-u | -g] [-n]
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

func main() {
	flags := pflag.NewFlagSet("id", pflag.ExitOnError)
	user := flags.BoolP("user", "u", false, "only the user")
	group := flags.BoolP("group", "g", false, "only the group")
	name := flags.BoolP("name", "n", false, "with -u or -g: the name instead of the number")
	flags.Parse(os.Args[1:])

	users, groups := names("/etc/passwd"), names("/etc/group")
	uid, gid := os.Geteuid(), os.Getegid()
	switch {
	case *user:
		fmt.Println(one(uid, users, *name))
	case *group:
		fmt.Println(one(gid, groups, *name))
	default:
		supplementary, _ := os.Getgroups() // none is what an error amounts to
		fmt.Println(all(uid, gid, supplementary, users, groups))
	}
}

// names maps the numbers in a file like /etc/passwd or /etc/group to names.
func names(path string) map[int]string {
	found := map[int]string{}
	content, _ := os.ReadFile(path) // without the file there are numbers only
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 3 {
			continue
		}
		if n, err := strconv.Atoi(fields[2]); err == nil {
			found[n] = fields[0]
		}
	}
	return found
}

func one(id int, names map[int]string, byName bool) string {
	if name := names[id]; byName && name != "" {
		return name
	}
	return strconv.Itoa(id)
}

func all(uid, gid int, supplementary []int, users, groups map[int]string) string {
	with := func(id int, names map[int]string) string {
		if name := names[id]; name != "" {
			return fmt.Sprintf("%d(%s)", id, name)
		}
		return strconv.Itoa(id)
	}
	list := []string{with(gid, groups)}
	for _, g := range supplementary {
		if g != gid {
			list = append(list, with(g, groups))
		}
	}
	return fmt.Sprintf("uid=%s gid=%s groups=%s", with(uid, users), with(gid, groups), strings.Join(list, ","))
}
