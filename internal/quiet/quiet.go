// Package quiet keeps klog silent while go-xla is initialised, which logs there that HOME is not set or that a system
// has no /etc/ld.so.conf: to standard error, before any program could say that it does not want it, and whichever
// backend it wants.
//
// Of packages that are ready to be initialised Go takes the first by import path: this one, which needs klog alone,
// comes before github.com/gomlx. Package xla, which imports both and so comes after them, calls [End].
package quiet

import "k8s.io/klog/v2"

var before = klog.CaptureState()

func init() { klog.SetLoggerWithOptions(klog.New(nothing{}), klog.ContextualLogger(true)) }

// End has klog log as it did, unless somebody has changed meanwhile where it logs to.
func End() {
	if klog.Background().GetSink() == (nothing{}) {
		before.Restore()
	}
}

// nothing is where klog logs to meanwhile.
type nothing struct{}

func (nothing) Init(klog.RuntimeInfo)            {}
func (nothing) Enabled(int) bool                 { return false }
func (nothing) Info(int, string, ...any)         {}
func (nothing) Error(error, string, ...any)      {}
func (n nothing) WithValues(...any) klog.LogSink { return n }
func (n nothing) WithName(string) klog.LogSink   { return n }
