"""Step 6. Is it right? Ask the function itself.

The derivative in the direction v is (f(x + hv) - f(x - hv)) / 2h, whatever the rules say. One random direction v tests
all numbers of a gradient at once: a wrong one shows with probability 1. This is the tool that makes new ops safe.

沿方向 v 的导数是 (f(x + hv) - f(x - hv)) / 2h，与规则怎么写无关。一个随机方向同时检查梯度里的所有数：
只要有错，以概率 1 现形。有了它，加新运算才放心。
"""
import numpy as np
from step05_op_table import Op, Tensor, div, exp, log, matmul, mul, relu, sub, sum_to, tanh, total, transpose


def gradcheck(function, *arrays, h=1e-6, tolerance=1e-6):
    """Compare the gradients of function(*tensors) with differences; raises AssertionError with the two numbers."""
    random = np.random.default_rng(0)
    tensors = [Tensor(array, requires_grad=True) for array in arrays]
    y = function(*tensors)
    u = random.normal(size=y.shape)                     # f = <u, function>: a single number
    total(y * u).backward()
    for k, x in enumerate(tensors):
        v = random.normal(size=x.shape)
        shifted = [[t.array + s * h * v if t is x else t.array for t in tensors] for s in (1, -1)]
        plus, minus = ((function(*map(Tensor, arrays)).array * u).sum() for arrays in shifted)
        numeric, ours = (plus - minus) / (2 * h), (x.grad.array * v).sum()
        error = abs(numeric - ours) / max(1.0, abs(numeric))
        assert error < tolerance, f"input {k}: differences say {numeric:.6f}, the rule says {ours:.6f}"
    return True


def cross_entropy(z, labels):
    """The mean of -log softmax(z)[label]: z (N, K), labels (N,) integers."""
    z = z - z.array.max(axis=1, keepdims=True)          # softmax does not change, and exp stays finite
    log_p = z - log(sum_to(exp(z), shape=(z.shape[0], 1)))
    chosen = np.eye(z.shape[1])[labels]
    return -total(log_p * chosen) / len(labels)


if __name__ == "__main__":
    random = np.random.default_rng(1)
    a, b = random.normal(size=(4, 3)), random.uniform(0.5, 2, size=(4, 3))
    for op, inputs in ((mul, (a, b)), (sub, (a, b[0])), (div, (a, b)), (exp, (a,)), (log, (b,)), (tanh, (a,)),
                       (relu, (a,)), (matmul, (a, b.T)), (transpose, (a,))):
        assert gradcheck(op, *inputs)

    labels = np.array([0, 2, 1, 2])
    assert gradcheck(lambda z: cross_entropy(z, labels), a)
    z = Tensor(a, requires_grad=True)                   # the famous result: p - y
    cross_entropy(z, labels).backward()
    p = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)
    assert np.allclose(z.grad.array, (p - np.eye(3)[labels]) / 4)

    wrong = Op(np.tanh, x=lambda g, y: g * (1 - y))     # a forgotten square
    try:
        gradcheck(wrong, a)
    except AssertionError as error:
        print(f"found: {error}")
    else:
        raise RuntimeError("a wrong rule went through")

# What we left out: kinks (relu at 0 has no derivative; random numbers avoid it), single precision (h would have to
# grow, and the tolerance with it), and saying which number is wrong.
