//go:build !linux

package kernels

import "testing"

// guardedPages are some bytes; here, only what is changed beside them shows.
func guardedPages(_ *testing.T, size int) []byte { return make([]byte, size) }
