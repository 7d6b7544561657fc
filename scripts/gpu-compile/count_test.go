package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// program is what XLA's text form looks like, of made-up sizes.
const program = `HloModule jit_step, is_scheduled=true

%fused_gather (p0: u8[100,8], p1: s32[4]) -> bf16[4,8] {
  %p0 = u8[100,8]{1,0} parameter(0)
  %b = u8[100,8]{1,0} bitcast(%p0)
  %p1 = s32[4]{0} parameter(1)
  %gather.1 = u8[4,8]{1,0} gather(%b, %p1), offset_dims={1}, slice_sizes={1,8}
  ROOT %convert = bf16[4,8]{1,0} convert(%gather.1)
}

%fused_dot (a: bf16[4,8], b: f32[2,8]) -> f32[4,2] {
  %a = bf16[4,8]{1,0} parameter(0)
  %b.1 = f32[2,8]{1,0} parameter(1)
  ROOT %dot = f32[4,2]{1,0} dot(%a, %b.1), lhs_contracting_dims={1}, rhs_contracting_dims={1}
}

%body (s: (s32[], f32[4])) -> (s32[], f32[4]) {
  %s = (s32[], f32[4]{0}) parameter(0)
  %x = f32[4]{0} get-tuple-element(%s), index=1
  %loop_add_fusion = f32[4]{0} fusion(%x), kind=kLoop, calls=%adding
  ROOT %t = (s32[], f32[4]{0}) tuple(%x, %loop_add_fusion)
}

%adding (q: f32[4]) -> f32[4] {
  %q = f32[4]{0} parameter(0)
  ROOT %add = f32[4]{0} add(%q, %q)
}

ENTRY %main (images: u8[100,8], at: s32[4], filter: bf16[5,3,3,2]) -> f32[4,2] {
  %images = u8[100,8]{1,0} parameter(0)
  %at = s32[4]{0} parameter(1)
  %filter = bf16[5,3,3,2]{3,2,1,0} parameter(2)
  %x = bf16[7,6,6,2]{3,2,1,0} parameter(3)
  %w = f32[2,8]{1,0} constant({...})
  %loop_gather_fusion = bf16[4,8]{1,0} fusion(%images, /*index=1*/%at), kind=kLoop, calls=%fused_gather
  %cudnn-conv = (bf16[7,6,6,5]{3,2,1,0}, u8[0]{0}) custom-call(%x, %filter), window={size=3x3 pad=1_1x1_1}, dim_labels=b01f_o01i->b01f, custom_call_target="__cudnn$convForward"
  %y = bf16[7,6,6,5]{3,2,1,0} get-tuple-element(%cudnn-conv), index=0
  %cudnn-conv-bw-filter = (bf16[5,3,3,2]{3,2,1,0}, u8[0]{0}) custom-call(%x, %y), window={size=3x3 pad=1_1x1_1}, dim_labels=b01f_o01i->b01f, custom_call_target="__cudnn$convBackwardFilter"
  %cudnn-conv-bw-input = (bf16[7,6,6,2]{3,2,1,0}, u8[0]{0}) custom-call(%y, %filter), window={size=3x3 pad=1_1x1_1}, dim_labels=b01f_o01i->b01f, custom_call_target="__cudnn$convBackwardInput"
  %gemm_fusion_dot = f32[4,2]{1,0} fusion(%loop_gather_fusion, %w), kind=kCustom, calls=%fused_dot
  %input_transpose_fusion = bf16[1024,1024]{1,0} fusion(%at), kind=kInput, calls=%adding
  %s0 = (s32[], f32[4]{0}) tuple(%at, %at)
  %while = (s32[], f32[4]{0}) while(%s0), condition=%less, body=%body, backend_config={"known_trip_count":{"n":"3"}}
  %all-reduce-start = f32[8]{0} all-reduce-start(%at), replica_groups={{0,1}}, to_apply=%adding
  %all-reduce-done = f32[8]{0} all-reduce-done(%all-reduce-start)
  ROOT %out = f32[4,2]{1,0} copy(%gemm_fusion_dot)
}
`

func TestCount(t *testing.T) {
	m, err := parse(program)
	if err != nil {
		t.Fatal(err)
	}
	// A card on which a byte takes a second, and a product no time.
	total, all, err := card{Memory: 1, Products: 1e30}.count(m)
	if err != nil {
		t.Fatal(err)
	}
	const (
		gathered  = 4*8*2 + 4*8 + 4*4 // the result, what is gathered, the indices
		forward   = 2 * (7*6*6*5 + 7*6*6*2 + 5*3*3*2)
		flops     = 2 * 7 * 6 * 6 * 5 * 3 * 3 * 2
		products  = 4*2*4 + 4*8*2 + 2*8*4
		transpose = 1024*1024*2 + 4*4
		added     = 3 * 2 * 16
		reduced   = 8*4 + 4*4
		copied    = 2 * 4 * 2 * 4
	)
	want := counts{
		kernels: 4 + 1 + 1 + 3 + 1 + 1, convolutions: 3, reduced: 1, reorderedBytes: transpose, reducedBytes: 8 * 4,
		flops: 3*flops + 2*4*2*8, bytes: gathered + 3*forward + products + transpose + added + reduced + copied,
	}
	if diff := cmp.Diff(want, total, cmp.AllowUnexported(counts{}), cmpopts.IgnoreFields(counts{}, "seconds")); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if total.seconds != float64(total.bytes) {
		t.Errorf("%v seconds for %d bytes", total.seconds, total.bytes)
	}
	var kinds []string
	for _, k := range all {
		kinds = append(kinds, k.kind)
	}
	wantKinds := []string{"elementwise", "convolution Forward", "convolution BackwardFilter", "convolution BackwardInput", "product float32",
		"transpose", "elementwise", "all-reduce", "copy of a filter"}
	if diff := cmp.Diff(wantKinds, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

// A program that's not understood is no program with nothing in it.
func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":            "",
		"no entry":           "%f (p: f32[]) -> f32[] {\n  ROOT %p = f32[] parameter(0)\n}\n",
		"an unknown element": "ENTRY %f (p: f9[]) -> f9[] {\n  ROOT %p = f9[] parameter(0)\n}\n",
	} {
		if _, err := parse(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	conditional := "ENTRY %f (p: pred[]) -> f32[] {\n  %p = pred[] parameter(0)\n  ROOT %c = f32[] conditional(%p), true_computation=%a, false_computation=%b\n}\n"
	m, err := parse(conditional)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h200.count(m); err == nil {
		t.Error("a conditional: no error")
	}
}
