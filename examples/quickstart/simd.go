//go:build goexperiment.simd || !amd64

package main

// missingSIMD says whether pure Go would be much faster if it were built with GOEXPERIMENT=simd.
const missingSIMD = false
