// Package digits writes numbers for people.
package digits

import (
	"strconv"
	"strings"
)

// Group puts a comma between each three digits before the point of a decimal number: "-1,234.5".
func Group(number string) string {
	end := strings.IndexByte(number, '.')
	if end < 0 {
		end = len(number)
	}
	for i := end - 3; i > 0 && number[i-1] != '-'; i -= 3 {
		number = number[:i] + "," + number[i:]
	}
	return number
}

// Count is a whole number: "50,000".
func Count[T int | int64](n T) string { return Group(strconv.FormatInt(int64(n), 10)) }

// Counted is a number of things: "1 class", "2,000 classes".
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Plural is a number of things whose name takes an s: "1 run", "2,000 runs".
func Plural(n int, noun string) string { return Counted(n, noun, noun+"s") }
