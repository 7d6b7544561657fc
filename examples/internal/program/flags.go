package program

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// Parse reads the flags of a program that takes no arguments. flag.ErrHelp means that the usage was asked
// for, and has been printed.
func Parse(f *flag.FlagSet, usage string, args []string, stdout io.Writer) error {
	err := ParseArguments(f, usage, args, stdout)
	if err == nil && f.NArg() > 0 {
		return seeHelp(fmt.Errorf("unexpected argument %q", f.Arg(0)))
	}
	return err
}

// ParseArguments is Parse for a program that takes arguments, which it leaves in f.
func ParseArguments(f *flag.FlagSet, usage string, args []string, stdout io.Writer) error {
	f.SetOutput(io.Discard) // errors are printed by Status, on one line
	f.Usage = func() {}
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return err
	}
	if err != nil {
		return seeHelp(err)
	}
	return nil
}

func seeHelp(err error) error { return fmt.Errorf("%w (-h lists the flags)", err) }

// NameVar adds a flag for a name, which is not empty where the flag is given, as by a variable of a shell that is not set.
func NameVar(f *flag.FlagSet, to *string, name, usage string) {
	f.Func(name, usage, func(text string) error {
		if text == "" {
			return errors.New("need a name")
		}
		*to = text
		return nil
	})
}

// Number is the value of a flag, and the least that it may be.
type Number struct {
	Flag         string
	Value, Least int
}

// Given are the numbers whose flags are among those that were set: of others the value may stand for one that is chosen later.
func Given(set map[string]bool, numbers ...Number) []Number {
	return slices.DeleteFunc(numbers, func(n Number) bool { return !set[n.Flag] })
}

// TooSmall reports every number that is.
func TooSmall(numbers ...Number) (problems []error) {
	for _, n := range numbers {
		if n.Value < n.Least {
			problems = append(problems, fmt.Errorf("-%s %d: need at least %d", n.Flag, n.Value, n.Least))
		}
	}
	return problems
}

// SeedsBeyond reports, about what gives the first seed, that runs of which each takes the next need one beyond the last that
// there is.
func SeedsBeyond(what string, first uint64, runs int) error {
	if runs < 1 || uint64(runs-1) <= math.MaxUint64-first {
		return nil
	}
	return fmt.Errorf("%s: the seeds of %d runs from %d on go beyond the last one, %d", what, runs, first, uint64(math.MaxUint64))
}

// Own is a number that 0 leaves to the recipe.
func Own(n int) string {
	if n == 0 {
		return "the recipe's own"
	}
	return fmt.Sprint(n)
}

// shellWords are what words that a shell takes as they are consist of.
const shellWords = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=" + string(filepath.Separator)

// CommandLine is the arguments as a shell takes them.
func CommandLine(args []string) string {
	var quoted []string
	for _, arg := range args {
		if arg == "" || strings.ContainsFunc(arg, func(r rune) bool { return !strings.ContainsRune(shellWords, r) }) {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		quoted = append(quoted, arg)
	}
	return strings.Join(quoted, " ")
}
