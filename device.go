package fastresnet

import (
	"context"
	"fmt"

	"github.com/fastresnet/fastresnet/internal/engine"
	"github.com/fastresnet/fastresnet/internal/hostmemory"
)

// open opens the backend, and says which better ones cannot be had.
func (c *computing) open(ctx context.Context) (*engine.Device, error) {
	device, err := engine.Open(c.backend, c.opening)
	if err != nil {
		return nil, err
	}
	for _, why := range device.PassedOver {
		c.logger.InfoContext(ctx, "backend passed over", "reason", why)
	}
	return device, nil
}

// loadLimit is how much memory a model from a file may take, unless the caller says otherwise.
const loadLimit = 2 << 30

// batchOf is how many images a model computes together at most: those of its run, or what fits the limit. It is asked before
// there are any values: one that does not fit takes no memory for them. It counts what logits take, or embeddings, and not
// both.
func (c *computing) batchOf(doc modelDocument) (int, error) {
	fixed, each, err := engine.Memory(doc.Network)
	if err != nil {
		return 0, err
	}
	batch := max(engine.SmallBatch, int64(doc.Record.Recipe.BatchSize))
	limit := c.memory
	if limit == 0 {
		limit = loadLimit
		need := fixed + min(batch/engine.SmallBatch+1, limit/each)*each
		if free := hostmemory.FreeFor(min(limit, need)); free > 0 {
			limit = min(limit, free)
		}
	}
	least := fixed + each
	if least > limit {
		return 0, fmt.Errorf("%w: the model needs about %s to compute %d images, more than %s: WithMemoryLimit allows more",
			ErrTooLarge, mebibytes(least), engine.SmallBatch, mebibytes(limit))
	}
	fit := (limit - fixed) / each
	return int(min(batch, fit*engine.SmallBatch)), nil
}

// fits reports a run that would take more memory than there is, or than it may.
func (c *config) fits(device *engine.Device, cfg engine.Config) error {
	need, err := device.TrainingMemory(cfg, c.train.Len(), c.test != nil)
	if err == nil && c.selector != nil {
		var more int64
		more, err = device.TrainingMemory(c.selectorConfig(cfg), c.train.Len(), false)
		need += more
	}
	if err != nil {
		return err
	}
	limit := c.memory
	if limit == 0 && !device.GPU {
		limit = hostmemory.FreeFor(need)
	}
	if limit > 0 && need > limit {
		return fmt.Errorf("%w: training takes about %s, more than %s: WithBatchSize and WithWidth make it less, WithMemoryLimit sets the limit",
			ErrMemory, mebibytes(need), mebibytes(limit))
	}
	return nil
}

func mebibytes(bytes int64) string { return fmt.Sprintf("%d MiB", (bytes+1<<20-1)>>20) }

// precisionOn settles an automatic precision.
func (c *computing) precisionOn(d *engine.Device) (Precision, error) {
	switch {
	case c.precision == PrecisionAuto && d.GPU:
		return BFloat16, nil
	case c.precision == PrecisionAuto:
		return Float32, nil
	case c.precision == BFloat16 && !d.BFloat16:
		return "", fmt.Errorf("%w: precision %s is not available on the pure-Go backend", ErrOption, BFloat16)
	}
	return c.precision, nil
}
