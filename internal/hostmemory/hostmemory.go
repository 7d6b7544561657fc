// Package hostmemory says how much memory there is.
package hostmemory

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// Free is how many bytes this process may still take, as far as Linux tells; 0 where it is not known.
func Free() int64 {
	free := memoryOf("/proc/meminfo", "MemAvailable:")
	for _, group := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(group)
		if limit, e := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && e == nil && (free == 0 || limit < free) {
			free = limit
		}
	}
	return free
}

// memoryOf is a figure of a file of lines "Name:  123 kB", in bytes; 0 if it is not there.
func memoryOf(file, name string) int64 {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			return kib << 10
		}
	}
	return 0
}
