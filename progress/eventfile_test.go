package progress

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The records are those that TensorBoard 2.21.0 writes by its RecordWriter of the same events.
func TestRecords(t *testing.T) {
	at := time.Unix(1_700_000_000, 500_000_000)
	for _, test := range []struct {
		name  string
		event []byte
		want  string
	}{
		{"the version", versionEvent(at), "1800000000000000a37f4b22" + "0900002040fc54d9411a0d627261696e2e4576656e743a32" + "2b353110"},
		{"two scalars of step 300", scalarsEvent(at, 300, []scalar{{"train/loss", 0.5}, {"lr", 0.1}}), "2c00000000000000f4aecc45" +
			"0900002040fc54d94110ac022a1e0a110a0a747261696e2f6c6f7373150000003f0a090a026c7215cdcccc3d" + "32db368b"},
		{"a text", textEvent(at, "recipe", "a text"), "2d000000000000003c418afb" +
			"0900002040fc54d9412a220a200a06726563697065420a080742066120746578744a0a0a060a0474657874" + "2002c33ea039"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, hex.EncodeToString(record(test.event))); diff != "" {
				t.Errorf("(-TensorBoard's +ours):\n%s", diff)
			}
		})
	}
}
