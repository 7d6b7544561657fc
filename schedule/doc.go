// Package schedule describes the learning rate over a training run. A [Schedule] is a plain value:
// knots go in, and the rate at any moment comes out. It has no state, and prints, compares and
// marshals to JSON like any slice.
//
// Time is counted in epochs, passes over the training set, so a schedule does not depend on the
// batch size. Rates are those for the mean loss of a batch.
//
// The functions that make a schedule neither check what they are given nor panic:
// [Schedule.Validate] says what is wrong with a schedule, and training calls it before it starts.
package schedule
