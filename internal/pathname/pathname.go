// Package pathname prints the names of files and folders in messages.
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
