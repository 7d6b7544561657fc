package cpu

// residual adds the shortcut's output to the branch's.
//
// The sum replaces the branch's output, so its gradient is already where the branch's backward pass looks
// for it. A shortcut with layers has a tensor of its own at either end, because both paths read the
// input's value in their backward pass and leave a gradient in its place. Where there is no backward pass it reads the input
// itself.
type residual struct {
	in, out *tensor
	branch  []op
	// shortcut is empty for the identity, and then shortcutIn and shortcutOut are in; without a backward pass shortcutIn
	// always is.
	shortcut                []op
	shortcutIn, shortcutOut *tensor
	// trained says that there is something trainable in it or before it.
	trained bool
}

func (r *residual) forward(n *Net) {
	for _, o := range r.branch {
		o.forward(n)
	}
	if len(r.shortcut) > 0 {
		if r.shortcutIn != r.in {
			copy(r.shortcutIn.data, r.in.data)
		}
		for _, o := range r.shortcut {
			o.forward(n)
		}
	}
	r.out.add(r.shortcutOut)
}

func (r *residual) backward(n *Net) {
	if len(r.shortcut) > 0 {
		copy(r.shortcutOut.data, r.out.data)
		for i := len(r.shortcut) - 1; i >= 0; i-- {
			r.shortcut[i].backward(n)
		}
	}
	for i := len(r.branch) - 1; i >= 0; i-- {
		r.branch[i].backward(n)
	}
	if r.in.fixed {
		return
	}
	if len(r.shortcut) > 0 {
		r.in.add(r.shortcutIn)
	} else {
		r.in.add(r.out)
	}
}
