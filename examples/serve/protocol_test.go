package main

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProtocol looks at what the open inference protocol says of the service and its model.
func TestProtocol(t *testing.T) {
	s := newTestService(t, usual)
	url := listen(t, s).url
	const metadata = `{"name":"test","versions":["1"],"platform":"fastresnet","inputs":[{"name":"images","datatype":"UINT8","shape":[-1,32,32,3]}],` +
		`"outputs":[{"name":"logits","datatype":"FP32","shape":[-1,10]},{"name":"probabilities","datatype":"FP32","shape":[-1,10]},` +
		`{"name":"embedding","datatype":"FP32","shape":[-1,32]}]}`
	const unknown = `{"error":"there is no such model, or version of it: need the name that -name says, and version 1"}`
	for _, test := range []struct {
		path   string
		status int
		want   string
	}{
		{"/v2/health/live", 200, `{"live":true}`},
		{"/v2/health/ready", 200, `{"ready":true}`},
		{"/v2/models/test", 200, metadata},
		{"/v2/models/test/versions/1", 200, metadata},
		{"/v2/models/test/ready", 200, `{"name":"test","ready":true}`},
		{"/v2/models/test/versions/1/ready", 200, `{"name":"test","ready":true}`},
		{"/v2/models/other", 404, unknown},
		{"/v2/models/test/versions/2", 404, unknown},
		{"/v2/models/test/versions/2/ready", 404, unknown},
	} {
		t.Run(test.path, func(t *testing.T) {
			r := fetch(t, "GET", url+test.path, "", nil)
			if diff := cmp.Diff(test.want+"\n", string(r.body)); r.status != test.status || diff != "" {
				t.Errorf("status %d, want %d (-want +got):\n%s", r.status, test.status, diff)
			}
		})
	}
	var got serverMetadata
	if err := json.Unmarshal(fetch(t, "GET", url+"/v2", "", nil).body, &got); err != nil {
		t.Fatal(err)
	}
	got.Version = "" // that of the build
	if diff := cmp.Diff(serverMetadata{Name: "fastresnet serve", Extensions: []string{"binary_tensor_data", "classification"}}, got); diff != "" {
		t.Errorf("server (-want +got):\n%s", diff)
	}

	s.leaving.Store(true)
	for path, status := range map[string]int{
		"/v2/health/live": http.StatusOK, "/v2/health/ready": http.StatusServiceUnavailable, "/healthz": http.StatusServiceUnavailable,
		"/v2/models/test/ready": http.StatusServiceUnavailable, "/v2/models/test": http.StatusOK,
	} {
		if r := fetch(t, "GET", url+path, "", nil); r.status != status {
			t.Errorf("%s of one that stops: status %d, want %d", path, r.status, status)
		}
	}
}
