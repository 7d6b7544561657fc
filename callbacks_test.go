package fastresnet_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/fastresnet/fastresnet"
	"github.com/fastresnet/fastresnet/internal/testbackend"
	"github.com/fastresnet/fastresnet/layers"
	"github.com/google/go-cmp/cmp"
)

// Whatever a callback does to what it is given, and to what the model in it gives, changes nothing of the run.
func TestCallbacksMayScribble(t *testing.T) {
	network := layers.Network{Name: "blocks", Input: synthetic(t, 1, 1).Shape(), Layers: []layers.Layer{
		layers.Conv{Name: "conv", Kernel: 3, Stride: 2, Out: 4},
		layers.Residual{Branch: []layers.Layer{layers.BatchNorm{Name: "norm"}, layers.ReLU{}, layers.Conv{Name: "inner", Kernel: 3, Stride: 1, Out: 4}}},
		layers.GlobalMaxPool{}, layers.Linear{Name: "linear", Out: 10},
	}}
	for label, with := range map[string]fastresnet.Option{"a recipe": fastresnet.WithWidth(4), "a network of one's own": fastresnet.WithArchitecture(network)} {
		t.Run(label, func(t *testing.T) {
			options := []fastresnet.Option{
				fastresnet.WithDataset(synthetic(t, 110, 1), synthetic(t, 40, 2)), fastresnet.WithBackend("go"), fastresnet.WithBatchSize(32),
				fastresnet.WithEpochs(3), with,
			}
			want := outcomeOf(t, finished(t, options...))
			marks := 0
			spoil := func(r *fastresnet.Result) {
				n := r.Model.Network()
				classes := r.Model.Classes()
				known := r.Model.Record()
				marks += scribble(reflect.ValueOf(&n)) + scribble(reflect.ValueOf(&classes)) + scribble(reflect.ValueOf(&known))
				marks += scribble(reflect.ValueOf(&r.Record))
			}
			var model *fastresnet.Model
			got, err := fastresnet.Train(context.Background(), append(options,
				fastresnet.WithStartCallback(func(r *fastresnet.Result) {
					model = r.Model
					spoil(r)
				}),
				fastresnet.WithEpochCallback(func(fastresnet.Epoch) {
					spoil(&fastresnet.Result{Model: model, Record: model.Record()})
				}))...)
			if err != nil {
				t.Fatal(err)
			}
			if marks < 100 {
				t.Errorf("%d values were written over", marks)
			}
			if diff := cmp.Diff(want, outcomeOf(t, got), noTimes); diff != "" {
				t.Errorf("(-left alone +scribbled over):\n%s", diff)
			}
		})
	}
}

// scribble writes over all that can be reached from a value, and returns how much that was.
func scribble(v reflect.Value) (marks int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		if v.Kind() == reflect.Interface { // its content is a copy; what that points at is not
			own := reflect.New(v.Elem().Type()).Elem()
			own.Set(v.Elem())
			marks = scribble(own)
			if v.CanSet() {
				v.SetZero()
			}
			return marks + 1
		}
		return scribble(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				marks += scribble(v.Field(i))
			}
		}
		return marks
	case reflect.Slice:
		for i := range v.Len() {
			marks += scribble(v.Index(i))
		}
		return marks
	case reflect.Map:
		v.Clear()
		return 1
	}
	if v.CanSet() {
		v.SetZero()
		marks++
	}
	return marks
}

// Steps that XLA takes together are reported together; the pure-Go backend takes one after the other, whatever is asked for.
func TestStepsPerDispatch(t *testing.T) {
	set := synthetic(t, 52, 1)
	network := layers.Network{Name: "small", Input: set.Shape(), Layers: []layers.Layer{
		layers.Conv{Name: "conv", Kernel: 3, Stride: 2, Out: 2}, layers.GlobalMaxPool{}, layers.Linear{Name: "linear", Out: 10},
	}}
	testbackend.Each(t, func(t *testing.T, backend string) {
		last, together := 0, 0
		_, err := fastresnet.Train(t.Context(), fastresnet.WithDataset(set, nil), fastresnet.WithArchitecture(network), fastresnet.WithBatchSize(4),
			fastresnet.WithEpochs(1), fastresnet.WithBackend(backend), fastresnet.WithStepsPerDispatch(3),
			fastresnet.WithProgress(func(p fastresnet.Progress) {
				if n := p.Step - last; n == 3 {
					together++
				} else if n != 1 {
					t.Errorf("step %d after step %d", p.Step, last)
				}
				last = p.Step
			}))
		if err != nil {
			t.Fatal(err)
		}
		if last != 13 || (together > 0) != (backend != "go") {
			t.Errorf("the last step is %d, and %d times three were taken together", last, together)
		}
	})
}
