"""Shapes, slices and memory layout: views share memory, gradients come back in shape, PyTorch's answers."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.autograd import View
from tinygrad_cnn.errors import ArgumentError, InPlaceError, ShapeError
from tinygrad_cnn.testing.strategies import arrays


def channels_last(*shape):
    """A tensor whose axis 1 is innermost in memory, as convolutions give it."""
    return tg.arange(int(np.prod(shape))).reshape(shape[0], *shape[2:], shape[1]).movedim(-1, 1).clone()


@pytest.mark.parametrize("make", [
    lambda x: x.reshape(12), lambda x: x.view(2, 6), lambda x: x.t(), lambda x: x.unsqueeze(1), lambda x: x[1:],
    lambda x: x[:, 2],
    lambda x: x[1, 2], lambda x: x.diagonal(), lambda x: x.unfold(1, 2, 1), lambda x: x.narrow(0, 1, 2),
    lambda x: x.split(2)[1],
    lambda x: x.unbind()[2], lambda x: x.expand(3, 4), lambda x: x.as_strided((2, 2), (4, 1)),
    lambda x: x.view(tg.int32),
    lambda x: tg.broadcast_tensors(x, tg.zeros(4))[0]])
def test_a_view_shares_the_memory_of_its_source(make):
    x = tg.zeros(3, 4)
    y = make(x)
    assert isinstance(y, View) and y.source is x
    assert np.shares_memory(x.array, y.array) and y.version == 0
    x.fill_(1.0)
    assert y.array.all() and y.version == 1


def test_a_view_of_a_view_has_the_first_tensor_as_its_source():
    x = tg.zeros(3, 4)
    assert x[1:].t()[0].source is x


def test_indexing_down_to_one_element_gives_a_view_and_not_a_number():
    x = tg.zeros(2, 2)
    x[1, 1].fill_(5.0)
    x.diagonal()[0].fill_(4.0)
    assert x.tolist() == [[4.0, 0.0], [0.0, 5.0]]


def test_reshape_copies_where_memory_does_not_allow_a_view():
    x = tg.zeros(2, 3)
    assert x.t().reshape(6).source is None
    assert x.t().reshape(3, 2, 1).source is x


def test_view_of_a_channels_last_activation_works_and_keeps_the_logical_order():
    x = channels_last(2, 3, 2, 2)
    assert not x.is_contiguous()
    assert x.view(2, -1).tolist() == np.ascontiguousarray(x.numpy()).reshape(2, -1).tolist()
    assert x[:, :2].view(2, 2, 4).shape == (2, 2, 4)
    assert x[0].view(-1).tolist() == np.ascontiguousarray(x.numpy()[0]).ravel().tolist()


def test_view_refuses_what_pytorch_refuses_in_logical_order():
    x = tg.zeros(2, 3, 4)
    for wrong in (lambda: x.transpose(0, 1).view(6, 4), lambda: x[:, :2].view(-1),
                  lambda: x.expand(2, 2, 3, 4).view(-1)):
        with pytest.raises(ShapeError, match=r"view: shape .* would merge axes .* Use \.reshape"):
            wrong()


@pytest.mark.oracle
@given(st.lists(st.sampled_from(["t", "cut", "part", "new", "flip axes"]), max_size=3), st.sampled_from(
    [(-1,), (2, -1), (6, 4), (24,), (2, 3, 4), (4, 3, 2), (3, 8), (12,), (1, 4, 3)]), st.booleans())
def test_view_allows_exactly_what_pytorch_allows_of_a_contiguous_tensor(steps, shape, laid_channels_last):
    import torch
    change = {"t": lambda x: x.transpose(0, 1), "cut": lambda x: x[:, 1:], "part": lambda x: x[0] if x.ndim > 2 else x,
              "new": lambda x: x.unsqueeze(1), "flip axes": lambda x: x.permute(*range(x.ndim)[::-1])}
    x = channels_last(2, 3, 4) if laid_channels_last else tg.zeros(2, 3, 4)
    t = torch.zeros(2, 3, 4)
    for step in steps:
        x, t = change[step](x), change[step](t)
    try:
        expected = t.view(shape).shape
    except RuntimeError:
        expected = None
    try:
        found = x.view(shape).shape
    except ShapeError:
        found = None
    # what lies channels-last may be merged in more ways than a tensor in logical order
    assert found == expected or expected is None and laid_channels_last


def test_contiguous_is_the_tensor_itself_where_it_can_be():
    x = tg.zeros(2, 3, 2, 2)
    assert x.contiguous() is x
    last = x.contiguous(memory_format=tg.channels_last)
    assert last.stride() == (12, 1, 6, 3) and not last.is_contiguous()
    assert last.is_contiguous(memory_format=tg.channels_last)
    assert last.contiguous(memory_format=tg.channels_last) is last
    assert last.contiguous().stride() == (12, 4, 2, 1)


def test_clone_keeps_the_memory_order_unless_told_otherwise():
    x = tg.zeros(2, 3, 2, 2).contiguous(memory_format=tg.channels_last)
    assert x.clone().stride() == x.stride()
    assert x.clone(memory_format=tg.contiguous_format).is_contiguous()


def test_strides_and_offset_count_elements():
    x = tg.zeros(3, 4)
    assert x.stride() == (4, 1) and x.stride(0) == 4
    assert x[1:, 2:].storage_offset() == 6 and x.storage_offset() == 0


def test_sizes_may_be_tensors_and_numpy_integers():
    x = tg.zeros(6)
    assert x.reshape(tg.tensor(2), np.int64(3)).shape == (2, 3)
    assert x.reshape(shape=(3, 2)).shape == (3, 2)


def test_a_0d_tensor_is_its_own_transpose_and_squeeze():
    x = tg.tensor(1.0)
    assert x.transpose(0, -1).shape == x.squeeze().shape == x.squeeze(0).shape == x.t().shape == ()
    assert x.flatten().shape == x.ravel().shape == x.unsqueeze(0).shape == (1,)


def test_tensors_without_elements_can_be_reshaped():
    assert tg.zeros(0, 3).reshape(3, 0).shape == (3, 0)
    assert tg.zeros(2, 0).flatten().shape == tg.zeros(2, 0).ravel().shape == (0,)


def test_split_has_one_node_and_joins_its_gradients():
    x = tg.zeros(6, requires_grad=True)
    a, b, c = (x * 1).split(2)
    assert a.grad_fn is c.grad_fn and a.grad_fn.name() == "SplitBackward"
    (a.sum() + 2 * c.sum()).backward()
    assert x.grad.tolist() == [1, 1, 0, 0, 2, 2]


def test_pieces_of_a_split_can_be_written_in_place():
    x = tg.ones(4, requires_grad=True)
    y = x * 1
    a, b = y.split(2)
    a.mul_(3)
    b.zero_()
    assert y.tolist() == [3, 3, 0, 0]
    (y.sum() + a.sum()).backward()
    assert x.grad.tolist() == [6, 6, 0, 0]


def test_a_slice_of_a_slice_written_in_place_changes_the_gradient_of_the_source():
    x = tg.ones(2, 3, requires_grad=True)
    y = x * 1
    y[0][1:].mul_(2)
    y.sum().backward()
    assert x.grad.tolist() == [[1, 2, 2], [1, 1, 1]]


def test_views_made_before_a_write_follow_it():
    x = tg.ones(2, 2, requires_grad=True)
    y = x * 1
    before, other = y.t(), y[1]
    y[0].mul_(5)
    assert before.tolist() == [[5, 1], [5, 1]]
    (before.sum() + other.sum()).backward()
    assert x.grad.tolist() == [[5, 5], [2, 2]]


def test_writing_into_an_expanded_tensor_is_refused():
    with pytest.raises(InPlaceError, match=r"mul_: several elements of this expanded tensor are one place"):
        tg.ones(1, 3).expand(2, 3).mul_(2)


def test_writing_into_a_view_of_a_leaf_is_refused_but_not_under_no_grad():
    x = tg.ones(3, requires_grad=True)
    with pytest.raises(InPlaceError, match=r"this is a view of a leaf that requires grad"):
        x[0].fill_(2.0)
    with tg.no_grad():
        x[0].fill_(2.0)
        x[1:] = 7.0
    assert x.tolist() == [2.0, 7.0, 7.0]


def test_writing_into_a_view_made_under_no_grad_is_refused_where_a_graph_follows_the_source():
    y = tg.ones(3, requires_grad=True) * 1
    with tg.no_grad():
        v = y[0]
    with pytest.raises(InPlaceError, match=r"this view was made under no_grad"):
        v.mul_(2)


def test_unfold_windows_that_overlap_add_their_gradients():
    x = tg.zeros(4, requires_grad=True)
    x.unfold(0, 3, 1).sum().backward()
    assert x.grad.tolist() == [1, 2, 2, 1]


def test_tensor_split_at_indices_that_overlap_gives_what_numpy_gives():
    x = tg.arange(5)
    found = [piece.tolist() for piece in x.tensor_split((3, 1, -1))]
    assert found == [piece.tolist() for piece in np.array_split(np.arange(5), (3, 1, -1))]


def test_memory_formats_print_and_pickle_as_names():
    import copy
    import pickle
    assert repr(tg.channels_last) == "tinygrad_cnn.channels_last"
    assert pickle.loads(pickle.dumps(tg.channels_last)) is tg.channels_last
    assert copy.deepcopy(tg.preserve_format) is tg.preserve_format


def test_the_gradient_of_a_slice_of_a_channels_last_tensor_lies_channels_last():
    x = channels_last(2, 4, 3, 3).float().requires_grad_() * 1
    seen = []
    x.register_hook(seen.append)
    x[:, :2].backward(channels_last(2, 2, 3, 3).float())
    assert seen[0].is_contiguous(memory_format=tg.channels_last)


CASES = {
    "reshape": lambda lib, x: x.reshape(4, -1), "view": lambda lib, x: x.view(6, 4),
    "flatten": lambda lib, x: lib.flatten(x, 1),
    "unflatten": lambda lib, x: lib.unflatten(x, 2, (2, -1)), "ravel": lambda lib, x: lib.ravel(x),
    "permute": lambda lib, x: lib.permute(x, (2, 0, 1)), "transpose": lambda lib, x: lib.transpose(x, 0, -1),
    "mT": lambda lib, x: x.mT, "movedim": lambda lib, x: lib.movedim(x, (0, 2), (1, 0)),
    "swapaxes": lambda lib, x: x.swapaxes(1, 2),
    "squeeze": lambda lib, x: lib.squeeze(x[:1], 0), "unsqueeze": lambda lib, x: lib.unsqueeze(x, -2),
    "expand": lambda lib, x: x.unsqueeze(0).expand(2, -1, 3, 4),
    "broadcast_to": lambda lib, x: lib.broadcast_to(x, (2, 2, 3, 4)),
    "narrow": lambda lib, x: lib.narrow(x, 1, -2, 2), "select": lambda lib, x: lib.select(x, 2, -1),
    "chunk": lambda lib, x: lib.chunk(x, 3, 2)[1], "tensor_split": lambda lib, x: lib.tensor_split(x, 3, 2)[0],
    "split": lambda lib, x: lib.split(x, [1, 3], 2)[1], "unbind": lambda lib, x: lib.unbind(x, 1)[2],
    "diagonal": lambda lib, x: lib.diagonal(x, 1, 1, 2), "diag_embed": lambda lib, x: lib.diag_embed(x, -1, 0, 2),
    "unfold": lambda lib, x: x.unfold(2, 2, 1), "as_strided": lambda lib, x: lib.as_strided(x, (2, 3), (3, 4), 2),
    "broadcast_tensors": lambda lib, x: lib.broadcast_tensors(x, lib.zeros(2, 2, 3, 4))[0],
    "clone": lambda lib, x: lib.clone(x),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives_are_pytorch_s(name):
    import torch
    x = np.random.default_rng(0).standard_normal((2, 3, 4))
    agree(lambda x: CASES[name](tg, x) * CASES[name](tg, x), lambda x: CASES[name](torch, x) * CASES[name](torch, x),
          [x])


def _read(lib, pool, what, k, n):
    """A new tensor made of pool[k]: a view or a result."""
    x = pool[k % len(pool)]
    rows = x.shape[0] if x.ndim else 0
    reads = {"row": lambda: x[n % rows] if rows else x.unsqueeze(0),
             "turned": lambda: x.transpose(0, -1) if x.ndim else x.unsqueeze(-1),
             "flat": lambda: x.reshape(-1), "part": lambda: x.narrow(0, n % rows, rows - n % rows) if rows else x * 1,
             "diagonal": lambda: x.diagonal() if x.ndim > 1 else x.unsqueeze(0), "sine": lambda: x.sin(),
             "copy": lambda: x.clone(),
             "squeezed": lambda: x.squeeze(), "detached": lambda: x.detach()}
    return reads[what]()


def _write(lib, pool, what, k, n):
    """A write in place into pool[k], perhaps of another's sum."""
    x, other = pool[k % len(pool)], pool[n % len(pool)]
    if what == "set":
        if x.ndim and x.shape[0]:
            x[n % x.shape[0]] = other.sum() * 0.5
        return
    {"mul_": lambda: x.mul_(2.0), "add_": lambda: x.add_(other.sum()), "copy_": lambda: x.copy_(other.sum()),
     "zero_": lambda: x.zero_(),
     "sin_": lambda: x.sin_(), "masked_fill_": lambda: x.masked_fill_(x > 0.3, 0.25)}[what]()


READS = ("row", "turned", "flat", "part", "diagonal", "sine", "copy", "squeezed", "detached")
WRITES = ("mul_", "add_", "copy_", "zero_", "sin_", "masked_fill_", "set")


@pytest.mark.oracle
@given(st.lists(st.tuples(st.sampled_from(READS + WRITES), st.integers(0, 5), st.integers(0, 5)), min_size=2,
                max_size=8),
       arrays((2, 3)))
def test_programs_of_views_and_writes_in_place_give_pytorch_s_values_and_gradients(program, values):
    import torch
    results = []
    for lib, error in ((tg, tg.errors.GradError), (torch, RuntimeError)):
        x = lib.tensor(values, requires_grad=True)
        pool = [x * 1]
        try:
            for what, k, n in program:
                if what in READS:
                    pool.append(_read(lib, pool, what, k, n))
                else:
                    _write(lib, pool, what, k, n)
            total = sum((y * (k + 1) * y.detach().cos()).sum() for k, y in enumerate(pool))
            total.backward()
        except error:
            return                                      # a stale value: which one is found depends on what is visited
        results.append([y.detach().numpy() for y in pool] + [x.grad.numpy()])
    for found, expected in zip(*results):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_what_is_not_an_integer_is_refused_by_name():
    x = tg.zeros(2, 3)
    for wrong, message in ((lambda: x.narrow(0, 0.5, 1),
                            r"narrow: start=0.5"), (lambda: x.select(0, 1.0), r"select: index=1.0"),
                           (lambda: x.chunk(2.5),
                            r"chunk: chunks=2.5"), (lambda: x.unfold(0, 1, 1.5), r"unfold: step=1.5"),
                           (lambda: x.diagonal(1.5),
                            r"diagonal: offset=1.5"), (lambda: x.roll("a"), r"roll: shifts='a'"),
                           (lambda: x.tril(True), r"tril: diagonal=True"), (lambda: x.rot90(0.5), r"rot90: k=0.5"),
                           (lambda: x.unflatten(1, (3, 1.0)),
                            r"unflatten: size 1.0"), (lambda: x.split(1.5), r"split: size 1.5"),
                           (lambda: x.transpose(0.0, 1), r"transpose: dim=0.0")):
        with pytest.raises(ArgumentError, match=message + r" is not an integer"):
            wrong()


def test_meaningless_requests_are_refused():
    x = tg.zeros(2, 3)
    with pytest.raises(ArgumentError, match=r"tensor_split: 0 sections"):
        x.tensor_split(0)
    with pytest.raises(ShapeError, match=r"diag_embed: a 0-d tensor has no axis"):
        tg.diag_embed(tg.tensor(1.0))
    with pytest.raises(ArgumentError, match=r"dims? .*"):
        x.permute(0, 0)
