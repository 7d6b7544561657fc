// Package pathname prints names in messages: those of files and folders, and others that come from strangers, as of classes.
package pathname

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quoted is a path as it can stand among words, between quotation marks if they or a terminal could take it for more than one
// name: if it has spaces, quotation marks or what is not printable. It has them as Go does then, as in "a b.png" and "a\n.png".
func Quoted(path string) string {
	odd := func(r rune) bool { return r == '"' || r == ' ' || !unicode.IsPrint(r) }
	if strings.ContainsFunc(path, odd) || !utf8.ValidString(path) {
		return strconv.Quote(path)
	}
	return path
}

// Printable is a name as it can stand alone, as in a column of a table: as it is, spaces too, or between quotation marks, as Go has
// it, if it has what is not printable, which could steer a terminal or break the table.
func Printable(name string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.ContainsFunc(name, odd) || !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	return name
}
