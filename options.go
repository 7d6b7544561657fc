package fastresnet

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/fastresnet/fastresnet/data"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/fastresnet/fastresnet/schedule"
)

// WithDataset sets the images to train and to test on, which must agree in shape, classes and resizing. test may be nil:
// the run then reports no test figures. Default: CIFAR-10, found as data.CIFAR10 does.
func WithDataset(train, test *data.Dataset) Option {
	return trainOption(func(c *config) { c.train, c.test, c.ownData = train, test, true })
}

// WithInitialModel has the run start from the weights and running statistics that a model computes with, and not from
// random ones. They are copied when the option is made, which waits for what the model is computing. The model itself is left
// as it is, and may be closed then; one that cannot be read is an error of Train.
//
// Each variable of the run's network takes the value of the model's variable of the same name and shape. The classifier
// starts anew if the training set's classes, or their order, are others than the model's. Anything else that does not
// fit is an error that names it. [Record.WarmStart] says what was taken. Images are normalised as the model knows it;
// they may be of another size, if the network's pools leave something of them. If their pictures were resized otherwise
// than [Model.Resizing] says, that is one of the result's Warnings. A threshold ([Model.SetThreshold]) is not taken: it was
// measured for that model.
//
// The recipe is [FineTuning]'s unless [WithRecipe] is given: its network must then be the model's. To train a finished
// run for some more epochs, give the recipe of its [Model.Record]. With [WithEpochs] 0 the run only makes the
// model for the training set's images and classes. Default: none.
func WithInitialModel(m *Model) Option {
	initial, err := copyOf(m)
	if err != nil {
		initial, err = nil, fmt.Errorf("the initial model: %w", err)
	}
	return trainOption(func(c *config) { c.initial, c.initialError = initial, err })
}

// WithRecipe sets every hyperparameter of the run; the other options then change it, wherever they stand.
// Default: with [WithInitialModel] [FineTuning] of that model, else [ResNet9Epochs24] for a training set with the classes of
// CIFAR-10, by name, and [RecipeFor] the set otherwise.
func WithRecipe(r Recipe) Option {
	r = r.Clone()
	return trainOption(func(c *config) { c.recipe, c.chosen = r, true })
}

// WithArchitecture sets the network: by a layers.Design, such as layers.ResNet9() or what layers.DesignByName finds, or
// by a layers.Network of your own, which must fit the data set's images and classes. Default: the recipe's.
func WithArchitecture(a layers.Architecture) Option {
	set := func(*Recipe) {}
	var unusable error
	switch a := a.(type) {
	case layers.Design:
		a = a.Clone()
		set = func(r *Recipe) { r.Design, r.Network = a, nil }
	case layers.Network:
		a = a.Clone()
		set = func(r *Recipe) { r.Design, r.Network = layers.Design{}, &a }
	case nil:
		unusable = errors.New("no architecture: need a layers.Design or a layers.Network")
	default:
		unusable = fmt.Errorf("an architecture that is a %T: need a layers.Design or a layers.Network", a)
	}
	return trainOption(func(c *config) {
		c.changes = append(c.changes, set)
		c.unusable = unusable
	})
}

// WithWidth sets the number of channels of the first stage of the network's design, at least 1, whichever option sets the
// design; the other stages are in proportion. Work grows with its square. A network of your own has no design, and stays as
// it is, which is one of the result's Warnings. Default: the design's, which is 64 in most of the published recipes (128 in
// backbone-wide, airbench96 and airbench96-faster) and 16 in [RecipeFor].
func WithWidth(channels int) Option {
	return trainOption(func(c *config) { c.width = &channels })
}

// WithBatchSize sets the number of images a step, from 1 to the size of the training set. The recipe's
// learning rate per image stays: its schedule is scaled in proportion to the batch, unless [WithSchedule]
// or [WithPeakRate] sets it. A batch norm must see more than one value of each channel, so that 1 is too small for a
// network that brings images down to 1x1. Default: the recipe's.
func WithBatchSize(images int) Option {
	return change(func(r *Recipe) { r.BatchSize = images })
}

// WithIncompleteBatches also trains on the last images of an epoch when they do not fill a batch, at the
// price of a second compilation. Default: the recipe's; from rung 18 on, in [RecipeFor] and in [FineTuning], it drops them.
func WithIncompleteBatches(keep bool) Option {
	return change(func(r *Recipe) { r.KeepIncompleteBatch = keep })
}

// WithEpochs sets the number of passes over the training set: 1 to 30,000, or 0 with [WithInitialModel]. The last epoch is
// then a whole one, whatever the recipe's LastEpochShare. The recipe's schedule is stretched in proportion, unless
// [WithSchedule] sets it. Default: the recipe's.
func WithEpochs(n int) Option {
	return change(func(r *Recipe) { r.Epochs, r.LastEpochShare = n, 0 })
}

// WithSchedule sets the learning rate, for the mean loss of a batch, by epoch. It is taken as it is: a
// last knot beyond the run's epochs is an error; after an earlier one its rate is held. A [VariableGroup] that has a
// schedule keeps its own.
//
// With [Nesterov] and a momentum of 0.9 the recipes of resnet9 peak at 0.4 to 1 for batches of 512 images, [ResNet9Epochs24] at
// 0.4, and rates are in proportion to the batch: 0.1 for 128. [SGD] takes the same ones; where no recipe is near, [FindRate]
// helps to choose.
func WithSchedule(s schedule.Schedule) Option {
	s = slices.Clone(s)
	return trainOption(func(c *config) { c.schedule = &s })
}

// WithPeakRate scales the schedule, [WithSchedule]'s too, so that its highest rate is this, whatever the batch
// size.
func WithPeakRate(rate float64) Option {
	return trainOption(func(c *config) { c.peak = &rate })
}

// WithAugmentations sets the random changes to training images, in order; none at all with no arguments.
// Default: the recipe's, in [ResNet9Epochs24] a crop, a flip and a cutout; [RecipeFor] says which it has.
func WithAugmentations(a ...data.Augmentation) Option {
	a = slices.Clone(a)
	return change(func(r *Recipe) { r.Augmentations = a })
}

// WithMixing has each image of a batch combined with the next one, by mixup or CutMix; the training accuracy then counts
// the images' own labels. On XLA batches are then prepared on the host. Default: the recipe's, none.
func WithMixing(m data.Mixing) Option {
	return change(func(r *Recipe) { r.Mixing = m })
}

// WithOptimizer sets what moves the variables: [Nesterov], [SGD] or [Muon]. Groups of the recipe keep their own; that they have
// all variables, so that it moves none, is one of the result's Warnings.
// Default: the recipe's, in [ResNet9Epochs24] and [RecipeFor] Nesterov with momentum 0.9 and weight decay 5e-4.
func WithOptimizer(o Optimizer) Option {
	return trainOption(func(c *config) {
		c.changes = append(c.changes, func(r *Recipe) { r.Optimizer = o })
		c.ownOptimizer = true
	})
}

// WithLabelSmoothing sets the share, from 0 to below 1, of the loss that asks for all classes alike. Default:
// the recipe's, in [ResNet9Epochs24] and [RecipeFor] 0.
func WithLabelSmoothing(share float64) Option {
	return change(func(r *Recipe) { r.LabelSmoothing = share })
}

// WithClassWeights sets by how much each class counts in the loss, in the order of the classes: see
// [Recipe.ClassWeights]. Those of [data.Dataset.ClassWeights] make up for classes of which there are few images. Train
// losses are then weighted, test losses are not. Default: the recipe's, 1 each.
func WithClassWeights(weights ...float64) Option {
	weights = slices.Clone(weights)
	return change(func(r *Recipe) { r.ClassWeights = weights })
}

// WithFrozen has parts of the network stay as they start: see [Recipe.Frozen]. It goes with [WithInitialModel]: without it they
// start at random, of which the run's [Record] warns. Default: the recipe's, none.
func WithFrozen(parts ...string) Option {
	parts = slices.Clone(parts)
	return change(func(r *Recipe) { r.Frozen = parts })
}

// WithLayerDecay sets how learning rates fall from the classifier to the first part of the network: see
// [Recipe.LayerDecay]. Default: the recipe's, 1, and 0.7 in [FineTuning].
func WithLayerDecay(factor float64) Option {
	return change(func(r *Recipe) { r.LayerDecay = factor })
}

// WithAveraging has the model use a moving average of the weights, from which training may go on: see [Averaging].
// Default: the recipe's, in [ResNet9Epochs24], [RecipeFor] and [FineTuning] none.
func WithAveraging(a Averaging) Option {
	return change(func(r *Recipe) { r.Averaging = a })
}

// WithTestViews sets the views of an image over which the model averages its logits, in every use of it.
// Default: the recipe's, in [ResNet9Epochs24] and [RecipeFor] [OneView].
func WithTestViews(v TestViews) Option {
	return change(func(r *Recipe) { r.TestViews = v })
}

// WithPrecision sets the number format of the network's computation. Default: [PrecisionAuto].
func WithPrecision(p Precision) LoadOption {
	return computeOption(func(c *computing) { c.precision = p })
}

// WithBackend chooses what computes: "auto", "go", "xla:cuda", "xla:cpu", or "xla:" and the absolute
// path of a PJRT plugin; GoMLX's options may follow a plugin after a comma, as in
// "xla:cuda,tf32=false". A backend that cannot be had is an error.
//
// Pure Go, "go", computes most convolutions by Winograd's algorithm, which is up to three times faster than the
// definition and rounds more coarsely, by about 1e-5 of the largest output. "go:direct" computes all by the definition.
//
// GPU memory is taken as it is needed, since other programs may want some: "xla:cuda,preallocate=true" takes
// three quarters of it at once, and "xla:cuda,preallocate=true,memory_fraction=0.9" that share. A plugin whose
// path does not name cuda or nvidia keeps its own default. All GPUs of the machine are opened, and memory is taken of each,
// even if one computes: "xla:cuda,visible_devices=0" opens the first alone.
//
// Default: "auto", which takes the environment's GOMLX_BACKEND if that names another, else an NVIDIA GPU with its plugin, else
// pure Go, which is faster than XLA's CPU plugin; the [Result] says which and why, and [Diagnose] what to do about it.
func WithBackend(name string) LoadOption {
	return computeOption(func(c *computing) { c.backend = name })
}

// WithDevices has the first n devices of the backend, the GPUs of a host, train together: each holds the training
// set and computes its equal part of every batch, whose size n must divide. The run is the one of a single device up
// to rounding: gradients are taken over the whole batch, and batch norm's statistics too, for which the devices add up
// their sums in every norm. It needs XLA. An incomplete batch that n does not divide is computed by every device.
// Default: 1.
//
// This has been tested on several devices of XLA's CPU plugin, not on hardware with several GPUs yet.
func WithDevices(n int) Option {
	return trainOption(func(c *config) { c.devices = n })
}

// WithStepsPerDispatch has XLA run n steps, 1 or more, in one program, a loop, so that the host waits for the device once in n
// steps. [Observer.Step] is called, and the context looked at, as often. It applies to training sets that stay on the device,
// and to steps that together take no more than half a second. The pure-Go backend waits for nothing. Default, and 0: 4 on
// a GPU, where waiting is estimated to take 5 % of a step, and 1 elsewhere, since loops on XLA's CPU plugin are slower.
// It has not been measured on a GPU yet.
func WithStepsPerDispatch(n int) Option {
	return trainOption(func(c *config) { c.stepsPerDispatch = n })
}

// WithLossEvery has XLA read the loss for [Progress] after every n steps, or after those of the next dispatch, which makes
// the device wait for the reading. Default, and 0: at the end of an epoch alone. Pure Go knows it after every step.
func WithLossEvery(n int) Option {
	return trainOption(func(c *config) { c.lossEvery = n })
}

// WithPluginDownload lets the run download a PJRT plugin that it needs and does not find: for a backend
// asked for by name, and for "auto" when there is an NVIDIA GPU. Default: nothing is ever downloaded.
func WithPluginDownload() LoadOption {
	return computeOption(func(c *computing) { c.opening.Download = true })
}

// WithAutotuneCache has XLA keep which way of each operation it found to be the fastest on an NVIDIA GPU, in a folder that
// is yours alone, such as one in os.UserCacheDir: later processes then need not try them all again while they compile.
// Entries belong to a version of the plugin's interface, PJRT, and a kind of GPU; they may not be all that XLA chose, so
// that results can still differ by rounding from one start to the next. It sets XLA's flag for it in the environment's
// XLA_FLAGS, behind what you have set there. That counts for the whole process, and only the first backend that the process
// opens looks at it. Other backends, and plugins that do not know the flag, leave it be. Default: nothing is kept.
//
// This has been tested without a GPU only: how much it saves is not known yet.
func WithAutotuneCache(folder string) LoadOption {
	return computeOption(func(c *computing) { c.opening.AutotuneCache = folder })
}

// WithMemoryLimit bounds the memory, in bytes, that a run or a loaded model takes by an estimate made before anything is
// allocated: layers' outputs, weights and what training keeps beside them, on XLA without the 400 MiB or so that compiling
// takes. A model that predicts and embeds takes the outputs twice, which counts once. [Train] returns [ErrMemory] if more is
// needed, with the estimate, and [Load] and [ReadModel] return [ErrTooLarge].
//
// Default, and 0: for Train the host's memory that is free, as far as Linux tells, and no limit elsewhere or on a GPU,
// which says itself when its memory does not suffice. For [Load] and [ReadModel], on a GPU too, since the model is read
// before a device is opened, 2 GiB, or the host's free memory if Linux tells that it is less.
func WithMemoryLimit(bytes int64) LoadOption {
	return computeOption(func(c *computing) { c.memory = bytes })
}

// WithSeed sets the seed of the initial weights, the order of the images and the augmentations.
// Default: 1, which is a seed like any other.
func WithSeed(seed uint64) Option {
	return trainOption(func(c *config) { c.seed = seed })
}

// WithCheckpoint has the run write a checkpoint into a folder each time that a number of epochs has passed (every, 1 or
// more), after its end, and when ctx ends, in mid-epoch too: all that [WithResume] needs to go on. The last two are
// kept; each is written to a temporary file, flushed and renamed, so that a crash at any moment leaves a whole one. The
// folder is created if it is not there. It is for one run: what another has left there is an error, unless that is
// resumed.
//
// A checkpoint that cannot be written ends the run with its error, which wraps [ErrCheckpoint], and with what there is
// of the result. Default: no checkpoints.
func WithCheckpoint(folder string, every int) Option {
	return trainOption(func(c *config) { c.checkpoints, c.checkpointFolder, c.checkpointEvery = true, folder, every })
}

// WithResume has the run go on from the newest checkpoint in the folder of [WithCheckpoint], or begin where there is
// none. Its history and weights are then those of a run that was never interrupted: to the bit on the pure-Go backend and
// processors of one kind, and on other backends if they compute the same twice. Times are added up. A run that had come to
// its end returns at once; it cannot be made longer, as more epochs are another recipe.
//
// A checkpoint of another recipe, network, seed or data set is an error that wraps [ErrCheckpoint] and names the
// differences. Backend, devices, precision, target accuracy, early stop and which epochs are tested may be others. A damaged
// checkpoint is renamed, reported to [WithLogger], and the one before is taken; if all are damaged, that is an error. An
// augmentation of your own is known by its String method, or by its type alone.
func WithResume() Option {
	return trainOption(func(c *config) { c.resume = true })
}

// WithTestEvery has the run tested after every n-th epoch, n being 1 or more, and after its last one. If n is at least the
// number of epochs, only the last one is tested. It saves time, and does not change how the run trains. An epoch without a
// test is not Tested, and [WithTargetAccuracy], [WithEarlyStop] and [WithBestWeights] look at those that are. Default: 1,
// every epoch.
func WithTestEvery(n int) Option {
	return trainOption(func(c *config) { c.testEvery = n })
}

// WithTargetAccuracy ends the run after the first epoch whose test accuracy is at least this, above 0 and up to 1. The
// schedule is not shortened. It needs a test set. The times of [Result] are then those to the target. Default: none.
func WithTargetAccuracy(accuracy float64) Option {
	return trainOption(func(c *config) { c.target = &accuracy })
}

// WithEarlyStop ends the run when the test accuracy has not risen above its best for a number of epochs, at least 1. Epochs
// without a test ([WithTestEvery]) count, too: the run then ends after the next one that is tested. The model keeps the weights
// of the last epoch, unless [WithBestWeights] is given. It needs a test set, which should then be one that was set aside for
// the purpose: its figures are too good, as it decided when to stop. Default: never.
func WithEarlyStop(epochs int) Option {
	return trainOption(func(c *config) { c.patience = &epochs })
}

// WithBestWeights gives the model the weights of the epoch that had the highest test accuracy, of several the one with
// the lowest loss, in place of the last one's, when the run ends, well or not. It needs a test set, which should then be
// one that was set aside for the purpose: its figures are too good, as it decided which weights to keep. Checkpoints hold
// those weights, too. Default: the last epoch's.
func WithBestWeights() Option {
	return trainOption(func(c *config) { c.best = true })
}

// WithProgress has observers hear how the run goes, in their order, each [Observer] with one function at least. Several such
// options add up. Default: none.
func WithProgress(observers ...Observer) Option {
	observers = slices.Clone(observers)
	return trainOption(func(c *config) { c.observers = append(c.observers, observers...) })
}

// WithLogger sets where the run reports what it does: at level INFO the backend, why others were passed over, each epoch
// and each checkpoint, at WARN what somebody should look at, such as the result's Warnings. Default, and nil: nowhere.
func WithLogger(l *slog.Logger) LoadOption {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return computeOption(func(c *computing) { c.logger = l })
}

func change(f func(*Recipe)) Option {
	return trainOption(func(c *config) { c.changes = append(c.changes, f) })
}
