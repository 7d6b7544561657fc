// Package testbackend runs tests on every backend that can be had.
package testbackend

import (
	"os"
	"testing"
)

// PluginEnv names the environment variable with the absolute path of a PJRT plugin for the CPU.
const PluginEnv = "FASTRESNET_TEST_PLUGIN"

// Each runs f as a subtest on the pure-Go backend, and on XLA with the plugin that [PluginEnv] names; it
// skips XLA, saying so, where that is not set.
func Each(t *testing.T, f func(t *testing.T, backend string)) {
	t.Helper()
	t.Run("go", func(t *testing.T) { f(t, "go") })
	t.Run("xla", func(t *testing.T) { f(t, XLA(t)) })
}

// XLA returns the name of the XLA backend to test on. It skips the test where there is none.
func XLA(t testing.TB) string {
	t.Helper()
	path := os.Getenv(PluginEnv)
	if path == "" {
		t.Skipf("%s is not set: no PJRT plugin to test XLA with", PluginEnv)
	}
	return "xla:" + path
}
