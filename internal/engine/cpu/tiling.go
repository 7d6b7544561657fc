package cpu

// A convolution computes its output channels in tiles of wideTile, the last ones of narrowTile: what fits the
// registers of every instruction set beside its operands.
const (
	wideTile   = 6
	narrowTile = 4
)

// tiling is how channels are cut into tiles: tile t begins at channel tiling[t], and the last number is where the
// last tile ends, up to one channel past the channels, or up to narrowTile.
type tiling []int

// tilesOf cuts channels into as many wide tiles as leave an even number of channels for narrow ones.
func tilesOf(channels int) tiling {
	padded := max(narrowTile, ceilDiv(channels, 2)*2)
	narrow := [...]int{0: 0, 4: 1, 2: 2}[padded%wideTile]
	t := tiling{0}
	for next := 0; next < padded; t = append(t, next) {
		if next < padded-narrow*narrowTile {
			next += wideTile
		} else {
			next += narrowTile
		}
	}
	return t
}

// count is the number of tiles.
func (t tiling) count() int { return len(t) - 1 }

// size is the number of channels of a tile, wideTile or narrowTile.
func (t tiling) size(tile int) int { return t[tile+1] - t[tile] }

// channels is the number of channels of all tiles.
func (t tiling) channels() int { return t[t.count()] }
