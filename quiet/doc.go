// Package quiet silences for a whole program what package fastresnet cannot silence for itself alone.
package quiet
