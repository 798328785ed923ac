package exercises_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"kubelab/core/view"
	"kubelab/exercises"
	"kubelab/exercises/check"
	"kubelab/exercises/expr"
)

func language(t testing.TB) *expr.Env {
	t.Helper()
	env, err := check.Language()
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func TestBuiltinExercises(t *testing.T) {
	c, err := exercises.Builtin(language(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(c) < 3 || c[0].ID != "read-the-map" {
		t.Errorf("there are %d exercises, the first is %s", len(c), c[0].ID)
	}
	if e, err := c.Find("2"); err != nil || e.ID != "a-pod-is-processes" {
		t.Errorf("the second is %v, %v", e, err)
	}
	if _, err := c.Find("kubelet-of"); view.CodeOf(err) != view.NotFound || !strings.Contains(err.Error(), "kubelet-off") {
		t.Errorf("an id with a letter missing: %v", err)
	}
}

// good is an exercise without problems.
func good() map[string]string {
	return map[string]string{
		"exercise.yaml": `id: one
title: One
objective: To know.
minutes: 5
lab: {masters: 1, nodes: 1}
setup:
  apply: [pod.yaml]
  stop: [node-1/kubelet]
steps:
  - id: first
    title: First
    task: Do it.
    ask:
      - {id: who, text: Who is it, kind: pick, pick: [etcd]}
    checks:
      - id: done
        says: It is done.
        if: leader() != ""
        notYet: Not done.
    hints: [a, b, c]
  - id: second
    title: Second
    task: Do that.
    checks:
      - id: done
        says: That is done.
        if: machine(answers.who) == leader()
        notYet: Not {{ leader() }}.
    hints: [a, b, c]
`,
		"task.md": "# One\n", "debrief.md": "# Done\n", "pod.yaml": "kind: Pod\n",
		"solution.txtar": "# step first\nanswer who master-1/etcd\n# step second\nlab status\n",
		"wrong.txtar":    "# step first\nanswer who master-2/etcd\nnot done 'Not done'\n",
	}
}

func filesOf(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func TestProblems(t *testing.T) {
	env := language(t)
	if _, problems := exercises.Read(env, filesOf(good()), "."); len(problems) > 0 {
		t.Fatal(problems)
	}
	replace := func(file, old, by string) func(map[string]string) {
		return func(f map[string]string) {
			if !strings.Contains(f[file], old) {
				panic("there is no " + old)
			}
			f[file] = strings.Replace(f[file], old, by, 1)
		}
	}
	in := func(old, by string) func(map[string]string) { return replace("exercise.yaml", old, by) }
	for name, tt := range map[string]struct {
		change func(map[string]string)
		want   string // how a problem begins, with file and line
		minor  bool
	}{
		"unknown field":         {in("title: One", "titel: One"), "exercise.yaml:2: unknown field titel: did you mean title?", false},
		"unknown in a step":     {in("    task: Do it.", "    taks: Do it."), "exercise.yaml:12: unknown field taks: did you mean task?", false},
		"no YAML":               {in("minutes: 5", "minutes: [5"), "exercise.yaml:", false},
		"wrong type":            {in("minutes: 5", "minutes: many"), "exercise.yaml:4: cannot unmarshal", false},
		"twice":                 {in("minutes: 5", "title: Two"), "exercise.yaml:4: mapping key \"title\" already defined at line 2", false},
		"two documents":         {in("steps:", "---\nsteps:"), "exercise.yaml:1: there is more than one document", false},
		"alias":                 {in("title: One", "title: &t One"), "exercise.yaml:2: anchors and aliases", false},
		"contains itself":       {in("hints: [a, b, c]", "hints: &h [a, b, *h]"), "exercise.yaml:", false},
		"tag":                   {in("title: One", "title: !!binary One"), "exercise.yaml:2: tags", false},
		"masters":               {in("masters: 1", "masters: 9"), "exercise.yaml:5: a lab of 9 masters: use 1 to 7", false},
		"timing":                {in("nodes: 1", "nodes: 1, timing: slow"), "exercise.yaml:5: timing \"slow\": use workshop or upstream", false},
		"nothing to do":         {in("stop: [node-1/kubelet]", "do: [heal]"), "exercise.yaml:8: \"heal\" cannot be done here: use until and a condition, or kill, stop", false},
		"CEL in what is done":   {in("stop: [node-1/kubelet]", "do: ['isolate {{ lader() }}']"), "exercise.yaml:8: undeclared reference to 'lader'", false},
		"CEL that is awaited":   {in("stop: [node-1/kubelet]", "do: ['until leader()']"), "exercise.yaml:8: ", false},
		"quote in what is done": {in("stop: [node-1/kubelet]", "do: [\"kill 'x\"]"), "exercise.yaml:8: a single quote is never closed", false},
		"no such part":          {in("node-1/kubelet", "node-3/kubelet"), "exercise.yaml:8: \"node-3/kubelet\" fits no part of a lab of 1 masters and 1 nodes", false},
		"manifest outside":      {in("[pod.yaml]", "[../../etc/passwd]"), "exercise.yaml:7: \"../../etc/passwd\" leads out of the exercise's folder", false},
		"manifest absolute":     {in("[pod.yaml]", "[/etc/passwd]"), "exercise.yaml:7: \"/etc/passwd\" leads out", false},
		"manifest missing":      {in("[pod.yaml]", "[no.yaml]"), "exercise.yaml:7: there is no file no.yaml", false},
		"CEL syntax":            {in(`leader() != ""`, `leader( != ""`), "exercise.yaml:18: ", false},
		"CEL unknown":           {in(`leader() != ""`, `lader() != ""`), "exercise.yaml:18: undeclared reference to 'lader'", false},
		"CEL field":             {in(`leader() != ""`, `lab.etcd.leadr != ""`), "exercise.yaml:18: undefined field 'leadr'", false},
		"CEL type":              {in(`leader() != ""`, `leader()`), "exercise.yaml:18: the expression is a string: it has to be a bool", false},
		"CEL in a block":        {in(`leader() != ""`, "|-\n          true &&\n          lader()"), "exercise.yaml:20: undeclared reference to 'lader'", false},
		"CEL in a text":         {in("Not {{ leader() }}.", "Not {{ lader() }}."), "exercise.yaml:28: undeclared reference to 'lader'", false},
		"never closed":          {in("Not {{ leader() }}.", "Not {{ leader()."), "exercise.yaml:28: {{ is never closed", false},
		"no such question":      {in("answers.who", "answers.what"), "exercise.yaml:27: answers.what: there is no question of that id", false},
		"nothing kept":          {in("machine(answers.who)", "kept.who"), "exercise.yaml:27: kept.who: nothing of that name is kept", false},
		"same step twice":       {in("id: second", "id: first"), "exercise.yaml:21: id \"first\" of a step", false},
		"choices of a pick":     {in("pick: [etcd]}", "pick: [etcd], choices: [{id: a, text: A}]}"), "exercise.yaml:14: a question of kind choice has two or more choices", false},
		"pick of nothing":       {in("pick: [etcd]}", "pick: [sky]}"), "exercise.yaml:14: \"sky\" cannot be picked", false},
		"no checks":             {in("    checks:\n      - id: done\n        says: It is done.\n        if: leader() != \"\"\n        notYet: Not done.\n", ""), "exercise.yaml:10: there are 0 checks in step first", false},
		"too long":              {in("title: Second", "within: 2h\n    title: Second"), "exercise.yaml:22: 2h0m0s: use a duration of at most 1h0m0s", false},
		"endless text":          {in(`leader() != ""`, `leader() == "`+strings.Repeat("x", 5000)+`"`), "exercise.yaml:18: the expression has", false},
		"deep":                  {in(`leader() != ""`, strings.Repeat("(", 300)+"true"+strings.Repeat(")", 300)), "exercise.yaml:18: ", false},
		"control character":     {replace("task.md", "# One\n", "# One\n\nRed \x1b[31m\n"), "task.md:3: there is a control character in this line (U+001B)", false},
		"other direction":       {replace("task.md", "# One\n", "abc \u202e def\n"), "task.md:1: there is a control character in this line (U+202E)", false},
		"no UTF-8":              {replace("debrief.md", "# Done\n", "\xff\n"), "debrief.md:1: this is not UTF-8", false},
		"huge":                  {replace("task.md", "# One\n", strings.Repeat("x", 10<<20)), "task.md:1: the file is larger than 256 KiB", false},
		"no task":               {func(f map[string]string) { delete(f, "task.md") }, "task.md:1: there is no such file", false},
		"no exercise":           {func(f map[string]string) { delete(f, "exercise.yaml") }, "exercise.yaml:1: there is no such file", false},
		"many files":            {func(f map[string]string) { many(f, 100, 1) }, "f", false},
		"much in all":           {func(f map[string]string) { many(f, 20, 200<<10) }, "f", false},
		"many values":           {in("concepts", "concepts"), "exercise.yaml:", false},
		"missing hint":          {in("hints: [a, b, c]", "hints: [a, b]"), "exercise.yaml:20: step first has 2 hints: write 3", true},
		"no debrief":            {func(f map[string]string) { delete(f, "debrief.md") }, "debrief.md:1: there is no such file", true},
		"no solution":           {func(f map[string]string) { delete(f, "solution.txtar") }, "solution.txtar:1: there is no such file", true},
		"step skipped":          {replace("solution.txtar", "# step first\nanswer who master-1/etcd\n", ""), "solution.txtar:1: step first is skipped", true},
		"last step skipped":     {replace("solution.txtar", "# step second\nlab status\n", ""), "solution.txtar:1: step second is skipped", true},
		"step does nothing":     {replace("solution.txtar", "lab status\n", ""), "solution.txtar:3: nothing is done in step second", true},
		"step of nothing":       {replace("solution.txtar", "# step second", "# step third"), "solution.txtar:3: the exercise has no step third", true},
		"another program":       {replace("solution.txtar", "lab status", "rm -rf /"), "solution.txtar:4: a solution has no command \"rm\"", false},
		"the lab deleted":       {replace("solution.txtar", "lab status", "lab delete --yes"), "solution.txtar:4: a solution uses the commands that look at the lab", false},
		"another lab":           {replace("solution.txtar", "lab status", "lab --name x status"), "solution.txtar:4: a solution uses", false},
		"CEL in the solution":   {replace("solution.txtar", "master-1/etcd", "{{ lader() }}"), "solution.txtar:2: undeclared reference to 'lader'", false},
		"not in the solution":   {replace("solution.txtar", "lab status", "not done Not"), "solution.txtar:4: not belongs into wrong.txtar", false},
		"no wrong path":         {func(f map[string]string) { delete(f, "wrong.txtar") }, "wrong.txtar:1: there is no such file", true},
		"wrong without a not":   {replace("wrong.txtar", "not done 'Not done'\n", ""), "wrong.txtar:1: step first does not say what is not passed", true},
		"wrong unknown check":   {replace("wrong.txtar", "not done", "not dome"), "wrong.txtar:3: step first has no check dome", false},
		"wrong unknown step":    {replace("wrong.txtar", "# step first", "# step frist"), "wrong.txtar:1: the exercise has no step frist", false},
		"not of what":           {replace("wrong.txtar", "not done 'Not done'", "not done"), "wrong.txtar:3: not takes the id of a check", false},
		"file outside":          {replace("solution.txtar", "lab status\n", "lab status\n-- ../x --\n"), "solution.txtar:5: \"../x\" names no file here", false},
	} {
		t.Run(name, func(t *testing.T) {
			files := good()
			if name == "many values" {
				files["exercise.yaml"] += "concepts: [" + strings.Repeat("a,", 11_000) + "a]\n"
				tt.want = "exercise.yaml:30: there are more than 10000 values"
			} else {
				tt.change(files)
			}
			e, problems := exercises.Read(env, filesOf(files), ".")
			if (e != nil) != tt.minor {
				t.Errorf("it is read: %t", e != nil)
			}
			for _, p := range problems {
				if strings.HasPrefix(p.String(), tt.want) && p.Minor == tt.minor {
					return
				}
			}
			t.Errorf("there is no problem %q, but\n%v", tt.want, problems)
		})
	}
}

func many(files map[string]string, n, size int) {
	for i := range n {
		files[fmt.Sprintf("f%03d.yaml", i)] = strings.Repeat("x", size)
	}
}

func TestFoldersOnDisk(t *testing.T) {
	env, dir := language(t), t.TempDir()
	write := func(folder string, files map[string]string) {
		for name, text := range files {
			path := filepath.Join(dir, folder, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("1-good", good())
	write("2-same", good())
	write("3-linked", good())
	write("4-piped", good())
	if err := os.Remove(filepath.Join(dir, "3-linked/pod.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "3-linked/pod.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "4-piped/pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, filepath.Join(dir, "5-around")); err != nil {
		t.Fatal(err)
	}
	c, problems, err := exercises.ReadDir(env, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c) != 1 || c[0].Folder != "1-good" {
		t.Errorf("read %d exercises", len(c))
	}
	for _, want := range []string{
		"2-same/exercise.yaml:1: there is another exercise one, in 1-good", "3-linked/pod.yaml:1: this is no ordinary file", "4-piped/pipe:1: this is no ordinary file",
	} {
		if !strings.Contains(problems.Error(), filepath.Join(dir, want)) {
			t.Errorf("there is no problem %q in\n%v", want, problems)
		}
	}
	if c, _, err := exercises.ReadDir(env, filepath.Join(dir, "1-good")); err != nil || len(c) != 1 {
		t.Errorf("the folder of one exercise: %v, %v", c, err)
	}
	if _, _, err := exercises.ReadDir(env, filepath.Join(dir, "none")); view.CodeOf(err) != view.NotFound {
		t.Errorf("no such directory: %v", err)
	}
}

func TestNewExercise(t *testing.T) {
	env, folder := language(t), filepath.Join(t.TempDir(), "made", "my-first")
	if err := exercises.New(folder); err != nil {
		t.Fatal(err)
	}
	c, problems, err := exercises.ReadDir(env, folder)
	if err != nil || len(problems) > 0 || len(c) != 1 || c[0].ID != "my-first" {
		t.Errorf("the new one: %v, problems %v, %v", c, problems, err)
	}
	before, _ := os.ReadFile(filepath.Join(folder, "task.md"))
	if err := exercises.New(folder); view.CodeOf(err) != view.Usage {
		t.Errorf("once more: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(folder, "task.md")); !bytes.Equal(before, after) {
		t.Error("it was written over")
	}
	if err := exercises.New(filepath.Join(t.TempDir(), "No Id")); view.CodeOf(err) != view.Usage {
		t.Errorf("a name that is none: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	env := language(f)
	f.Add(good()["exercise.yaml"], good()["solution.txtar"], "# {{ leader() }}\n")
	f.Fuzz(func(t *testing.T, yaml, solution, text string) {
		files := good()
		files["exercise.yaml"], files["solution.txtar"], files["task.md"] = yaml, solution, text
		e, problems := exercises.Read(env, filesOf(files), ".")
		if e == nil && len(problems.Serious()) == 0 {
			t.Error("it is refused, and nothing says why")
		}
		for _, p := range problems {
			if p.Line < 1 || p.File == "" || p.Text == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
	})
}
