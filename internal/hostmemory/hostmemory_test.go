package hostmemory_test

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/fstest"

	"github.com/fastresnet/fastresnet/internal/hostmemory"
)

func TestFree(t *testing.T) {
	const host = "MemTotal:       9000 kB\nMemAvailable:   8000 kB\n"
	const v1, v2 = "sys/fs/cgroup/memory", "sys/fs/cgroup"
	for _, tt := range []struct {
		label string
		files map[string]string
		want  int64
	}{
		{"another system", nil, 0},
		{"a host", map[string]string{"proc/meminfo": host}, 8000 << 10},
		{"a host without what is available", map[string]string{"proc/meminfo": "MemTotal:       9000 kB\n"}, 0},
		{"a container", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/\n",
			v2 + "/memory.max": "1000\n", v2 + "/memory.current": "300\n", v2 + "/memory.stat": "anon 100\ninactive_file 200\nactive_file 7\n"}, 900},
		{"a container whose host is not known", map[string]string{v2 + "/memory.max": "1000\n", v2 + "/memory.current": "300\n"}, 700},
		{"a container with the path that it has outside", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/docker/0123\n",
			v2 + "/memory.max": "1000\n", v2 + "/memory.current": "300\n"}, 700},
		{"a container within another's", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/../0123\n",
			v2 + "/memory.max": "1000\n", v2 + "/memory.current": "300\n"}, 700},
		{"no limit", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/user.slice\n",
			v2 + "/user.slice/memory.max": "max\n", v2 + "/user.slice/memory.current": "300\n"}, 8000 << 10},
		{"a limit beyond the host", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/user.slice\n",
			v2 + "/user.slice/memory.max": "99999999\n", v2 + "/user.slice/memory.current": "300\n"}, 8000 << 10},
		{"a job's group", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/system.slice/slurmstepd.scope/job_7/step_0\n",
			v2 + "/system.slice/slurmstepd.scope/job_7/step_0/memory.max":     "1000\n",
			v2 + "/system.slice/slurmstepd.scope/job_7/step_0/memory.current": "400\n"}, 600},
		{"a limit of the group above", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/job_7/step_0\n",
			v2 + "/job_7/step_0/memory.max": "1000\n", v2 + "/job_7/step_0/memory.current": "100\n",
			v2 + "/job_7/memory.max": "1200\n", v2 + "/job_7/memory.current": "1100\n"}, 100},
		{"a group that is full", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "0::/\n",
			v2 + "/memory.max": "1000\n", v2 + "/memory.current": "1000\n"}, 1},
		{"the first version", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "5:pids:/elsewhere\n4:memory:/slurm/job_7\n",
			v1 + "/slurm/job_7/memory.limit_in_bytes": "1000\n", v1 + "/slurm/job_7/memory.usage_in_bytes": "500\n",
			v1 + "/slurm/job_7/memory.stat": "inactive_file 1\ntotal_inactive_file 50\n"}, 550},
		{"the first version, with other controllers", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "4:cpu,memory:/job\n",
			v1 + "/job/memory.limit_in_bytes": "1000\n", v1 + "/job/memory.usage_in_bytes": "500\n"}, 500},
		{"the first version, in a container", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "4:memory:/docker/0123\n",
			v1 + "/memory.limit_in_bytes": "1000\n", v1 + "/memory.usage_in_bytes": "500\n"}, 500},
		{"the first version, without a limit", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "4:memory:/\n",
			v1 + "/memory.limit_in_bytes": "9223372036854771712\n", v1 + "/memory.usage_in_bytes": "500\n"}, 8000 << 10},
		{"a cache that is counted as more than what is used", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "4:memory:/\n",
			v1 + "/memory.limit_in_bytes": "9223372036854771712\n", v1 + "/memory.usage_in_bytes": "500\n",
			v1 + "/memory.stat": "total_inactive_file 9000\n"}, 8000 << 10},
		{"both versions", map[string]string{"proc/meminfo": host, "proc/self/cgroup": "4:memory:/job\n1:name=systemd:/\n0::/other\n",
			v1 + "/job/memory.limit_in_bytes": "1000\n", v1 + "/job/memory.usage_in_bytes": "500\n"}, 500},
	} {
		t.Run(tt.label, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range tt.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := hostmemory.FreeIn(root); got != tt.want {
				t.Errorf("%d bytes are free, want %d", got, tt.want)
			}
		})
	}
}

func TestFreeHere(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere it is not known")
	}
	if got := hostmemory.Free(); got <= 0 {
		t.Errorf("%d bytes are free", got)
	}
}

// What this process does not use any more is free for it, but it is only given back where it is needed.
func TestFreeForTakesWhatIsNotUsed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere it is not known")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const size = 64 << 20
	allocated := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	runtime.KeepAlive(make([]byte, size)) // and is garbage from here on
	before := allocated()
	hostmemory.FreeFor(1)
	if after := allocated(); after < before {
		t.Errorf("%d bytes were given back for one", before-after)
	}
	if hostmemory.FreeFor(math.MaxInt64) <= 0 {
		t.Error("nothing is free")
	}
	if after := allocated(); after > before-size {
		t.Errorf("%d bytes were given back, want %d", before-after, size)
	}
}
