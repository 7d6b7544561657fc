package schedule_test

import (
	"fmt"

	"github.com/fastresnet/fastresnet/schedule"
)

// The rate of a few steps of a run of 24 epochs, 98 steps each: step i of an epoch, counted from 1,
// uses the rate at i/98.
func Example() {
	s := schedule.OneCycle(0.4, 5, 24)
	fmt.Println(s)
	const steps = 98
	for _, at := range []struct{ epoch, step int }{{0, 1}, {0, 49}, {4, 98}, {14, 49}, {23, 98}} {
		rate := s.At(float64(at.epoch) + float64(at.step)/steps)
		fmt.Printf("epoch %2d, step %2d: %.6f\n", at.epoch, at.step, rate)
	}
	// Output:
	// 0:0 5:0.4 24:0
	// epoch  0, step  1: 0.000816
	// epoch  0, step 49: 0.040000
	// epoch  4, step 98: 0.400000
	// epoch 14, step 49: 0.200000
	// epoch 23, step 98: 0.000000
}

// A schedule made by hand, held at 0.1 for the last two of 13 epochs.
func ExamplePiecewiseLinear() {
	s := schedule.PiecewiseLinear(
		schedule.Knot{Epoch: 0, Rate: 0},
		schedule.Knot{Epoch: 3, Rate: 1},
		schedule.Knot{Epoch: 11, Rate: 0.1},
	)
	fmt.Println(s.At(1.5), s.At(11), s.At(12.5))
	// Output: 0.5 0.1 0.1
}

// Validate reports everything that is wrong, not only the first.
func ExampleSchedule_Validate() {
	s := schedule.PiecewiseLinear(
		schedule.Knot{Epoch: 0, Rate: 0.1},
		schedule.Knot{Epoch: 30, Rate: -0.1},
		schedule.Knot{Epoch: 15, Rate: 0},
	)
	fmt.Println(s.Validate())
	// Output:
	// invalid schedule: knot 1: rate -0.1 is negative
	// knot 2: epoch 15 is not greater than epoch 30 of knot 1
}

// The same shape for half the epochs and twice the batch size.
func ExampleSchedule_Stretch() {
	s := schedule.OneCycle(0.4, 8, 30)
	fmt.Println(s.Stretch(0.5).Scale(2))
	// Output: 0:0 4:0.8 15:0
}

func ExampleSchedule_WarmUp() {
	s := schedule.PiecewiseLinear(schedule.Knot{Epoch: 0, Rate: 0.5}, schedule.Knot{Epoch: 10, Rate: 0})
	fmt.Println(s.WarmUp(2))
	// Output: 0:0 2:0.4 10:0
}
