package strictjson_test

import (
	"strings"
	"testing"

	"github.com/fastresnet/fastresnet/internal/strictjson"
	"github.com/google/go-cmp/cmp"
)

type value struct {
	Size  int      `json:"size"`
	Loss  *float64 `json:"loss"`
	Inner *value   `json:"inner"`
	List  []value  `json:"list"`
}

func TestUnmarshal(t *testing.T) {
	loss := 0.5
	tests := []struct {
		label, text string
		want        value
		problem     string
	}{
		{"all of it", `{"size":3,"loss":0.5,"inner":{"size":1},"list":[{"size":2},{}]}`,
			value{Size: 3, Loss: &loss, Inner: &value{Size: 1}, List: []value{{Size: 2}, {}}}, ""},
		{"spaces around it", " {\"size\":3}\n", value{Size: 3}, ""},
		{"a key of two objects", `{"size":3,"inner":{"size":3}}`, value{Size: 3, Inner: &value{Size: 3}}, ""},
		{"null where it may be", `{"list":[{"loss":null}]}`, value{List: []value{{}}}, ""},
		{"a capital letter", `{"Size":3}`, value{}, `"Size" is unknown`},
		{"a capital letter beside the key", `{"size":3,"SIZE":4}`, value{}, `"SIZE" is unknown`},
		{"a letter that folds to the key's", `{"\u017fize":3}`, value{}, `"ſize" is unknown`},
		{"a letter that folds to the key's, beside the key", `{"size":3,"ſize":4}`, value{}, `"ſize" is unknown`},
		{"a key twice", `{"size":3,"loss":1,"size":4}`, value{}, `"size" is there twice`},
		{"a key twice, further in", `{"list":[{},{"size":3,"size":3}]}`, value{}, `list[1].size: the key "size" is there twice`},
		{"escaped, the same key", `{"size":3,"\u0073ize":4}`, value{}, `"size" is there twice`},
		{"null for a number", `{"size":null}`, value{}, `size: null`},
		{"null for an object", `{"inner":null}`, value{}, `inner: null`},
		{"null in a list", `{"list":[null]}`, value{}, `list[0]: null`},
		{"null for all", `null`, value{}, `: null`},
		{"an unknown field", `{"sizes":3}`, value{}, `unknown field "sizes"`},
		{"an empty key", `{"":3}`, value{}, `unknown field ""`},
		{"where it is", `{"list":[{},{"inner":{"list":[{},{"size":null}]}}]}`, value{}, "list[1].inner.list[1].size: null"},
		{"more behind it", `{"size":3}{}`, value{}, "behind its end"},
		{"no end", `{"size":3`, value{}, "unexpected EOF"},
		{"nothing", ``, value{}, "unexpected EOF"},
		{"deep arrays", strings.Repeat("[", 1<<20), value{}, "100 deep"},
		{"deep objects", strings.Repeat(`{"inner":`, 1<<20), value{}, "100 deep"},
		{"many values", `{"list":[` + strings.Repeat("{},", 1<<20) + `{}]}`, value{}, "1048576 values"},
		{"a long key", `{"` + strings.Repeat("a", 301) + `":1}`, value{}, "a key of more than 300 bytes"},
		{"a very long key", `{"` + strings.Repeat("a", 1<<20) + `":1}`, value{}, "more than 65536 bytes"},
		{"a long text", `{"inner":{"size":"` + strings.Repeat("a", 1<<16+1) + `"}}`, value{}, "inner.size: more than 65536 bytes"},
		{"a long number", `{"size":` + strings.Repeat("1", 1<<16+1) + `}`, value{}, "size: more than 65536 bytes"},
		{"not JSON", `size`, value{}, "invalid character"},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) {
			var got value
			err := strictjson.Unmarshal([]byte(tt.text), &got, "loss")
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Fatalf("error %v, want %q", err, tt.problem)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be read is not written either.
func TestMarshal(t *testing.T) {
	if text, err := strictjson.Marshal(value{Size: 3, Inner: &value{}}, "loss", "inner", "list"); err != nil {
		t.Errorf("%s, error %v", text, err)
	}
	for label, v := range map[string]any{
		"null":      value{},
		"long text": strings.Repeat("a", 1<<16+1),
		"no JSON":   func() {},
	} {
		if text, err := strictjson.Marshal(v); err == nil {
			t.Errorf("%s: no error, and %.100s", label, text)
		}
	}
}
