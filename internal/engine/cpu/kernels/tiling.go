package kernels

// Tiling is how channels are cut into tiles: tile t begins at channel Tiling[t], and the last number is where the last
// tile ends, at or past the last channel.
type Tiling []int

// Tiling cuts channels into wide tiles and then narrow ones, so that the fewest channels are computed, and those in as
// many wide tiles as can be.
func (s *Set) Tiling(channels int) Tiling {
	least, wide, narrow := -1, 0, 0
	for n := range s.WideTile {
		w := max(0, (channels-n*s.NarrowTile+s.WideTile-1)/s.WideTile)
		if total := w*s.WideTile + n*s.NarrowTile; total > 0 && (least < 0 || total < least) {
			least, wide, narrow = total, w, n
		}
	}
	t := Tiling{0}
	for range wide {
		t = append(t, t.Channels()+s.WideTile)
	}
	for range narrow {
		t = append(t, t.Channels()+s.NarrowTile)
	}
	return t
}

// Count is the number of tiles.
func (t Tiling) Count() int { return len(t) - 1 }

// Size is the number of channels of a tile.
func (t Tiling) Size(tile int) int { return t[tile+1] - t[tile] }

// Channels is the number of channels of all tiles.
func (t Tiling) Channels() int { return t[t.Count()] }
