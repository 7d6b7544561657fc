// Package hostmemory says how much memory is free.
package hostmemory

import (
	"io/fs"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// Free is how many bytes this process may still take, as far as Linux tells: what the host has available, or what is left of
// the limit of a control group that the process is in, if that is less. It is 0 where it is not known.
func Free() int64 { return free(os.DirFS("/")) }

// FreeFor is [Free], but if less than so many bytes are, only after this process has given back what it does not use any more:
// it is slow then.
func FreeFor(bytes int64) int64 {
	left := Free()
	if left == 0 || left >= bytes {
		return left
	}
	debug.FreeOSMemory()
	return Free()
}

func free(root fs.FS) int64 {
	least, known := line(root, "proc/meminfo", "MemAvailable:")
	least *= 1024
	for _, v := range versions {
		for group := v.group(root); ; group = path.Dir(group) {
			if left, limited := v.left(root, path.Join(v.folder, group)); limited && (!known || left < least) {
				least, known = left, true
			}
			if group == "/" {
				break
			}
		}
	}
	if known && least < 1 {
		return 1 // not unknown
	}
	return least
}

// version is one of control groups.
type version struct {
	folder       string // of the groups that limit memory, where it is usually mounted
	controller   string // by which /proc/self/cgroup names those groups
	limit, usage string // files of a group
	cache        string // the line of memory.stat with what of the usage the kernel gives back when memory runs short
}

var versions = []version{
	{"sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file"},
	{"sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
}

// group is the process's: "/" where it is not known. In a container it may be one that is only there outside.
func (v version) group(root fs.FS) string {
	text, _ := fs.ReadFile(root, "proc/self/cgroup")
	for l := range strings.Lines(string(text)) {
		// The number of the hierarchy, its controllers, the group.
		fields := strings.SplitN(strings.TrimSpace(l), ":", 3)
		if len(fields) == 3 && slices.Contains(strings.Split(fields[1], ","), v.controller) {
			return path.Join("/", fields[2])
		}
	}
	return "/"
}

// left is how much of a group's limit is, if it has one.
func (v version) left(root fs.FS, folder string) (bytes int64, limited bool) {
	limit, limited := number(fs.ReadFile(root, path.Join(folder, v.limit)))
	if !limited {
		return 0, false
	}
	used, _ := number(fs.ReadFile(root, path.Join(folder, v.usage)))
	cache, _ := line(root, path.Join(folder, "memory.stat"), v.cache)
	return limit - max(used-cache, 0), true // the two are counted apart, and no group has more than its limit
}

// number is that of a file which holds nothing else.
func number(text []byte, err error) (n int64, is bool) {
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}

// line is the number in a line "name 123" of a file, which may have a unit behind it.
func line(root fs.FS, file, name string) (n int64, is bool) {
	text, err := fs.ReadFile(root, file)
	for l := range strings.Lines(string(text)) {
		if fields := strings.Fields(l); len(fields) > 1 && fields[0] == name {
			return number([]byte(fields[1]), err)
		}
	}
	return 0, false
}
