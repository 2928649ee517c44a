"""Tensors print as PyTorch's do."""
import numpy as np
import pytest

import tinygrad_cnn as tg


@pytest.fixture(autouse=True)
def default_options():
    yield
    tg.set_printoptions(profile="default")


@pytest.mark.parametrize("make, text", [
    (lambda: tg.tensor([1.0, 2.5]), "tensor([1.0000, 2.5000])"),
    (lambda: tg.tensor([1.0, 2.0]), "tensor([1., 2.])"),
    (lambda: tg.tensor([[1, 20], [3, 4]]), "tensor([[ 1, 20],\n        [ 3,  4]])"),
    (lambda: tg.tensor(3), "tensor(3)"),
    (lambda: tg.tensor([]), "tensor([])"),
    (lambda: tg.zeros(0, 3), "tensor([], size=(0, 3))"),
    (lambda: tg.tensor([True, False]), "tensor([ True, False])"),
    (lambda: tg.ones(2, dtype=tg.float64), "tensor([1., 1.], dtype=tinygrad_cnn.float64)"),
    (lambda: tg.ones(2, requires_grad=True), "tensor([1., 1.], requires_grad=True)"),
    (lambda: tg.ones(2, requires_grad=True) * 2, "tensor([2., 2.], grad_fn=<MulBackward>)"),
    (lambda: tg.tensor([1e-5, 1e3]), "tensor([1.0000e-05, 1.0000e+03])"),
    (lambda: tg.tensor([float("nan"), float("inf"), 1.0]), "tensor([nan, inf, 1.])"),
])
def test_repr(make, text):
    assert repr(make()) == text


def test_large_tensors_are_summarised():
    assert repr(tg.arange(2000)) == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"
    assert len(repr(tg.zeros(100, 100)).splitlines()) == 7


def test_print_options_apply_and_are_checked():
    tg.set_printoptions(precision=2)
    assert repr(tg.tensor([1.234])) == "tensor([1.23])"
    tg.set_printoptions(sci_mode=True)
    assert "e+00" in repr(tg.tensor([1.234]))
    with pytest.raises(tg.errors.ArgumentError, match="huge"):
        tg.set_printoptions(profile="huge")


def test_what_does_not_fit_behind_the_last_row_goes_on_a_new_line():
    assert repr(tg.tensor([[0.1234567] * 5], requires_grad=True)).count("\n") == 0
    text = repr(tg.tensor([-1e-5, -1e-6, 1e-4, 1e-4, -1e-6], requires_grad=True))
    assert text.splitlines()[1] == "       requires_grad=True)"


@pytest.mark.oracle
def test_repr_is_pytorch_s_on_random_tensors():
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    rng = np.random.default_rng(0)
    for shape in [(), (5,), (40,), (2, 3), (2, 3, 4), (1100,), (40, 40), (2, 1, 30)]:
        for scale in (1e-6, 1.0, 100.0, 1e5, 1e9):
            for a in (np.asarray(rng.standard_normal(shape) * scale, np.float32),
                      np.asarray(rng.standard_normal(shape) * scale).astype(np.int64),
                      np.asarray(np.round(rng.standard_normal(shape) * scale), np.float32)):
                ours, theirs = tg.from_numpy(a), torch.from_numpy(a)
                assert repr(ours) == repr(theirs), (shape, scale, a.dtype)
                if a.dtype == np.float32:
                    assert repr(ours.requires_grad_()) == repr(theirs.requires_grad_()), (shape, scale)
