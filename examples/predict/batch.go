package main

import (
	"context"
	"errors"
	"image"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/data/picture"
)

const maxImages = 64 // in a batch: a few of what the network computes at once

// encoded is a picture as it is in its file.
type encoded struct {
	file    string
	content []byte
	pixels  int64
}

// batch is pictures that are decoded, to be classified together.
type batch struct {
	files  []string
	images []image.Image
	pixels int64
}

// hasRoom says whether one more picture fits: all of a batch have no more pixels than one alone may have.
func (b *batch) hasRoom(p encoded) bool {
	return len(b.images) < maxImages && b.pixels+p.pixels <= picture.MaxPixels
}

// add decodes a picture.
func (b *batch) add(ctx context.Context, p encoded) error {
	img, err := picture.Decode(ctx, p.content)
	if err != nil {
		return err
	}
	b.files, b.images, b.pixels = append(b.files, p.file), append(b.images, img), b.pixels+p.pixels
	return nil
}

// classify reports what the model takes the pictures for, by failed of those that it cannot take, and empties the batch.
func (b *batch) classify(ctx context.Context, model *fastresnet.Model, r reporter, failed func(file string, why error) error) error {
	files, images := b.files, b.images
	*b = batch{}
	if len(images) == 0 {
		return nil
	}
	predictions, err := model.Predict(ctx, images...)
	switch {
	case errors.Is(err, fastresnet.ErrImage) && len(images) == 1:
		return failed(files[0], err)
	case errors.Is(err, fastresnet.ErrImage): // of one of them: each alone
		for i := range images {
			alone := batch{files: files[i : i+1], images: images[i : i+1]}
			if err := alone.classify(ctx, model, r, failed); err != nil {
				return err
			}
		}
		return nil
	case err != nil:
		return err
	}
	for i, p := range predictions {
		if err := r.classified(files[i], p); err != nil {
			return err
		}
	}
	return nil
}
