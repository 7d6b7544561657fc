package fastresnet

import (
	"log/slog"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// Option changes one thing about a run of [Train]. Options may be given in any order; of two that set the same thing
// the later one counts. A nil Option changes nothing.
type Option interface{ train(*config) }

// LoadOption changes one thing about a model that [Load] or [ReadModel] reads, or about a run of [Train]: it says what
// computes, and how. The defaults are the same.
type LoadOption interface {
	Option
	load(*computing)
}

// trainOption is an option of training alone.
type trainOption func(*config)

func (o trainOption) train(c *config) { o(c) }

// computeOption is one of whatever computes.
type computeOption func(*computing)

func (o computeOption) train(c *config) { o(&c.computing) }

func (o computeOption) load(c *computing) { o(c) }

// config is what the options add up to.
type config struct {
	recipe   Recipe
	chosen   bool            // WithRecipe was given
	changes  []func(*Recipe) // of the recipe, applied when all options are known
	width    *int            // of the recipe's design
	network  *layers.Network // the recipe's, for the data set; nil before that is known
	selector *layers.Network // of the recipe's selection, likewise; nil for none
	frozen   map[string]bool // of its layers
	unusable error           // of WithArchitecture

	ownOptimizer bool // WithOptimizer was given

	// What the recipe's schedule becomes: the user's own, or the recipe's adapted.
	schedule *schedule.Schedule
	peak     *float64

	// Of WithInitialModel: the model, and what of it the network starts with.
	initial      *initialModel
	initialError error
	values       map[string][]float32
	warmStart    *WarmStart

	train, test *data.Dataset
	ownData     bool // WithDataset was given

	computing
	devices int
	// stepsPerDispatch is 0 for what suits the device.
	stepsPerDispatch int
	lossEvery        int
	seed             uint64

	checkpoints      bool // WithCheckpoint was given
	checkpointFolder string
	checkpointEvery  int
	resume           bool
	testEvery        int // epochs
	target           *float64
	patience         *int
	best             bool // WithBestWeights was given
	part             bool // the training set is of a CrossValidate, which warns of rare classes in its whole set

	observers []Observer
}

// computing is what computes and how: all that counts for a model that is loaded, too.
type computing struct {
	backend   string
	opening   engine.Opening
	precision Precision
	memory    int64 // the bound in bytes; 0 for the default
	logger    *slog.Logger
}

func defaultComputing() computing {
	return computing{backend: "auto", precision: PrecisionAuto, logger: slog.New(slog.DiscardHandler)}
}

// everyEpoch is the default of testEvery.
const everyEpoch = 1

// maxParameters is far beyond what a small image needs, and a few gigabytes of training state.
const maxParameters = 1 << 28
