package main

// transpose exchanges numbers and then pairs of blocks of 4x4.
//
//	V0-V3   four rows
//	V4-V7   with numbers exchanged
func (a *assembler) transpose() {
	a.function("transpose", argument{"y", "slice"}, argument{"yRow", "word"}, argument{"x", "slice"}, argument{"xRow", "word"})
	const (
		y, yRow, in, xRow     x = 0, 1, 2, 3
		rowsLeft, columnsLeft x = 4, 5
		from, to, at          x = 6, 7, 8
	)
	a.param("y_base", y.String())
	a.bytes("yRow", yRow.String())
	a.param("x_base", in.String())
	a.bytes("xRow", xRow.String())
	a.line("MOVD $%d, %v", quarters, rowsLeft)
	a.repeat("rows", rowsLeft, func() { // four rows of x become a quarter of the rows of y
		a.line("MOVD %v, %v", in, from)
		a.line("MOVD %v, %v", y, to)
		a.line("MOVD $%d, %v", quarters, columnsLeft)
		a.repeat("columns", columnsLeft, func() {
			a.line("MOVD %v, %v", from, at)
			for i := range v(4) {
				a.load(at, 0, i)
				a.line("ADD %v, %v", xRow, at)
			}
			for i := v(0); i < 4; i += 2 {
				a.three(0x4e802800, "trn1", i+1, i, 4+i)
				a.three(0x4e806800, "trn2", i+1, i, 5+i)
			}
			for i := range v(2) {
				a.word(0x4ec02800|uint32(6+i)<<16|uint32(4+i)<<5|uint32(i), "trn1 v%d.2d, v%d.2d, v%d.2d", i, 4+i, 6+i)
				a.word(0x4ec06800|uint32(6+i)<<16|uint32(4+i)<<5|uint32(2+i), "trn2 v%d.2d, v%d.2d, v%d.2d", 2+i, 4+i, 6+i)
			}
			for i := range v(4) {
				a.store(i, to, 0)
				a.line("ADD %v, %v", yRow, to)
			}
			a.line("ADD $%d, %v", registerBytes, from)
		})
		a.line("ADD %v<<2, %v, %v", xRow, in, in)
		a.line("ADD $%d, %v", registerBytes, y)
	})
	a.line("RET")
}
