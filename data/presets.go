package data

// PhotographAugmentations are mild changes for photographs of a shape, which stay what they are when they are moved,
// mirrored, or partly covered: a crop by an eighth of the smaller side, a flip, and a cutout of a quarter of each side.
// For 32x32 they are those of the recipe resnet9-24.
func PhotographAugmentations(image Shape) Augmentations {
	a := append(DrawingAugmentations(image), FlipLR{})
	if image.Height >= 4 && image.Width >= 4 {
		a = append(a, Cutout{Height: image.Height / 4, Width: image.Width / 4})
	}
	return a
}

// DrawingAugmentations are mild changes for drawings, digits and letters of a shape, which are no longer the same when
// they are mirrored: a crop by an eighth of the smaller side.
func DrawingAugmentations(image Shape) Augmentations {
	if pad := min(image.Height, image.Width) / 8; pad > 0 {
		return Augmentations{Crop{Pad: pad}}
	}
	return nil
}
