"""Matrix products and Einstein sums: every rank, every layout, one rounding, PyTorch's derivatives."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.errors import DTypeError
from tinygrad_cnn.ops.matmul import linear

RANKS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((3,), (5, 3, 4)),
         ((5, 2, 3), (3,)), ((5, 1, 2, 3), (4, 3, 2)), ((1, 2, 3), (6, 3, 2)), ((2, 3), (6, 3, 2)), ((0, 3), (3, 2)),
         ((2, 0), (0, 2)), ((2, 0, 3), (3, 2))]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_half_precision_products_are_summed_in_float32_and_rounded_once():
    a = tg.ones(1, 4096, dtype=tg.float16)
    for y in (a @ a.T, linear(a, a), tg.einsum("ij,kj->ik", a, a), a[0] @ a[0]):
        assert y.dtype is tg.float16 and y.max().item() == 4096.0   # adding ones in float16 would stop at 2048
    half = tg.tensor([[0.5]], dtype=tg.float16)
    assert linear(a, a, half[0]).item() == 4096.0 and linear(a * 0, a, half[0]).item() == 0.5


def test_bfloat16_products_are_rounded_once():
    a = tg.ones(1, 512, dtype=tg.bfloat16)
    assert (a @ a.T).item() == 512.0 and (a @ a.T).dtype is tg.bfloat16


def test_integers_multiply_exactly():
    a = tg.tensor([[2**40, 1]])
    assert (a @ a.T).item() == 2**80 % 2**64 + 1
    assert tg.einsum("ij,ij->i", a, tg.tensor([[1, 1]])).item() == 2**40 + 1


def test_two_dtypes_are_refused():
    with pytest.raises(DTypeError, match=r"linear: inputs have dtypes float32, float64, float32"):
        linear(tg.zeros(1, 2), tg.zeros(3, 2, dtype=tg.float64), tg.zeros(3))


def test_the_gradient_of_a_weight_lies_in_memory_as_the_weight_does():
    x, w = tg.tensor(normal(5, 4)), tg.tensor(normal(3, 4)).requires_grad_()
    linear(x, w).sum().backward()
    assert w.grad.is_contiguous() and w.grad.shape == (3, 4) and w.grad.array.base is None


def test_linear_takes_any_number_of_leading_axes():
    w, b = tg.tensor(normal(3, 4)), tg.tensor(normal(3))
    for shape in ((4,), (2, 4), (5, 2, 4), (0, 4)):
        assert linear(tg.zeros(*shape, dtype=tg.float64), w, b).shape == (*shape[:-1], 3)


def test_addmm_with_beta_0_ignores_nan():
    assert tg.addmm(tg.full((1, 1), float("nan")), tg.ones(1, 1), tg.ones(1, 1), beta=0).item() == 1.0


@pytest.mark.oracle
@pytest.mark.parametrize("a, b", RANKS)
def test_matmul_of_every_rank_is_pytorch_s(a, b):
    agree(lambda a, b: a @ b, lambda a, b: a @ b, [normal(*a), normal(*b, seed=1)],
          order=3 if max(len(a), len(b)) < 3 else 2)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(4,), (2, 4), (5, 2, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_is_pytorch_s(shape, bias):
    import torch
    agree(linear, torch.nn.functional.linear,
          [normal(*shape), normal(3, 4, seed=1), normal(3, seed=2) if bias else None], order=3)


CASES = {
    "mm": (lambda lib, a, b: lib.mm(a, b), (2, 3), (3, 4)),
    "bmm": (lambda lib, a, b: lib.bmm(a, b), (2, 2, 3), (2, 3, 2)),
    "mv": (lambda lib, a, b: lib.mv(a, b), (2, 3), (3,)), "dot": (lambda lib, a, b: lib.dot(a, b), (3,), (3,)),
    "inner": (lambda lib, a, b: lib.inner(a, b), (2, 3), (4, 2, 3)),
    "inner of vectors": (lambda lib, a, b: lib.inner(a, b), (3,), (3,)),
    "inner by a number": (lambda lib, a, b: lib.inner(a, b), (), (3,)),
    "outer": (lambda lib, a, b: lib.outer(a, b), (3,), (4,)),
    "addmm": (lambda lib, a, b: lib.addmm(a[0, 0], a, b, beta=2, alpha=3), (2, 3), (3, 4)),
    "addmv": (lambda lib, a, b: lib.addmv(a[:, 0], a, b, alpha=-1), (2, 3), (3,)),
    "addr": (lambda lib, a, b: lib.addr(a[0] * b[0], a, b, beta=0.5), (3,), (4,)),
    "baddbmm": (lambda lib, a, b: lib.baddbmm(a[:, :, :1], a, b, alpha=2), (2, 2, 3), (2, 3, 2)),
    "kron": (lambda lib, a, b: lib.kron(a, b), (2, 3), (2, 2)),
    "kron of two ranks": (lambda lib, a, b: lib.kron(a, b), (3,), (2, 2)),
    "trace": (lambda lib, a, b: lib.trace(a @ b), (2, 3), (3, 2)),
    "cross": (lambda lib, a, b: lib.cross(a, b, dim=1), (2, 3), (2, 3)),
    "tensordot": (lambda lib, a, b: lib.tensordot(a, b, 2), (2, 3, 4), (3, 4, 2)),
    "tensordot axes": (lambda lib, a, b: lib.tensordot(a, b, dims=([0, 2], [1, 0])), (2, 3, 4), (4, 2)),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives_are_pytorch_s(name):
    import torch
    function, a, b = CASES[name]
    agree(lambda a, b: function(tg, a, b), lambda a, b: function(torch, a, b), [normal(*a), normal(*b, seed=1)])


@st.composite
def equations(draw):
    """An equation, and arrays for it: labels with sizes, some repeated, some behind '...', some broadcast."""
    sizes = {label: draw(st.integers(1, 3)) for label in "abcd"}
    dots = draw(st.lists(st.integers(1, 3), max_size=2))
    with_dots = draw(st.booleans())
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        labels = draw(st.lists(st.sampled_from("abcd"), min_size=0, max_size=3))
        shape = [sizes[i] for i in labels]
        term = "".join(labels)
        if with_dots:
            at = draw(st.integers(0, len(labels)))
            behind = dots[draw(st.integers(0, len(dots))):]
            term = term[:at] + "..." + term[at:]
            shape = shape[:at] + [n if draw(st.booleans()) else 1 for n in behind] + shape[at:]
        terms.append(term)
        shapes.append(shape)
    equation = ",".join(terms)
    used = sorted(set(equation) & set("abcd"))
    if draw(st.booleans()):
        kept = draw(st.lists(st.sampled_from(used), unique=True)) if used else []
        equation += "->" + ("..." if with_dots else "") + "".join(kept)
    return equation, [normal(*shape, seed=k) for k, shape in enumerate(shapes)]


@pytest.mark.oracle
@given(equations())
def test_any_einsum_is_pytorch_s(case):
    import torch
    equation, arrays = case
    agree(lambda *xs: tg.einsum(equation, *xs), lambda *xs: torch.einsum(equation, *xs), arrays)


def test_einsum_takes_operands_in_a_list_or_with_numbered_labels():
    a, b = tg.tensor(normal(2, 3)), tg.tensor(normal(3, 2))
    expected = (a @ b).tolist()
    assert tg.einsum("ij, jk -> ik", [a, b]).tolist() == expected
    assert tg.einsum(a, [0, 1], b, [1, 2], [0, 2]).tolist() == expected
    assert tg.einsum(a, [..., 0], a, [..., 0]).shape == (2,)
