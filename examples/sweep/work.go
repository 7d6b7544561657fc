package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/examples/internal/program"
	"github.com/fastresnet/fastresnet/examples/internal/results"
	"github.com/fastresnet/fastresnet/internal/digits"
	"github.com/fastresnet/fastresnet/internal/folderlock"
)

// worker does the runs of a share.
type worker struct {
	settings *settings
	study    *study
	folder   folder
	images   *images
	view     *view
}

// newWorker reads the images.
func newWorker(s *settings, study *study, stdout, stderr io.Writer) (*worker, error) {
	images, err := readImages(s.data, study)
	if err != nil {
		return nil, err
	}
	return &worker{s, study, folder(s.results), images, newView(s.quiet, study.varied(), stdout, stderr)}, nil
}

// work does the runs of the share that are missing, of each stage as it becomes known. It fails with [errAwaited] when what
// is left is for others to do first. Runs that cannot be, which only they themselves may find, do not stop the others.
func (w *worker) work(ctx context.Context) error {
	elsewhere := map[string]bool{} // what other processes are at
	impossible := map[string]bool{}
	var problems []error // theirs
	for {
		done, err := w.folder.outcomes()
		if err != nil {
			return err
		}
		runs, more, err := w.study.trials(done)
		if err != nil {
			return err
		}
		if err := w.images.sameAs(runs, done); err != nil {
			return err
		}
		maps.DeleteFunc(elsewhere, func(id string, _ bool) bool { _, is := done[id]; return is })
		var missing []trial
		for place, r := range runs {
			if _, is := done[r.id]; !is && !elsewhere[r.id] && !impossible[r.id] && w.settings.share.has(place) {
				missing = append(missing, r)
			}
		}
		switch {
		case len(missing) == 0 && len(problems) > 0:
			return errors.Join(problems...)
		case len(missing) == 0 && len(elsewhere) > 0:
			return fmt.Errorf("other processes are at %s: %w", digits.Plural(len(elsewhere), "run"), errAwaited)
		case len(missing) == 0 && more:
			return fmt.Errorf("the next stage needs the runs of other shares: %w", errAwaited)
		case len(missing) == 0:
			return nil
		}
		w.view.begin(len(missing), more)
		for i, r := range missing {
			w.view.run = i + 1
			err := w.do(ctx, r)
			switch {
			case errors.Is(err, folderlock.ErrInUse):
				elsewhere[r.id] = true
			case errors.Is(err, fastresnet.ErrOption):
				impossible[r.id] = true
				problems = append(problems, err)
			case err != nil:
				return errors.Join(append(problems, err)...)
			}
		}
	}
}

// do does a run, unless it is done or under way elsewhere.
func (w *worker) do(ctx context.Context, r trial) error {
	done, err := w.folder.has(r.id)
	if err != nil || done {
		return err
	}
	lock, err := w.folder.claim(r.id)
	if err != nil {
		if done, _ := w.folder.has(r.id); done { // meanwhile: what could not be locked was being removed
			return nil
		}
		return err
	}
	done, err = w.folder.has(r.id) // by another process, before this one had the lock
	if err == nil && !done {
		err = w.train(ctx, r)
	}
	if err := errors.Join(err, lock.Release()); err != nil {
		return err
	}
	// When it is not locked: Windows removes no open file. The run is done even if some of it stays, as when another process
	// is about to lock it.
	_ = os.RemoveAll(w.folder.unfinished(r.id))
	return nil
}

// train trains a run to its end, from its last checkpoint on, and keeps what came of it.
func (w *worker) train(ctx context.Context, r trial) error {
	recipe, err := r.configuration.recipe()
	if err != nil {
		return err
	}
	options, err := r.configuration.options()
	if err != nil {
		return err
	}
	train, test, err := w.images.of(r)
	if err != nil {
		return err
	}
	options = append(options,
		fastresnet.WithRecipe(recipe), fastresnet.WithSeed(r.seed), fastresnet.WithDataset(train, test),
		fastresnet.WithBackend(w.settings.backend), fastresnet.WithPluginDownload(), program.AutotuneCache(),
		fastresnet.WithCheckpoint(w.folder.unfinished(r.id), 1), fastresnet.WithResume(), w.view.observe(r))
	result, err := fastresnet.Train(ctx, options...)
	w.view.Clear()
	if result != nil {
		defer result.Model.Close()
	}
	err, interrupted := program.Interrupted(ctx, err)
	switch {
	case interrupted && err == nil:
		w.view.say(r, "stopped", "")
		return context.Cause(ctx)
	case err == nil, errors.Is(err, fastresnet.ErrDiverged) && result != nil:
	default:
		return fmt.Errorf("%v: %w", r, err)
	}
	o := outcome{ID: r.id, Settings: r.configuration, Fold: r.fold, Data: w.images.name, Images: w.images.fingerprint, Run: results.NewRun(result, err)}
	if err := w.folder.keep(o); err != nil {
		return err
	}
	w.view.done(r, o)
	return nil
}
