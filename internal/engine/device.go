package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
)

// ErrBackend is wrapped by the errors of [Open]: a backend that does not exist or cannot be had here.
var ErrBackend = errors.New("backend not available")

// ErrMemory is wrapped by errors about a device whose memory does not suffice.
var ErrMemory = errors.New("out of memory")

// Device is an open backend and what is known of it.
type Device struct {
	// Name is the backend as a user would ask for it: "go", "xla:cuda", "xla:/path/to/plugin.so".
	Name string
	// Description names the hardware or the plugin, for people.
	Description string
	// GPU says whether it computes on an NVIDIA GPU.
	GPU bool
	// BFloat16 says whether it computes in bfloat16, too.
	BFloat16 bool
	// PassedOver says, for an automatic choice, why each better backend was not taken.
	PassedOver []string
	// Plugin is XLA's; zero for other backends.
	Plugin Plugin
	// Units describes each of the devices that the backend sees. The first ones are used, see [Device.Use].
	Units []string

	Backend
}

// Plugin is a PJRT plugin that has been loaded.
type Plugin struct {
	Name, Path string
	// Version is the version of the PJRT interface that it offers, such as "0.90".
	Version string
}

// Backend is what an engine does on a device. What it makes is used, and closed, before it is closed itself.
type Backend interface {
	// Split has the first n units of the device work together.
	Split(n int) error
	// Train compiles the steps of a run for batches of the given sizes, and takes the training set. It looks at ctx
	// before it compiles those of a size, and while it prepares images. The steps have no state before [Stepper.Restore].
	Train(ctx context.Context, cfg Config, train *data.Dataset, sizes []int) (Stepper, error)
	// DataMemory is about how many bytes Train takes for a training set of so many images, beside the set itself.
	DataMemory(cfg Config, images int) int64
	// Classify compiles the inference of a network, for at most size images at a time. It may be given weights of a longer
	// network, whose first layers are this one's: see [layers.Network.Body].
	Classify(cfg Config, size int) (Classifier, error)
	// Together is how many of n images are best classified together, and by a classifier of which size, where the
	// configuration has a batch of a size. The others are classified after those.
	Together(n, batch int) (images, size int)
	// Upload takes the variables of a network, by name.
	Upload(variables []layers.Variable, values map[string][]float32) (Weights, error)
	// CompileTime is what compiling has taken so far, over all that was compiled.
	CompileTime() time.Duration
	Close()
}

// Stepper takes the training steps of a run, and keeps the state that they change. It is not safe for concurrent use.
type Stepper interface {
	// Restore makes a snapshot's tensors the state. If one does not fit, that is an error, and the state stays.
	Restore(s Snapshot) error
	// Snapshot copies the state's tensors to the host.
	Snapshot() (Snapshot, error)
	// StartEpoch begins an epoch. If none of its steps have been taken, the metrics begin anew.
	StartEpoch(e Epoch) error
	// PerDispatch is how many steps on batches of a size one call of Step may take: that many, or 1.
	PerDispatch(size int) int
	// Step takes the epoch's next count steps, on batches of the given size each; the first is the epoch's step
	// number step, from 0.
	Step(step, size, count int) error
	// MoveAverages moves the averages of the variables towards them, if the configuration has averages, and keeps a share
	// of each. With [Average.Lookahead] the variables are then the averages.
	MoveAverages(keep float64) error
	// Metrics are the sums of the epoch's steps so far: [NumMetrics].
	Metrics() ([]float32, error)
	// Hardest are the images that counted in the steps' losses, with [Config.Hardest], by their places in the epoch's
	// order: as many for each step of the epoch, in order.
	Hardest() ([]int32, error)
	// LossSum is that of [MetricLoss] where reading it waits for nothing, else NaN.
	LossSum() float64
	// Weights are a copy of the averages of the variables, and of the variables of the last step; without averages
	// they are the variables, and last is nil.
	Weights() (weights, last Weights, err error)
	// Close gives back the state and the training set.
	Close()
}

// Epoch is what an engine is told of one.
type Epoch struct {
	// Number counts from 1.
	Number int
	// Selected are the places in the epoch's order of the images that it goes through, in order; nil for all.
	Selected []int32
	// Moves are what its steps do.
	Moves Moves
	// Taken is how many of them, the first, have been taken and are not taken again.
	Taken int
}

// Weights are the variables of a network on a device. They never change.
type Weights interface {
	// Values copies them to the host, by name.
	Values() (map[string][]float32, error)
	// Finite says whether all are finite numbers.
	Finite() (bool, error)
	// Close gives back the memory that they have on the device.
	Close()
}

// Classifier computes logits with a network's running statistics. It is not safe for concurrent use.
type Classifier interface {
	// Logits of pixels [n, height, width, channels], averaged over the configuration's views ([Config.OverViews]):
	// [n, classes]. n is at most the classifier's size.
	Logits(ctx context.Context, w Weights, pixels []uint8) ([]float32, error)
	Close()
}

// The metrics of an epoch are sums over its steps, which the device keeps and the host reads at the epoch's end.
const (
	MetricLoss     = iota // sum of the examples' losses
	MetricHits            // number of examples classified right
	MetricDiverged        // first step whose loss was not finite, or -1
	NumMetrics
)

// Automatic are the backends that "auto" tries, the best first, where GOMLX_BACKEND does not name one. On a CPU pure Go
// trains two to three times as fast as XLA's plugin (BENCHMARKS.md), which is there to be asked for.
var Automatic = []string{"xla:cuda", "go"}

// NoGPU begins the reason why xla:cuda cannot be had where there is no GPU for it, which is no fault.
const NoGPU = "no NVIDIA GPU was found"

// Environment names the environment variable with the backend that "auto" takes.
const Environment = "GOMLX_BACKEND"

// Opening is how a backend is opened.
type Opening struct {
	// Download lets a plugin that is missing be downloaded.
	Download bool
	// AutotuneCache is a folder where XLA keeps its choices for a GPU from one process to the next; "" for none.
	AutotuneCache string
}

// Opener opens a backend of an engine. config is what follows the kind and a colon in the backend's name.
type Opener func(kind, config string, o Opening) (*Device, error)

// engines open backends by the kind that their names begin with. Engines enter themselves when they are initialised.
var engines = map[string]Opener{}

// Register has an engine open the backends of these kinds.
func Register(open Opener, kinds ...string) {
	for _, kind := range kinds {
		engines[kind] = open
	}
}

// Has says whether this program was built with an engine for backends of a kind.
func Has(kind string) bool { return engines[kind] != nil }

// Open opens the named backend: "go", "xla" (any plugin), "xla:cuda", "xla:cpu", or "xla:" and the absolute
// path of a PJRT plugin, with GoMLX's options behind it. "auto" and "" take the environment's GOMLX_BACKEND if that
// names another, and otherwise the first of xla:cuda and go that can be had. With Download, a plugin that is missing is first
// downloaded to where GoMLX keeps them, if it was asked for by name or there is an NVIDIA GPU.
//
// Errors wrap [ErrBackend].
func Open(name string, o Opening) (*Device, error) {
	if name != "" && name != "auto" {
		return open(name, o)
	}
	if env := os.Getenv(Environment); env != "" && env != "auto" {
		d, err := open(env, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Environment, err)
		}
		return d, nil
	}
	var passedOver []string
	var err error
	for _, candidate := range Automatic {
		var d *Device
		how := o
		how.Download = o.Download && candidate == "xla:cuda"
		if d, err = open(candidate, how); err == nil {
			d.PassedOver = passedOver
			return d, nil
		}
		passedOver = append(passedOver, Reason(err))
	}
	return nil, err
}

// Reason is the text of an error of [Open] without that of [ErrBackend].
func Reason(err error) string { return strings.TrimPrefix(err.Error(), ErrBackend.Error()+": ") }

func open(name string, o Opening) (*Device, error) {
	kind, config, _ := strings.Cut(name, ":")
	if open := engines[kind]; open != nil {
		return open(kind, config, o)
	}
	if kind == "xla" {
		return nil, fmt.Errorf("%w: %s: this program was built without XLA, which needs cgo on Linux, macOS (arm64) or Windows (amd64), and no build tag noxla: build it with CGO_ENABLED=1 and a C compiler", ErrBackend, name)
	}
	return nil, fmt.Errorf(`%w: %q is unknown, want "auto", "go", "xla:cuda", "xla:cpu" or "xla:/path/to/plugin.so"`, ErrBackend, name)
}

// Use has the first n of the units work together, each on its part of a batch. By default the first works alone.
// The error wraps [ErrBackend] if there are fewer.
func (d *Device) Use(n int) error {
	if n > len(d.Units) {
		return fmt.Errorf("%w: %s has %d of the %d devices that are wanted: %s", ErrBackend, d.Name, len(d.Units), n, strings.Join(d.Units, ", "))
	}
	return d.Split(n)
}
