"""NumPy's names of arguments, axis and keepdims, are taken wherever dim and keepdim are."""
import inspect

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError

I = tg.tensor([[0, 1, 0], [1, 0, 1], [2, 2, 2]])
MORE = {"chunk": {"chunks": 3}, "cross": {"other": tg.ones(3, 3)}, "gather": {"index": I}, "kthvalue": {"k": 2},
        "index_add": {"index": I[0], "source": tg.ones(3, 3)}, "index_copy": {"index": I[2], "source": tg.ones(3, 3)},
        "index_fill": {"index": I[0], "value": 7.0}, "index_select": {"index": I[0]},
        "narrow": {"start": 1, "length": 1}, "repeat_interleave": {"repeats": 2}, "select": {"index": 1},
        "scatter": {"index": I, "src": tg.ones(3, 3)},
        "scatter_add": {"index": I, "src": tg.ones(3, 3)},
        "scatter_reduce": {"index": I, "src": tg.ones(3, 3), "reduce": "prod"},
        "split": {"split_size_or_sections": 2}, "take_along_dim": {"indices": I},
        "tensor_split": {"indices_or_sections": 2}, "topk": {"k": 2}, "unflatten": {"sizes": (3, 1)}}
JOIN = ("cat", "concat", "concatenate", "stack")
# Those that PyTorch writes in Python, which know only its own names.
PYTORCH_REFUSES = {"norm", "split", "tensor_split", "unflatten", "unique"}


def names(place, word):
    """The functions of `place` that have a parameter of that name."""
    found = {name: value for name, value in vars(place).items() if name[0] != "_" and inspect.isfunction(value)}
    return sorted(name for name, function in found.items() if word in inspect.signature(function).parameters)


def x_of(lib):
    return lib.tensor([[1.0, 5.0, 2.0], [4.0, 3.0, 9.0], [8.0, 7.0, 6.0]])


def arrays(found):
    found = found if isinstance(found, (tuple, list)) else (found,)
    return [np.asarray(y) for y in found]


def same(found, expected):
    for y, z in zip(arrays(found), arrays(expected), strict=True):
        np.testing.assert_array_equal(y, z)


def options(name, lib=tg):
    more = MORE.get(name, {})
    return {key: lib.tensor(value.numpy()) if isinstance(value, tg.Tensor) else value for key, value in more.items()}


@pytest.mark.parametrize("name", [name for name in names(tg, "dim") if name != "glu"])      # it halves an even axis
def test_a_function_takes_axis_for_dim(name):
    function = getattr(tg, name)
    first = [x_of(tg), x_of(tg)] if name in JOIN else x_of(tg)
    same(function(first, axis=0, **options(name)), function(first, dim=0, **options(name)))


@pytest.mark.parametrize("name", names(tg.Tensor, "dim"))
def test_a_method_takes_axis_for_dim(name):
    same(getattr(x_of(tg), name)(axis=0, **options(name)), getattr(x_of(tg), name)(dim=0, **options(name)))


@pytest.mark.parametrize("name", names(tg.Tensor, "keepdim"))
def test_a_method_takes_keepdims_for_keepdim(name):
    given = {"dim": 0, **options(name)}
    found = getattr(x_of(tg), name)(keepdims=True, **given)
    same(found, getattr(x_of(tg), name)(keepdim=True, **given))
    assert arrays(found)[0].ndim == 2


@pytest.mark.oracle
@pytest.mark.parametrize("name", [name for name in names(tg.Tensor, "dim") if name not in PYTORCH_REFUSES])
def test_pytorch_takes_axis_too_and_gives_the_same(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle: pip install torch==2.13.0")
    if not hasattr(torch.Tensor, name):
        pytest.skip("PyTorch has no such method")
    found = getattr(x_of(tg), name)(axis=0, **options(name))
    expected = getattr(x_of(torch), name)(axis=0, **options(name, torch))
    for y, z in zip(arrays(found), arrays(expected), strict=True):
        np.testing.assert_allclose(y, z, rtol=1e-6)


def test_in_place_forms_take_axis():
    assert tg.ones(2, 2).cumsum_(axis=0).tolist() == [[1, 1], [2, 2]]


def test_an_argument_under_both_names_is_refused():
    with pytest.raises(ArgumentError, match="sum: dim is given twice, once as axis. Give it under one name."):
        tg.ones(2).sum(dim=0, axis=0)
    with pytest.raises(ArgumentError, match="mean: keepdim is given twice, once as keepdims"):
        tg.mean(tg.ones(2), 0, keepdims=True, keepdim=False)


def test_a_wrong_axis_is_refused_as_a_wrong_dim():
    with pytest.raises(IndexError, match="mean: dim=4 is out of range"):
        tg.ones(2).mean(axis=4)


def test_a_function_without_dim_has_no_axis():
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        tg.ones(2).reshape(axis=1)
