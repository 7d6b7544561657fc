//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package quiet

import (
	"flag"
	"io"

	"k8s.io/klog/v2"
)

// Klog keeps what GoMLX and XLA log through klog (k8s.io/klog/v2) off the terminal and out of files: what matters of it
// is in the errors. It does nothing in a program without XLA.
//
// klog's settings are the process's: whoever else logs by klog there is silent then, too. Call it in main, before
// anything else, and not in a library.
func Klog() {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"} {
		_ = flags.Set(name, value) // cannot fail: the flags are klog's own
	}
	klog.SetOutput(io.Discard)
}
