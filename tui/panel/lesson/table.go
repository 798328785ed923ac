package lesson

import "strings"

// withoutTables is Markdown in which tables are lists: an item for each of their rows, which says of each cell in which column it stood.
func withoutTables(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	for i := 0; i < len(lines); i++ {
		if i+1 >= len(lines) || !isRow(lines[i]) || !isRule(lines[i+1]) {
			out = append(out, lines[i])
			continue
		}
		columns := cells(lines[i])
		for i += 2; i < len(lines) && isRow(lines[i]); i++ {
			out = append(out, item(columns, cells(lines[i])))
		}
		i--
	}
	return strings.Join(out, "\n")
}

func isRow(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "|") }

// isRule reports whether a line is the one below the names of columns.
func isRule(line string) bool { return isRow(line) && strings.Trim(line, "|-: \t") == "" }

func cells(line string) []string {
	list := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// item is a row of a table as an item of a list: what its first cell says, then the others that say something.
func item(columns, row []string) string {
	text := "- " + row[0]
	mark := ": "
	for i, cell := range row[1:] {
		if cell == "" {
			continue
		}
		name := ""
		if i+1 < len(columns) {
			name = columns[i+1] + " "
		}
		text += mark + name + strong(cell)
		mark = ", "
	}
	return text
}

// strong is a cell that stands out, unless something in it does already.
func strong(cell string) string {
	if strings.ContainsAny(cell, "*_`") {
		return cell
	}
	return "**" + cell + "**"
}
