"""Step 4. Broadcasting: what was repeated is summed.

NumPy adds (5, 2) and (2,) by repeating the second five times. Using a number five times means its five gradients add
up. So: sum the gradient over the axes that were repeated. One function does it, for every operation, in the engine.

NumPy 把 (5, 2) 与 (2,) 相加时，把后者重复五次。一个数用了五次，五份梯度就相加。
所以把梯度在重复过的轴上求和：一个函数，放在引擎里，所有运算通用。
"""
import numpy as np
import step03_tensors


def sum_to(g, shape):
    """The sum of `g` over the axes along which `shape` was broadcast: the result has that shape."""
    extra = g.ndim - len(shape)                         # axes that broadcasting put in front
    repeated = [extra + axis for axis, n in enumerate(shape) if n == 1 and g.shape[extra + axis] != 1]
    return g.sum(axis=(*range(extra), *repeated), keepdims=True).reshape(shape)


class Tensor(step03_tensors.Tensor):
    """Step 3's tensor; every rule's gradients are brought to the shapes of the inputs before they are passed on."""

    def __init__(self, data, inputs=(), rule=None):
        def fitted(g):
            return [sum_to(gx, x.data.shape) for gx, x in zip(rule(g), inputs)]
        super().__init__(data, inputs, None if rule is None else fitted)

    # Three operations of step 3 once more, unchanged: written here, they make tensors of this class.

    def __add__(self, other):
        return Tensor(self.data + other.data, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        return Tensor(self.data * other.data, (self, other), lambda g: (g * other.data, g * self.data))

    def sum(self):
        return Tensor(self.data.sum(), (self,), lambda g: (np.full(self.data.shape, g),))


if __name__ == "__main__":
    assert sum_to(np.ones((5, 2)), (2,)).tolist() == [5, 5]             # five rows were one
    assert sum_to(np.ones((5, 2)), (5, 1)).tolist() == [[2]] * 5        # two columns were one
    assert sum_to(np.ones((5, 2)), ()) == 10                            # ten numbers were one

    X, b = Tensor(np.ones((5, 2))), Tensor(np.zeros(2))
    (X + b).sum().backward()
    print(f"b has shape {b.data.shape}, its gradient {b.grad.shape}: {b.grad}")
    assert b.grad.tolist() == [5, 5]

    shapes = [(4, 3), (3,), (4, 1), (1, 1), ()]     # every pair: the gradient has the shape of its tensor, and is right
    random = np.random.default_rng(0)
    for one in shapes:
        for other in shapes:
            a, b = Tensor(random.normal(size=one)), Tensor(random.normal(size=other))
            (a * b).sum().backward()
            assert a.grad.shape == one and b.grad.shape == other
            v = random.normal(size=one)                 # the slope in a random direction
            slope = ((a.data + v) * b.data - a.data * b.data).sum()     # exact: the product is linear in a
            assert abs((a.grad * v).sum() - slope) < 1e-12

# What we left out: sum over some axes, reshape, indexing: they are rules like these. Writing each operation as a method
# that also knows how to make a node repeats itself; step 5 separates the two.
