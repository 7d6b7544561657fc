//go:build !goexperiment.simd && amd64

package main

const missingSIMD = true
