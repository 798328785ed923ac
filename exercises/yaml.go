package exercises

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yaml "sigs.k8s.io/yaml/goyaml.v3"

	"kubelab/core/target"
)

// maxYAML bounds what is in exercise.yaml: values of any kind.
const maxYAML = 10_000

// document is exercise.yaml with the lines of what is in it.
type document struct {
	root *yaml.Node
}

// decode reads exercise.yaml strictly: a field that is not known is a problem, and so are aliases and tags, which can make
// very much of a little, or something that contains itself.
func decode(text string, into *Exercise) (document, Problems) {
	var root yaml.Node
	d := yaml.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return document{}, Problems{{File: fileExercise, Line: 1, Text: "the file is empty"}}
		}
		return document{}, yamlProblems(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return document{}, Problems{{File: fileExercise, Line: 1, Text: "there is more than one document in the file"}}
	}
	count := 0
	if p := plainNodes(&root, &count); p != nil {
		return document{}, Problems{*p}
	}
	strict := yaml.NewDecoder(strings.NewReader(text))
	strict.KnownFields(true)
	if err := strict.Decode(into); err != nil {
		return document{}, yamlProblems(err)
	}
	return document{root.Content[0]}, nil
}

// plainNodes looks for what a plain document does not have.
func plainNodes(n *yaml.Node, count *int) *Problem {
	refused := func(text string) *Problem { return &Problem{File: fileExercise, Line: max(n.Line, 1), Text: text} }
	switch *count++; {
	case *count > maxYAML:
		return refused(fmt.Sprintf("there are more than %d values in the file", maxYAML))
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return refused("anchors and aliases (& and *) are not used in exercises: write the value out, or put quotes around it")
	case n.Style&yaml.TaggedStyle != 0:
		return refused("tags (" + n.Tag + ") are not used in exercises: put quotes around what begins with !")
	}
	for _, c := range n.Content {
		if p := plainNodes(c, count); p != nil {
			return p
		}
	}
	return nil
}

var (
	lineIn       = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type exercises\.(\w+)$`)
)

// yamlProblems are what the decoder complains of.
func yamlProblems(err error) Problems {
	messages := []string{err.Error()}
	var many *yaml.TypeError
	if errors.As(err, &many) {
		messages = many.Errors
	}
	var list Problems
	for _, m := range messages {
		p := Problem{File: fileExercise, Line: 1, Text: strings.TrimPrefix(m, "yaml: ")}
		if found := lineIn.FindStringSubmatch(m); found != nil {
			p.Line, _ = strconv.Atoi(found[1]) // digits, as the expression says
			p.Text = found[2]
		}
		if found := unknownField.FindStringSubmatch(p.Text); found != nil {
			p.Text = fmt.Sprintf("unknown field %s", found[1])
			if near := target.Near(found[1], fieldNames(found[2])); len(near) > 0 {
				p.Text += ": did you mean " + strings.Join(near, " or ") + "?"
			}
		}
		list = append(list, p)
	}
	return list
}

// line is where a value is, by the keys and indices that lead to it, or else where the last thing on the way to it is.
func (d document) line(way ...any) int {
	n := d.root
	for _, key := range way {
		next := child(n, key)
		if next == nil {
			break
		}
		n = next
	}
	return n.Line
}

// textLine is the line at which the text of a value begins: that of a block is on the line after its |.
func (d document) textLine(way ...any) int {
	n := d.root
	for _, key := range way {
		if n = child(n, key); n == nil {
			return d.line(way...)
		}
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Line + 1
	}
	return n.Line
}

func child(n *yaml.Node, key any) *yaml.Node {
	switch key := key.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && key < len(n.Content) {
			return n.Content[key]
		}
	case string:
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}
