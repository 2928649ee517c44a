"""Cost of one op on a 4x4 tensor, forward + backward and under no_grad, beside PyTorch's.

Run: python -m tests.benchmarks.overhead
"""
import tinygrad_cnn as tg
from tests.benchmarks.pairs import compare, need_torch, report

STEPS = 100


def cases(m):
    """name -> (function, number of ops in it) written once for both libraries."""
    a = m.ones(4, 4, requires_grad=True)
    c = m.ones(4, 4)

    def done(y):
        y.sum().backward()
        a.grad = None

    def chain():
        b = a
        for _ in range(STEPS):
            b = b * a + a
        return b

    def matmul_relu():
        b = a
        for _ in range(STEPS):
            b = (b @ c).relu()
        return b

    def broadcast():
        b, r = a, a.sum()
        for _ in range(STEPS):
            b = b * r + a
        return b

    def scalars():
        b = a
        for _ in range(STEPS):
            b = b * 0.5 + 1.0
        return b

    def scalar_exp():
        b = a
        for _ in range(STEPS):
            b = (b * -0.5).exp()
        return b

    def transpose():
        b = a
        for _ in range(STEPS):
            b = (b @ c).t()
        return b

    return {f.__name__: (f, 2 * STEPS, done) for f in (chain, matmul_relu, broadcast, scalars, scalar_exp, transpose)}


def under_no_grad(m, f):
    def run():
        with m.no_grad():
            f()
    return run


def finished(f, done):
    """f with what waits for its result."""
    return lambda: done(f())


def main():
    torch = need_torch()
    ours, theirs = cases(tg), cases(torch)
    with_grad, without = [], []
    for name, (f, count, done) in ours.items():
        g, _, its_done = theirs[name]
        ratio, a, b, *_ = compare(finished(f, done), finished(g, its_done), repeats=60, warmup=3)
        with_grad.append((name, ratio, a / count, b / count))
        ratio, a, b, *_ = compare(under_no_grad(tg, f), under_no_grad(torch, g), repeats=60, warmup=3)
        without.append((name, ratio, a / count, b / count))
    report("overhead per op on 4x4, forward + backward", with_grad, 1.0, 1e6, "us")
    report("overhead per op on 4x4, no_grad", without, 1.0, 1e6, "us")


if __name__ == "__main__":
    main()
