"""Records of joins, borders and moves along axes (ops/join.py, ops/pad.py)."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, fixed, register, shapes
from tinygrad_cnn.errors import ArgumentError, ShapeError, TensorIndexError
from tinygrad_cnn.ops.pad import pad

A, B = tg.zeros(2, 3), tg.zeros(2, 4)
below = np.arange(3)[:, None] - np.arange(4)            # how far below the diagonal


@st.composite
def pieces(draw):
    shape, dim = list(draw(shapes(1, 3, 1, 3))), draw(st.integers(0, 2))
    dim %= len(shape)
    found = []
    for _ in range(draw(st.integers(1, 3))):
        shape[dim] = draw(st.integers(0, 3))
        found.append(draw(arrays(tuple(shape))))
    return tuple(found), {"dim": dim}


register(Record("cat", ops="cat", function=lambda *xs, dim: tg.cat(xs, dim), cases=pieces(),
                reference=lambda *xs, dim: np.concatenate(xs, dim),
                wrong=[(lambda: tg.cat([A, B]), ShapeError, r"cat: tensors 0 and 1 differ in axis 1: sizes 3 and 4"),
                       (lambda: tg.cat([A, tg.zeros(2)]), ShapeError, r"tensors 0 and 1 have 2 and 1 dimensions"),
                       (lambda: tg.cat([]), ArgumentError, r"cat: expected a sequence of at least one Tensor"),
                       (lambda: tg.cat([tg.tensor(1.0)]), ShapeError, r"tensor 0 is 0-d"),
                       (lambda: tg.cat([A], 2), TensorIndexError, r"cat: dim=2 is out of range")]))

register(Record("stack", ops="stack", function=lambda *xs, dim: tg.stack(xs, dim),
                cases=fixed((2, 3), (2, 3), (2, 3), dim=st.integers(-3, 2)),
                reference=lambda *xs, dim: np.stack(xs, dim),
                wrong=[(lambda: tg.stack([A, B]), ShapeError,
                        r"stack: tensors 0 and 1 differ in axis 1: sizes 3 and 4")]))

register(Record("pad", ops="pad", function=lambda x, **how: pad(x, **how),
                cases=fixed((2, 3, 4), pad=st.tuples(*[st.integers(-1, 2)] * 4), value=st.sampled_from([0.0, -1.5])),
                reference=lambda x, pad, value: np.pad(
                    x, [(0, 0)] + [(max(a, 0), max(b, 0)) for a, b in (pad[2:], pad[:2])],
                    constant_values=value)[:, max(-pad[2], 0):5 * 9 if pad[3] >= 0 else pad[3],
                                           max(-pad[0], 0):5 * 9 if pad[1] >= 0 else pad[1]],
                wrong=[(lambda: pad(A, (1,)), ArgumentError, r"pad: 1 widths \(1,\) for a tensor of shape \(2, 3\)"),
                       (lambda: pad(A, (-2, -2)), ShapeError, r"widths \(-2, -2\) crop axis 1 of size 3"),
                       (lambda: pad(A, (1, 1), mode="mirror"), ArgumentError, r"mode='mirror' is not one"),
                       (lambda: pad(A, (3, 0), mode="reflect"), ShapeError,
                        r"do not fit axis 1 of size 3 .* can fill 2"),
                       (lambda: pad(A, (0.5, 1)), ArgumentError, r"are not all integers"),
                       (lambda: pad(A, (1, 1), mode="circular", value=1), ArgumentError,
                        r"value=1 has no place in mode")]))

register(Record("pad with its own elements", ops="border sum_border", function=lambda x, **how: pad(x, **how),
                cases=fixed((1, 3, 4), pad=st.tuples(*[st.integers(0, 2)] * 4),
                            mode=st.sampled_from(["reflect", "replicate", "circular"])),
                reference=lambda x, pad, mode: np.pad(x, [(0, 0), pad[2:], pad[:2]],
                                                      mode={"replicate": "edge", "circular": "wrap"}.get(mode, mode))))

register(Record("flip", ops="flip", function=tg.flip, cases=fixed((2, 3, 2), dims=st.sampled_from([0, -1, (0, 2), ()])),
                reference=lambda x, dims: np.flip(x, dims)))

register(Record("roll", ops="roll", function=tg.roll,
                cases=st.one_of(fixed((2, 3, 2), shifts=st.integers(-4, 4)),
                                fixed((2, 3, 2), shifts=(1, -2), dims=st.sampled_from([(0, 1), (2, 1)]))),
                reference=lambda x, shifts, dims=None: np.roll(x, shifts, dims),
                wrong=[(lambda: A.roll((1, 2), 0), ArgumentError, r"roll: 2 shifts \(1, 2\) but 1 dims")]))

register(Record("rot90", ops="flip", function=tg.rot90,
                cases=fixed((2, 3, 2), k=st.integers(-4, 4), dims=st.sampled_from([(0, 1), (2, 1)])),
                reference=lambda x, k, dims: np.rot90(x, k, dims),
                wrong=[(lambda: A.rot90(1, (0, 0)), ArgumentError, r"do not span a plane")]))

register(Record("tril", ops="tril", function=tg.tril, cases=fixed((2, 3, 4), diagonal=st.integers(-3, 3)),
                reference=lambda x, diagonal: np.where(below >= -diagonal, x, 0),
                wrong=[(lambda: tg.zeros(2).tril(), ShapeError, r"tril: expected a matrix, got 1 dimensions")]))

register(Record("triu", ops="triu", function=tg.triu, cases=fixed((2, 3, 4), diagonal=st.integers(-3, 3)),
                reference=lambda x, diagonal: np.where(below <= -diagonal, x, 0)))

register(Record("repeat", ops="expand reshape", function=lambda x, counts: x.repeat(counts),
                cases=fixed((2, 3), counts=st.sampled_from([(1, 1), (2, 3), (2, 1, 2), (1, 0)])),
                reference=lambda x, counts: np.tile(x, counts),
                wrong=[(lambda: A.repeat(2), ShapeError, r"repeat: 1 counts \(2,\) for the 2 axes")]))
