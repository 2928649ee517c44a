"""Indexing both ways, gather and scatter, masks, embedding: NumPy's and PyTorch's answers, with gradients."""
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.autograd import View
from tinygrad_cnn.errors import (
    ArgumentError,
    DeviceError,
    DTypeError,
    InPlaceError,
    ShapeError,
    StaleValueError,
    TensorIndexError,
)
from tinygrad_cnn.ops.embedding import embedding


@st.composite
def indices(draw):
    """A shape and an index for it, made of every kind of part; arrays stand for tensors."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    common = draw(st.sampled_from([(2,), (3,), (2, 2), (1,)]))
    parts, k, dots = [], 0, False
    while k < len(shape) and (not parts or draw(st.integers(0, 5))):
        n = shape[k]
        kind = draw(st.sampled_from(["number", "slice", "new axis", "...", "positions", "list", "mask", "mask of two",
                                     "bool"]))
        if kind == "number":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            ends = st.none() | st.integers(-n - 1, n + 1)
            parts.append(slice(draw(ends), draw(ends), draw(st.none() | st.integers(1, 3))))
        elif kind == "new axis":
            parts.append(None)
            k -= 1
        elif kind == "...":
            if not dots:
                parts.append(Ellipsis)
                dots = True
                k += draw(st.integers(0, len(shape) - k))
            k -= 1
        elif kind == "positions":
            own = draw(st.sampled_from([common, (1,) * len(common), common[-1:]]))
            count = int(np.prod(own))
            parts.append(np.array(draw(st.lists(st.integers(-n, n - 1), min_size=count, max_size=count))).reshape(own))
        elif kind == "list":
            parts.append([draw(st.integers(-n, n - 1)) for _ in range(common[-1])])
        elif kind == "mask of two" and k + 1 < len(shape):
            parts.append(np.array(draw(st.lists(st.booleans(), min_size=n * shape[k + 1], max_size=n * shape[k + 1])))
                         .reshape(n, shape[k + 1]))
            k += 1
        elif kind == "bool":
            parts.append(np.array(draw(st.booleans())))
            k -= 1
        else:
            parts.append(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))))
        k += 1
    return shape, tuple(parts)


def converted(index, lib):
    return tuple(lib.tensor(i) if isinstance(i, np.ndarray) else i for i in index)


def attempt(action, *errors):
    """What the action gives, or None where it is refused."""
    try:
        return action()
    except errors:
        return None


def values(shape, seed=0):
    return np.asarray(np.random.default_rng(seed).standard_normal(shape))


@pytest.mark.oracle
@given(indices())
def test_any_index_reads_what_pytorch_reads_with_its_gradient(case):
    import torch
    shape, index = case
    x, t = tg.tensor(values(shape), requires_grad=True), torch.tensor(values(shape), requires_grad=True)
    y = attempt(lambda: x[converted(index, tg)], TensorIndexError)
    z = attempt(lambda: t[converted(index, torch)], IndexError)
    assert (y is None) == (z is None)
    if y is None:
        return
    np.testing.assert_array_equal(y.detach().numpy(), z.detach().numpy())
    y.backward(tg.tensor(values(y.shape, 1)))
    z.backward(torch.tensor(values(y.shape, 1)))
    np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.oracle
@given(indices(), st.data())
def test_any_index_writes_what_pytorch_writes_with_its_gradients(case, data):
    import torch
    shape, index = case
    places = attempt(lambda: torch.arange(int(np.prod(shape))).reshape(shape)[converted(index, torch)], IndexError)
    if places is None or len(set(places.flatten().tolist())) < places.numel():
        return                                          # a place written twice: the last one wins, which is not said
    wide = tuple(n if data.draw(st.booleans()) else 1 for n in places.shape)
    value = values(wide[data.draw(st.integers(0, len(wide))):], 2)
    found = []
    for lib in (tg, torch):
        x, v = lib.tensor(values(shape), requires_grad=True), lib.tensor(value, requires_grad=True)
        y = x * 2
        y[converted(index, lib)] = v
        (y * y * lib.tensor(values(shape, 3))).sum().backward()
        plain = lib.tensor(values(shape))
        plain[converted(index, lib)] = lib.tensor(value)
        found.append((y.detach(), x.grad, v.grad if v.grad is not None else lib.zeros(*v.shape), plain))
    for y, z in zip(*found):
        np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-12, atol=1e-12)


def test_a_0d_tensor_has_no_axis_to_be_read_by_positions():
    x = tg.tensor(3.0, requires_grad=True)
    with pytest.raises(tg.errors.TensorIndexError, match="1 indices for a tensor of 0 dimensions"):
        x[tg.tensor([0, 0])]


def test_a_number_beside_positions_is_taken_first_as_in_pytorch():
    assert tg.zeros(2, 3, 4)[0, :, [0, 1]].shape == (3, 2)
    assert np.zeros((2, 3, 4))[0, :, [0, 1]].shape == (2, 3)


def test_positions_that_are_not_neighbours_come_to_the_front():
    x = tg.zeros(2, 3, 4)
    assert x[[0, 1], :, [0, 1]].shape == (2, 3)
    assert x[:, [0, 1, 2, 0, 1], [0, 1, 2, 3, 0]].shape == (2, 5)


def test_basic_indices_give_views_and_positions_give_copies():
    x = tg.zeros(3, 4)
    assert isinstance(x[1:, None, ..., 0], View)
    assert not isinstance(x[[0, 1]], View) and not isinstance(x[x == 0], View)


def test_a_0d_integer_tensor_is_a_number_and_a_0d_bool_is_a_mask():
    x = tg.arange(6).reshape(2, 3)
    assert x[tg.tensor(1)].tolist() == [3, 4, 5] and isinstance(x[tg.tensor(1)], View)
    assert x[np.int64(1), tg.tensor(2)].item() == 5
    assert x[True].shape == (1, 2, 3) and x[False].shape == (0, 2, 3)


def test_slice_bounds_may_be_tensors():
    assert tg.arange(5)[tg.tensor(1):tg.tensor(4):tg.tensor(2)].tolist() == [1, 3]


def test_positions_outside_an_axis_are_refused_on_the_cpu_when_reading_and_writing():
    x = tg.zeros(2, 3)
    for wrong in (lambda: x[:, [0, 3]], lambda: x.__setitem__((slice(None), [0, -4]), 1.0),
                  lambda: (x.requires_grad_() * 1).__setitem__((slice(None), [3]), 1.0)):
        with pytest.raises(TensorIndexError, match=r"position -?\d is out of range for axis 1 of size 3 .*Use -3 to 2"):
            wrong()


def test_an_index_on_another_device_or_of_another_kind_is_refused():
    x = tg.zeros(2, 3)
    with pytest.raises(TensorIndexError, match=r"a tensor of tinygrad_cnn.uint8 is not an index.*\.bool\(\)"):
        x[tg.tensor([0, 1], dtype=tg.uint8)]
    with pytest.raises(TensorIndexError, match=r"a list with slices, None or '...' in it is not an index"):
        x[[slice(0, 1), 0]]
    with pytest.raises(TensorIndexError, match=r"a list of lists of several lengths"):
        x[([[0], [1, 2]],)]
    with pytest.raises(ArgumentError, match=r"step 0 is not possible"):
        x[::0]


def test_a_value_that_does_not_fit_is_refused():
    x = tg.zeros(2, 3)
    with pytest.raises(ShapeError, match=r"setitem: a value of shape \(2,\) does not broadcast .* \(2, 3\)"):
        x[0] = tg.ones(2)
    with pytest.raises(DTypeError, match=r"setitem: a value is a Tensor or a number, not list"):
        x[0] = [1, 2, 3]
    with pytest.raises(ShapeError, match=r"setitem: a value of shape \(2,\) does not broadcast .* \(2, 3\)"):
        (x.requires_grad_() * 1)[0] = tg.ones(2)


def test_a_number_that_the_dtype_does_not_hold_is_refused():
    for write in (lambda x: x.fill_(300), lambda x: x.__setitem__(0, 300), lambda x: x.__setitem__([0], float("nan"))):
        with pytest.raises(DTypeError, match=r"(300|nan) does not fit into tinygrad_cnn.int8"):
            write(tg.zeros(2, dtype=tg.int8))


def test_read_only_memory_is_said_to_be_so():
    array = np.zeros(2)
    array.flags.writeable = False
    for write in (lambda x: x.zero_(), lambda x: x.__setitem__(0, 1.0), lambda x: x.copy_(x)):
        with pytest.raises(InPlaceError, match=r"the memory of this tensor is read-only.*clone"):
            write(tg.from_numpy(array))


def test_a_value_may_have_more_axes_of_size_1_than_there_is_room_for():
    for x in (tg.zeros(2, 3), tg.zeros(2, 3, requires_grad=True) * 1):
        x[0] = tg.ones(1, 1, 3)
        x[[1, 1]] = tg.ones(1, 1, 3)
        assert x.sum().item() == 6


def test_writing_converts_to_the_dtype_of_the_tensor_and_the_gradient_back():
    y, v = tg.zeros(2, requires_grad=True) * 1, tg.ones(2, dtype=tg.float64, requires_grad=True)
    y[:] = v
    y.sum().backward()
    assert y.dtype is tg.float32 and v.grad.dtype is tg.float64 and v.grad.tolist() == [1, 1]


def test_writing_into_a_leaf_is_refused_and_counted_under_no_grad():
    x = tg.zeros(3, requires_grad=True)
    with pytest.raises(InPlaceError, match=r"a leaf that requires grad cannot be written"):
        x[[0]] = 1.0
    with pytest.raises(InPlaceError, match=r"a leaf that requires grad|a view of a leaf"):
        x[0] = 1.0
    with tg.no_grad():
        x[0] = 1.0
        x[[1]] = 2.0
        x[x == 0] = 3.0
    assert x.tolist() == [1, 2, 3] and x.version == 3


def test_a_constant_becomes_part_of_the_graph_by_what_is_written_into_it():
    rows = tg.zeros(2, 2)
    a = tg.tensor([1.0, 2.0], requires_grad=True)
    rows[0] = a
    rows[1] = a * a
    rows.sum().backward()
    assert rows.requires_grad and a.grad.tolist() == [3, 5]


def test_an_index_tensor_written_after_reading_is_found_out():
    x, i = tg.ones(3, requires_grad=True), tg.tensor([0, 1])
    y = x[i]
    i.add_(1)
    with pytest.raises(StaleValueError, match=r"index saved index at version 0, but add_ has written"):
        y.sum().backward()


def test_repeated_positions_add_their_gradients():
    x = tg.zeros(3, 2, requires_grad=True)
    x[[0, 0, 2]].sum().backward()
    assert x.grad.tolist() == [[2, 2], [0, 0], [1, 1]]


def test_half_precision_sums_at_positions_are_rounded_once():
    x = tg.zeros(1, dtype=tg.float16, requires_grad=True)
    x[[0] * 4096].sum().backward()
    assert x.grad.item() == 4096.0                      # adding ones in float16 would stop at 2048


@pytest.mark.parametrize("dtype", ["int64", "int32", "int8", "uint8"])
def test_integers_add_up_at_repeated_positions(dtype):
    x, ones = tg.tensor(np.array([5, -3]).astype(dtype)), tg.tensor(np.array([-1, -2, 4]).astype(dtype))
    y = x.index_add(0, tg.tensor([0, 0, 1]), ones)
    assert y.dtype is x.dtype and y.tolist() == np.array([2, 1]).astype(dtype).tolist()
    assert x.scatter_add(0, tg.tensor([0, 0, 1]), ones).tolist() == y.tolist()


def test_copy_moves_nothing_implicitly_but_converts_and_broadcasts():
    x = tg.zeros(2, 2, dtype=tg.int64)
    assert x.copy_(tg.tensor([1.7, 2.2])).tolist() == [[1, 2], [1, 2]]
    assert x.fill_(tg.tensor(4)).tolist() == [[4, 4], [4, 4]] and x.zero_().sum().item() == 0


def test_overlapping_parts_of_one_tensor_can_be_copied():
    x = tg.arange(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]


def test_an_overwritten_value_has_gradient_zero_and_stays_in_the_graph():
    x = tg.ones(2, requires_grad=True)
    y = (x * 3).zero_()
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [0, 0]


def test_embedding_gives_the_padding_row_no_gradient():
    w = tg.ones(3, 2, requires_grad=True)
    embedding(tg.tensor([[0, 1], [1, 2]]), w, padding_idx=-3).sum().backward()
    assert w.grad.tolist() == [[0, 0], [2, 2], [1, 1]]


def test_the_source_of_a_scatter_may_be_larger_than_the_index():
    src = tg.ones(2, 3, requires_grad=True)
    tg.zeros(2, 3).scatter(1, tg.tensor([[2], [0]]), src).sum().backward()
    assert src.grad.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_in_place_forms_write_with_history():
    x = tg.zeros(3, requires_grad=True)
    y = x * 1
    y.index_add_(0, tg.tensor([0, 0]), tg.ones(2)).masked_fill_(y == 0, -1.0).scatter_(0, tg.tensor([2]), 5.0)
    assert y.tolist() == [2, -1, 5]
    y.sum().backward()
    assert x.grad.tolist() == [1, 0, 0]


def test_index_put_can_add_up():
    x = tg.zeros(2, 2)
    x.index_put_((tg.tensor([0, 0]), tg.tensor([1, 1])), tg.tensor([1.0, 2.0]), accumulate=True)
    assert x.tolist() == [[0, 3], [0, 0]]


I3 = np.array([[0, 2, 1], [2, 2, 0]])
MASK = np.array([[True, False, True], [False, True, True]])
CASES = {
    "gather": (lambda lib, x, i: lib.gather(x, 1, i), (2, 3), I3),
    "index_select": (lambda lib, x, i: lib.index_select(x, 1, i[0]), (2, 3), I3),
    "scatter": (lambda lib, x, i: lib.scatter(x, 1, i[:, :1], x[:, 1:2]), (2, 3), I3),
    "scatter value": (lambda lib, x, i: lib.scatter(x, 1, i, 2.5), (2, 3), I3),
    "scatter_add": (lambda lib, x, i: lib.scatter_add(x, 1, i, x * x), (2, 3), I3),
    "index_add": (lambda lib, x, i: lib.index_add(x, 1, i[0, :2], x[:, 1:] * x[:, 1:], alpha=3), (2, 3), I3),
    "index_copy": (lambda lib, x, i: lib.index_copy(x, 1, i[0, :2], x[:, 1:] * 2), (2, 3), I3),
    "index_fill": (lambda lib, x, i: lib.index_fill(x, 1, i[0, :2], 1.5), (2, 3), I3),
    "index_put": (lambda lib, x, i: lib.index_put(x, (i[0, :2] % 2, i[0, 1:]), x[0, :2]), (2, 3), I3),
    "index_put accumulate": (lambda lib, x, i: lib.index_put(x, (i[0] % 2,), x[0] * x[0], accumulate=True), (2, 3), I3),
    "take": (lambda lib, x, i: lib.take(x, i), (2, 3), I3 - 3),
    "take_along_dim": (lambda lib, x, i: lib.take_along_dim(x, i[:1], 1), (2, 3), I3),
    "take_along_dim flat": (lambda lib, x, i: lib.take_along_dim(x, i), (2, 3), I3),
    "masked_fill": (lambda lib, x, m: lib.masked_fill(x, m, -1.0), (2, 3), MASK),
    "masked_select": (lambda lib, x, m: lib.masked_select(x, m), (2, 3), MASK),
    "masked_scatter": (lambda lib, x, m: lib.masked_scatter(x, m, x * x), (2, 3), MASK),
    "repeat_interleave": (lambda lib, x, i: lib.repeat_interleave(x, 2, 1), (2, 3), I3),
    "repeat_interleave counts": (lambda lib, x, i: lib.repeat_interleave(x, i[0], 1), (2, 3), I3),
    "repeat_interleave flat": (lambda lib, x, i: lib.repeat_interleave(x, 3), (2, 3), I3),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives_are_pytorch_s(name):
    import torch
    function, shape, other = CASES[name]
    agree(lambda x, i: function(tg, x * x, i), lambda x, i: function(torch, x * x, i), [values(shape), other])


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "bool"])
def test_dtypes_are_pytorch_s(dtype):
    import torch
    for function in (lambda lib, x: x[[0, 1]], lambda lib, x: x[0], lambda lib, x: x[x == x],
                     lambda lib, x: lib.masked_fill(x, x == x, 1), lambda lib, x: lib.take(x, lib.tensor([0])),
                     lambda lib, x: lib.nonzero(x), lambda lib, x: lib.argwhere(x)):
        x = np.array([[0, 1], [1, 0]]).astype(dtype)
        agree(partial(function, tg), partial(function, torch), [x],
              dtype=dtype if dtype.startswith("f") else "float64", order=0)


@pytest.mark.oracle
def test_nonzero_of_any_rank_is_pytorch_s():
    import torch
    for x in (np.array(1), np.array(0), np.array([0, 2]), np.zeros((0, 2), "int64"), np.array([[0, 1], [2, 0]])):
        assert tg.nonzero(tg.tensor(x)).shape == tuple(torch.nonzero(torch.tensor(x)).shape)
        assert [a.tolist() for a in tg.nonzero(tg.tensor(x), as_tuple=True)] == [
            a.tolist() for a in torch.nonzero(torch.tensor(x), as_tuple=True)]


@pytest.mark.oracle
def test_embedding_is_pytorch_s():
    import torch
    agree(lambda w, i: embedding(i, w, padding_idx=1), lambda w, i: torch.nn.functional.embedding(i, w, padding_idx=1),
          [values((4, 3)), np.array([[0, 1], [3, 0]])])


def test_devices_are_not_mixed():
    from tests.strict import strict_device
    x = tg.zeros(3)
    other = tg.Tensor(strict_device().xp.zeros(1, "int64"), strict_device())
    with pytest.raises(DeviceError, match=r"index: the tensor is on cpu but its index on strict"):
        x[other]
    with pytest.raises(DeviceError, match=r"setitem: the tensor is on cpu but the value on strict"):
        x[0] = other


@pytest.mark.parametrize("places", [5, 40, 5000])
@pytest.mark.parametrize("axis", [0, 1])
def test_rows_at_repeated_positions_add_up_however_often_they_repeat(places, axis):
    rng = np.random.default_rng(0)
    i, g = rng.integers(-places, places, (10, 20)), rng.standard_normal((3, 10, 20, 8))
    expected = np.zeros((places, 3, 8))
    np.add.at(expected, i, g.transpose(1, 2, 0, 3))
    expected = expected.swapaxes(0, axis)
    x = tg.zeros(*expected.shape, dtype=tg.float64, requires_grad=True)
    y = x[(slice(None),) * axis + (tg.tensor(i),)]
    y.backward(tg.tensor(g if axis else g.transpose(1, 2, 0, 3)))
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-12, atol=1e-12)
