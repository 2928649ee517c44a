"""Records of shapes, slices and memory layout (ops/shape.py, ops/slices.py, ops/layout.py)."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, fixed, register, shapes, single
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.errors import ArgumentError, ShapeError, TensorIndexError

X = tg.zeros(2, 3, 4)
axes = st.integers(-3, 2)


@st.composite
def expansions(draw):
    full = draw(shapes(1, 3))
    own = tuple(n if draw(st.booleans()) else 1 for n in full)[draw(st.integers(0, len(full))):]
    return (draw(arrays(own)),), {"size": full}


@st.composite
def basic_indices(draw):
    shape = draw(shapes(1, 3))
    parts = []
    for n in shape:
        kind = draw(st.sampled_from(["number", "slice", "new axis", "none"]))
        if kind == "number":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            parts.append(slice(draw(st.integers(-n, n)), draw(st.none() | st.integers(-n, n)), draw(st.integers(1, 2))))
        else:
            parts += [None, slice(None)] if kind == "new axis" else [slice(None)]
    cut = draw(st.integers(0, len(parts)))
    rest = Ellipsis if draw(st.booleans()) else slice(None)
    index = tuple(parts[:cut]) + ((rest,) if rest is Ellipsis or cut < len(parts) and parts[cut] is not None else ()) \
        + tuple(parts[cut + 1:] if cut < len(parts) and parts[cut] is not None else parts[cut:])
    return (draw(arrays(shape)),), {"index": index}


register(Record("reshape", ops="reshape", function=tg.reshape,
                cases=fixed((2, 3, 4), shape=st.sampled_from([(6, 4), (-1,), (4, -1), (1, 2, 12), (3, 2, 2, 2)])),
                reference=lambda x, shape: np.array(list(x.flat)).reshape(shape),
                wrong=[(lambda: X.reshape(5, 5), ShapeError,
                        r"shape \(5, 5\) does not hold the 24 elements .* \(2, 3, 4\)"),
                       (lambda: X.reshape(-1, 7), ShapeError, r"Give sizes whose product is 24"),
                       (lambda: X.reshape(2.0, 12), ArgumentError, r"reshape: size 2.0 is not an integer"),
                       (lambda: X.unflatten(1, (2, 2)), ShapeError, r"\(2, 2\) do not multiply to 3"),
                       (lambda: X.flatten(2, 1), ArgumentError, r"end_dim=1 lies before start_dim=2")]))

register(Record("permute", ops="permute", function=tg.permute,
                cases=fixed((2, 3, 4), dims=st.permutations(range(3)).map(tuple)),
                reference=lambda x, dims: np.einsum(x, [0, 1, 2], list(dims)),
                wrong=[(lambda: X.permute(0, 1), ArgumentError, r"dims \(0, 1\) do not name each of the 3 axes once"),
                       (lambda: X.permute(0, 1, 3), TensorIndexError, r"permute: dim=3 is out of range"),
                       (lambda: X.movedim((0, 1), 2), ArgumentError, r"movedim: 2 axes to move but 1 places")]))

register(Record("transpose", ops="transpose", function=tg.transpose, cases=fixed((2, 3, 4), dim0=axes, dim1=axes),
                reference=lambda x, dim0, dim1: np.swapaxes(x, dim0, dim1),
                wrong=[(lambda: X.transpose(0, 3), TensorIndexError,
                        r"transpose: dim=3 is out of range .* 3 dimensions")]))

register(Record("mT", ops="t", function=lambda x: x.mT, cases=fixed((2, 3, 4)),
                reference=lambda x: np.swapaxes(x, -1, -2),
                wrong=[(lambda: X.t(), ShapeError, r"t: expected at most 2 dimensions, got 3"),
                       (lambda: tg.zeros(2).mT, ShapeError, r"mT: expected at least 2 dimensions, got 1")]))

register(Record("squeeze", ops="squeeze", function=tg.squeeze,
                cases=fixed((1, 3, 1), dim=st.sampled_from([None, 0, 1, -1, (0, 2), (0, 1)])),
                reference=lambda x, dim: np.squeeze(x, tuple([d for d in np.atleast_1d(range(3) if dim is None else dim)
                                                              if x.shape[d] == 1]))))

register(Record("unsqueeze", ops="unsqueeze", function=tg.unsqueeze, cases=fixed((2, 3), dim=axes),
                reference=lambda x, dim: np.expand_dims(x, dim),
                wrong=[(lambda: X.unsqueeze(4), TensorIndexError, r"unsqueeze: dim=4 is out of range")]))

register(Record("expand", ops="expand", function=tg.broadcast_to, cases=expansions(),
                reference=lambda x, size: x + np.zeros(size),
                wrong=[(lambda: X.expand(2, 5, 4), ShapeError, r"expand: axis 1 has size 3 and cannot become 5"),
                       (lambda: X.expand(3, 4), ShapeError, r"sizes \(3, 4\) are fewer than the axes"),
                       (lambda: X.expand(-1, 2, 3, 4), ShapeError, r"-1 in sizes .* stands for a new axis"),
                       (lambda: tg.broadcast_shapes((2, 3), (4,)), ShapeError, r"differ at axis -1 \(sizes 3, 4\)")]))

def _summed_by_hand(x, shape):
    y = np.zeros(shape)
    for place in np.ndindex(x.shape):
        y[tuple(0 if n == 1 else i for i, n in zip(place[x.ndim - len(shape):], shape))] += x[place]
    return y


register(Record("sum_to", ops="sum_to", function=lambda x, shape: OPS["sum_to"](x, shape=shape),
                cases=fixed((2, 3, 4), shape=st.sampled_from([(4,), (3, 1), (1, 1), (2, 1, 4), ()])),
                reference=_summed_by_hand))

register(Record("getitem", ops="getitem place", function=lambda x, index: x[index], cases=basic_indices(),
                reference=lambda x, index: x[index],
                wrong=[(lambda: X[2], TensorIndexError, r"index: 2 is out of range for axis 0 of size 2 .*Use -2 to 1"),
                       (lambda: X[0, ..., -5], TensorIndexError, r"-5 is out of range for axis 2 of size 4"),
                       (lambda: X[0, 0, 0, 0], TensorIndexError, r"4 indices for a tensor of 3 dimensions"),
                       (lambda: X[::-1], ArgumentError, r"step -1 is not possible.*flip"),
                       (lambda: X[..., ...], TensorIndexError, r"'...' appears twice"),
                       (lambda: X["a"], TensorIndexError, r"str is not an index"),
                       (lambda: X[1.0], TensorIndexError, r"float is not an index"),
                       (lambda: X.narrow(1, 2, 2), TensorIndexError,
                        r"start=2 with length=2 does not lie in axis 1 of size 3"),
                       (lambda: X.select(0, 2), TensorIndexError,
                        r"select: index 2 is out of range for axis 0 of size 2")]))

register(Record("split", ops="split", function=lambda x, sizes, dim: tg.split(x, sizes, dim),
                cases=st.one_of(fixed((2, 5), sizes=st.integers(1, 6), dim=1), fixed((2, 5), sizes=[2, 0, 3], dim=-1)),
                reference=lambda x, sizes, dim: np.split(x, [2, 2] if dim == -1 else range(sizes, 5, sizes), 1),
                wrong=[(lambda: X.split([1, 1], 1), ShapeError, r"sizes \(1, 1\) add up to 2 but axis 1 has size 3"),
                       (lambda: X.split(0), ArgumentError, r"pieces of size 0 cannot make up axis 0"),
                       (lambda: X.chunk(0), ArgumentError, r"chunks=0 is not a number of pieces"),
                       (lambda: tg.tensor(1.0).split(1), ShapeError, r"a 0-d tensor has no axis")]))

register(Record("unbind", ops="unbind", function=tg.unbind, cases=fixed((2, 3), dim=st.integers(-2, 1)),
                reference=lambda x, dim: [np.take(x, k, dim) for k in range(x.shape[dim])]))

register(Record("diagonal", ops="diagonal", function=tg.diagonal,
                cases=st.one_of(fixed((3, 4), offset=st.integers(-3, 4)),
                                fixed((2, 3, 4), offset=st.integers(-1, 2), dim1=st.sampled_from([0, -2]), dim2=2)),
                reference=lambda x, offset, dim1=0, dim2=1: np.diagonal(x, offset, dim1, dim2),
                wrong=[(lambda: X.diagonal(0, 1, 1), ArgumentError, r"dim1=1 and dim2=1 are the same axis"),
                       (lambda: tg.zeros(3).diagonal(), ShapeError, r"a diagonal needs 2 axes, but there are only 1")]))


def _on_diagonal(x, offset):
    y = np.zeros((*x.shape[:-1], x.shape[-1] + abs(offset), x.shape[-1] + abs(offset)))
    for k in range(x.shape[-1]):
        y[..., k - min(offset, 0), k + max(offset, 0)] = x[..., k]
    return y


register(Record("diag_embed", ops="place_diagonal", function=tg.diag_embed,
                cases=fixed((2, 3), offset=st.integers(-2, 2)),
                reference=_on_diagonal))

register(Record("windows", ops="windows sum_windows", function=lambda x, size, step: x.unfold(1, size, step),
                cases=fixed((2, 5, 2), size=st.integers(0, 5), step=st.integers(1, 3)),
                reference=lambda x, size, step: np.stack([np.moveaxis(x[:, k:k + size], 1, 2)
                                                          for k in range(0, 6 - size, step)], 1),
                wrong=[(lambda: X.unfold(1, 4, 1), ShapeError, r"windows of size 4 do not fit into axis 1 of size 3"),
                       (lambda: X.unfold(1, 2, 0), ArgumentError, r"step=0 does not move the window")]))

register(Record("as_strided", ops="as_strided sum_strided", function=lambda x, **at: x.contiguous().as_strided(**at),
                cases=fixed((3, 4), size=(2, 3), stride=st.sampled_from([(1, 1), (4, 1), (0, 2), (5, 1)]),
                            storage_offset=st.integers(0, 3)),
                reference=lambda x, size, stride, storage_offset: np.array(
                    [[x.flat[storage_offset + i * stride[0] + j * stride[1]] for j in range(3)] for i in range(2)]),
                wrong=[(lambda: X.as_strided((3, 3), (9, 3)), ShapeError, r"reach element 24, but there are 24"),
                       (lambda: X.as_strided((3,), (1, 1)), ShapeError, r"1 sizes \(3,\) but 2 strides"),
                       (lambda: X[0].as_strided((2,), (1,), 1), ArgumentError, r"this tensor is a view"),
                       (lambda: X.mT.as_strided((2,), (1,)), ArgumentError,
                        r"of shape \(2, 4, 3\) is not contiguous.*x\.contiguous\(\)")]))

register(Record("clone", ops="clone", function=tg.clone, cases=single(), reference=lambda x: x))

register(Record("contiguous", ops="contiguous",
                function=lambda x, memory_format: x.mT.contiguous(memory_format=getattr(tg, memory_format)),
                cases=fixed((2, 3, 2, 2), memory_format=st.sampled_from(["contiguous_format", "channels_last"])),
                reference=lambda x, memory_format: x.swapaxes(-1, -2),
                wrong=[(lambda: X.contiguous(memory_format=tg.channels_last), ShapeError,
                        r"channels_last is for 4 dimensions"),
                       (lambda: X.contiguous("channels_last"), ArgumentError,
                        r"memory_format='channels_last' is not one")]))

register(Record("view_dtype", ops="view_dtype", function=lambda x: x.view(tg.int64),
                cases=st.tuples(st.tuples(arrays((2, 3)).map(lambda x: x.view("int64"))), st.just({})),
                reference=lambda x: x,
                wrong=[(lambda: X.view(tg.float64), ShapeError, r"tinygrad_cnn.float64 has 8 bytes an element"),
                       (lambda: X.permute(2, 0, 1).view(-1), ShapeError,
                        r"view: shape \(24,\) would merge axes .*reshape")]))
