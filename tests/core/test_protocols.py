"""Python's own manners: numbers, containers, copies, pickles, NumPy."""
import copy
import pickle
import weakref

import numpy as np
import pytest

import tinygrad_cnn as tg


def test_numpy_shares_memory_and_refuses_to_lose_a_gradient():
    x = tg.arange(3.0)
    x.numpy()[0] = 5
    assert x[0].item() == 5
    with pytest.raises(tg.errors.GradError, match="detach"):
        tg.ones(2, requires_grad=True).numpy()
    with pytest.raises(tg.errors.GradError, match="detach"):
        np.asarray(tg.ones(2, requires_grad=True))
    assert tg.ones(2, requires_grad=True).numpy(force=True).tolist() == [1.0, 1.0]


def test_an_array_times_a_tensor_is_a_tensor_never_an_object_array():
    a, x = np.ones(3, np.float32), tg.ones(3, requires_grad=True)
    for y in (a * x, x * a, a + x, a - x, a / x, a ** x, a @ x, np.float32(2) * x):
        assert isinstance(y, tg.Tensor) and y.dtype is tg.float32 and y.requires_grad
    a += x.detach()
    assert isinstance(np.exp(tg.zeros(2)), np.ndarray)


def test_numbers():
    x = tg.tensor([3])
    assert int(x) == 3 and float(x) == 3.0 and [10, 20, 30, 40][x] == 40 and bool(x)
    assert f"{tg.tensor(2.5):.2f}" == "2.50"
    with pytest.raises(tg.errors.ShapeError, match="2 elements.*any"):
        bool(tg.ones(2))
    with pytest.raises(tg.errors.ShapeError, match=r"item: .*\(2,\)"):
        tg.ones(2).item()
    with pytest.raises(tg.errors.ArgumentTypeError, match="index"):
        [1, 2][tg.tensor(1.0)]


def test_containers():
    x = tg.arange(6).reshape(2, 3)
    assert len(x) == 2 and [row.tolist() for row in x] == x.tolist()
    assert 4 in x and 9 not in x
    with pytest.raises(tg.errors.ShapeError, match="0-d"):
        len(tg.tensor(1.0))
    with pytest.raises(tg.errors.ShapeError, match="0-d"):
        list(tg.tensor(1.0))


def test_iteration_keeps_the_graph():
    x = tg.ones(3, requires_grad=True)
    sum(x, tg.zeros(())).backward()
    assert x.grad.tolist() == [1.0, 1.0, 1.0]


def test_hash_is_by_identity_although_equality_compares_elements():
    x, y = tg.ones(2), tg.ones(2)
    assert len({x, y}) == 2 and (x == y).tolist() == [True, True]
    assert (x == None) is False and (x != None) is True  # noqa: E711


def test_weak_references_are_allowed():
    x = tg.ones(2)
    ref = weakref.ref(x)
    assert ref() is x
    del x
    assert ref() is None


def test_deepcopy_has_its_own_memory_and_keeps_grad_and_sharing():
    x = tg.ones(2, requires_grad=True)
    (x * 3).sum().backward()
    a, b = copy.deepcopy([x, x])
    assert a is b and a.requires_grad and a.grad.tolist() == [3.0, 3.0]
    with tg.no_grad():
        a.add_(1)
    assert x.tolist() == [1.0, 1.0] and x.version == 0


def test_deepcopy_keeps_the_order_of_axes_in_memory():
    x = tg.arange(6.0).reshape(2, 3).t()
    assert copy.deepcopy(x).stride() == x.stride() == (1, 3)


def test_a_computed_tensor_is_not_deepcopied_or_pickled():
    y = tg.ones(2, requires_grad=True) * 2
    with pytest.raises(tg.errors.GradError, match="deepcopy.*detach"):
        copy.deepcopy(y)
    with pytest.raises(tg.errors.GradError, match="pickle.*detach"):
        pickle.dumps(y)


@pytest.mark.parametrize("make", [lambda: tg.ones(2, requires_grad=True), lambda: tg.tensor(3),
                                  lambda: tg.arange(6).reshape(2, 3)[:, 1]])
def test_pickling_round_trip(make):
    x = make()
    y = pickle.loads(pickle.dumps(x))
    assert y.tolist() == x.tolist() and y.dtype is x.dtype and y.requires_grad == x.requires_grad
    assert pickle.loads(pickle.dumps(tg.float32)) is tg.float32
    assert pickle.loads(pickle.dumps(tg.device("cpu"))) is tg.device("cpu")


def test_size_behaves_as_a_tuple_and_prints_as_pytorch_s():
    size = tg.zeros(2, 3).shape
    assert size == (2, 3) and size.numel() == 6 and size[1:] == (3,) and isinstance(size[1:], tg.Size)
    assert repr(size).endswith("Size([2, 3])") and isinstance(size + (4,), tg.Size)


def test_data_is_the_memory_without_the_graph():
    x = tg.ones(2, requires_grad=True)
    x.data.mul_(3)
    assert x.tolist() == [3.0, 3.0] and not x.data.requires_grad
    x.data = tg.zeros(2)
    assert x.tolist() == [0.0, 0.0] and x.requires_grad


def test_data_of_a_tensor_that_requires_grad_stays_floating_point():
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(tg.errors.DTypeError, match="requires grad.*int64"):
        x.data = tg.tensor([1, 2])
    assert x.tolist() == [1.0, 1.0]


def test_data_writes_are_noticed():
    x = tg.ones(2, requires_grad=True)
    y = x * x
    x.data.mul_(3)                                      # PyTorch gives a silently wrong gradient here
    with pytest.raises(tg.errors.StaleValueError):
        y.sum().backward()


def test_requires_grad_keeps_its_leaf_for_life():
    x = tg.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    x.requires_grad_(False)
    assert x.grad.tolist() == [2.0, 2.0]
    x.requires_grad_()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_grad_can_be_set_and_must_fit():
    x = tg.ones(2, requires_grad=True)
    x.grad = tg.full((2,), 5.0)
    (x * 1).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]
    with pytest.raises(tg.errors.ShapeError, match=r"\(3,\).*\(2,\)"):
        x.grad = tg.ones(3)
    with pytest.raises(tg.errors.ArgumentError, match="not list"):
        x.grad = [1.0]
