package kernels

// Winograd are the transforms of Winograd's convolution F(4x4, 3x3) by Lavin and Gray (2015), for tiles of 4x4 outputs
// of 3x3 filters. A transform replaces a matrix m by T·m·Tᵗ, for its own T; all are exact but for rounding. With
//
//	Uⱼₖ = Filter(wⱼₖ)    Vₖ = Input(xₖ)    Mⱼ = Σₖ Uⱼₖ ∘ Vₖ    yⱼ = Output(Mⱼ)
//
// for output channels j, input channels k and elementwise products, y is the convolution of x, with 36
// multiplications in place of 144. What is left is the gradient to the filters, whose transforms are those transposed:
//
//	dMⱼ = OutputGradient(dyⱼ)    dUⱼₖ = Σ dMⱼ ∘ Vₖ over the tiles    dwⱼₖ = FilterGradient(dUⱼₖ)
type Winograd struct {
	Input          Transform // 6x6 to 6x6
	Output         Transform // 6x6 to 4x4
	OutputGradient Transform // 4x4 to 6x6
	Filter         Transform // 3x3 to 6x6
	FilterGradient Transform // 6x6 to 3x3
}

// Transform transforms count matrices of vectors: y = T·x·Tᵗ for each, and each lane.
type Transform func(y []float32, to Grid, x []float32, from Grid, count int)

// Grid says where the elements of matrices are: element [i][j] of matrix n is the vector at i*Row + j*Column + n*Step.
type Grid struct{ Row, Column, Step int }

// The sides of the matrices.
const (
	FilterSide = 3
	OutputSide = 4
	InputSide  = 6
)

// winogradScalar are the transforms in plain Go.
var winogradScalar = Winograd{
	Input: func(y []float32, to Grid, x []float32, from Grid, count int) {
		transform(inputRow, InputSide, InputSide, y, to, x, from, count)
	},
	Output: func(y []float32, to Grid, x []float32, from Grid, count int) {
		transform(outputRow, OutputSide, InputSide, y, to, x, from, count)
	},
	OutputGradient: func(y []float32, to Grid, x []float32, from Grid, count int) {
		transform(outputGradientRow, InputSide, OutputSide, y, to, x, from, count)
	},
	Filter: func(y []float32, to Grid, x []float32, from Grid, count int) {
		transform(filterRow, InputSide, FilterSide, y, to, x, from, count)
	},
	FilterGradient: func(y []float32, to Grid, x []float32, from Grid, count int) {
		transform(filterGradientRow, FilterSide, InputSide, y, to, x, from, count)
	},
}

// row is T times a column of numbers; those past its length are not used.
type row = func(x [InputSide]float32) [InputSide]float32

// transform computes T·x, column by column, and then that times Tᵗ, row by row.
func transform(f row, rows, columns int, y []float32, to Grid, x []float32, from Grid, count int) {
	for n := range count {
		for lane := range lanes {
			var half [InputSide][InputSide]float32
			for j := range columns {
				var column [InputSide]float32
				for i := range columns {
					column[i] = x[n*from.Step+i*from.Row+j*from.Column+lane]
				}
				for i, v := range f(column) {
					half[i][j] = v
				}
			}
			for i := range rows {
				for j, v := range f(half[i]) {
					if j < rows {
						y[n*to.Step+i*to.Row+j*to.Column+lane] = v
					}
				}
			}
		}
	}
}

func inputRow(x [InputSide]float32) [InputSide]float32 {
	a, b := x[4]-4*x[2], x[3]-4*x[1]
	c, d := x[4]-x[2], x[3]-x[1]
	return [InputSide]float32{x[4] + 4*x[0] - 5*x[2], a + b, a - b, c + 2*d, c - 2*d, x[5] + 4*x[1] - 5*x[3]}
}

func outputRow(x [InputSide]float32) [InputSide]float32 {
	a, b := x[1]+x[2], x[1]-x[2]
	c, d := x[3]+x[4], x[3]-x[4]
	return [InputSide]float32{x[0] + a + c, b + 2*d, a + 4*c, x[5] + b + 8*d}
}

func outputGradientRow(x [InputSide]float32) [InputSide]float32 {
	a, b := x[0]+x[2], x[1]+x[3]
	c, d := x[0]+4*x[2], x[1]+4*x[3]
	return [InputSide]float32{x[0], a + b, a - b, c + 2*d, c - 2*d, x[3]}
}

func filterRow(x [InputSide]float32) [InputSide]float32 {
	a, b := (x[0]+x[2])*(-1./6), x[1]*(1./6)
	c, d := x[0]*(1./24)+x[2]*(1./6), x[1]*(1./12)
	return [InputSide]float32{x[0] * (1. / 4), a - b, a + b, c + d, c - d, x[2]}
}

func filterGradientRow(x [InputSide]float32) [InputSide]float32 {
	a, b := (x[1]+x[2])*(1./6), (x[2]-x[1])*(1./6)
	c, d := x[3]+x[4], x[3]-x[4]
	return [InputSide]float32{x[0]*(1./4) - a + c*(1./24), b + d*(1./12), x[5] - a + c*(1./6)}
}
