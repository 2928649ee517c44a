"""Reductions: ties, zeros and empty axes by name, precision, memory layouts, and PyTorch as oracle."""
from functools import partial
from itertools import permutations

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.ops.oracle import agree
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.testing import gradgradcheck

NAN, INF = float("nan"), float("inf")
CPU = tg.device("cpu")


def gradient(function, *values):
    xs = [tg.tensor(v, dtype=tg.float64, requires_grad=True) for v in values]
    function(*xs).sum().backward()
    return [x.grad.tolist() for x in xs]


@pytest.mark.parametrize("function", [tg.amax, tg.max, lambda x: tg.amax(x, 0), lambda x: tg.aminmax(x).max])
def test_equal_extremes_share_the_gradient(function):
    assert gradient(function, [2.0, 1.0, 2.0]) == [[0.5, 0.0, 0.5]]


def test_max_along_an_axis_gives_the_gradient_to_the_first_of_equal_elements():
    assert gradient(lambda x: x.max(0).values, [2.0, 1.0, 2.0]) == [[1.0, 0.0, 0.0]]
    assert gradient(lambda x: x.min(0).values, [1.0, 2.0, 1.0]) == [[1.0, 0.0, 0.0]]
    assert tg.tensor([1.0, 2.0, 2.0]).max(0).indices.item() == 1


def test_max_of_two_tensors_is_maximum():
    assert tg.max(tg.tensor([1, 5]), tg.tensor([3, 4])).tolist() == [3, 5]
    assert tg.min(tg.tensor([1, 5]), other=tg.tensor([3, 4])).tolist() == [1, 4]


def test_nan_wins_with_its_index_and_its_gradient():
    values, indices = tg.tensor([[1.0, NAN, 3.0], [NAN, NAN, 0.0]]).max(1)
    assert values.isnan().all() and indices.tolist() == [1, 0]
    assert gradient(tg.max, [1.0, NAN, 3.0]) == [[0.0, 1.0, 0.0]]
    assert tg.tensor([1.0, NAN]).median(0).indices.item() == 1


def test_named_results_can_be_taken_apart_by_name_and_by_place():
    found = tg.tensor([[1.0, 5.0], [3.0, 2.0]]).max(dim=1, keepdim=True)
    values, indices = found
    assert found.values is values and found[1] is indices and values.shape == (2, 1)


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2), (0, 1, 2)], ids=str)
def test_the_product_of_all_is_right_to_second_order_with_any_zeros(zeros):
    x = np.array([2.0, -3.0, 0.5, 1.5])
    x[list(zeros)] = 0.0
    leaf = tg.tensor(x, requires_grad=True)
    others = [np.prod(np.delete(x, k)) for k in range(4)]
    slope, = tg.autograd.grad(tg.prod(leaf), leaf, create_graph=True)
    np.testing.assert_allclose(slope.tolist(), others, rtol=1e-14)
    for k in range(4):
        curvature, = tg.autograd.grad(slope[k], leaf, retain_graph=True)
        others = [0.0 if j == k else np.prod(np.delete(x, [j, k])) for j in range(4)]
        np.testing.assert_allclose(curvature.tolist(), others, rtol=1e-14)


def test_the_third_derivative_of_a_product_with_zeros_is_right():
    x = tg.tensor([0.0, 0.0, 0.0, 7.0], dtype=tg.float64, requires_grad=True)
    y = x.prod()
    for k in range(3):
        y = tg.autograd.grad(y, x, create_graph=True)[0][k]
    assert y.item() == 7.0


@pytest.mark.parametrize("zeros", [(), (0,), (1,), (1, 3), (0, 1, 2)], ids=str)
def test_running_products_are_right_to_second_order_with_any_zeros(zeros):
    x = np.array([2.0, -3.0, 0.5, 1.5])
    x[list(zeros)] = 0.0
    slope = np.zeros(4)
    for k in range(4):
        slope[k] = sum(np.prod(np.delete(x[:i + 1], k)) for i in range(k, 4))
    assert gradient(lambda v: tg.cumprod(v, 0), x) == [pytest.approx(slope)]
    assert gradgradcheck(lambda v: tg.cumprod(v, 0), tg.tensor(x, requires_grad=True), full=True)


def test_the_slope_of_a_norm_at_zero_is_zero():
    for p in (2, 1, 3, 0.5, INF):
        assert gradient(partial(tg.norm, p=p), [0.0, 0.0]) == [[0.0, 0.0]], p


def test_the_slope_of_a_deviation_at_zero_is_zero():
    assert gradient(tg.std, [2.0, 2.0, 2.0]) == [[0.0, 0.0, 0.0]]


def test_one_element_has_no_unbiased_variance_and_no_gradient_of_it():
    for function in (tg.var, tg.std):
        assert str(function(tg.tensor([3.0])).item()) == "nan"
        assert str(gradient(function, [3.0])) == "[[nan]]"
    assert tg.var(tg.tensor([3.0]), correction=0).item() == 0.0


def test_nansum_and_nanmean_leave_out_the_nans_and_their_gradients():
    assert tg.nanmean(tg.tensor([1.0, NAN, 3.0])).item() == 2.0
    assert gradient(tg.nansum, [1.0, NAN, 3.0]) == [[1.0, 0.0, 1.0]]
    assert gradient(tg.nanmean, [1.0, NAN, 3.0]) == [[0.5, 0.0, 0.5]]


def test_sums_of_nothing_are_neutral_and_extremes_of_nothing_are_refused():
    empty = tg.zeros(2, 0)
    assert tg.sum(empty, 1).tolist() == [0.0, 0.0] and tg.prod(empty, 1).tolist() == [1.0, 1.0]
    assert tg.mean(empty, 1).isnan().all() and not tg.any(empty).item() and tg.all(empty).item()
    for function in (tg.amax, tg.max, tg.argmin, tg.median):
        with pytest.raises(tg.errors.ShapeError, match=r"axis 1 of the tensor \(shape \(2, 0\)\) has no elements"):
            function(empty)


@pytest.mark.parametrize("dtype, total", [("bool", "int64"), ("uint8", "int64"), ("int32", "int64"),
                                          ("float16", "float16")])
def test_the_dtype_of_a_sum(dtype, total):
    x = tg.tensor([1, 1, 0]).to(getattr(tg, dtype))
    assert all(function(x).dtype.name == total for function in (tg.sum, tg.prod, lambda v: tg.cumsum(v, 0)))
    assert tg.sum(x, dtype=tg.float64).dtype is tg.float64


def test_any_and_all_of_uint8_are_uint8_as_in_pytorch():
    x = tg.tensor([1, 0], dtype=tg.uint8)
    assert tg.any(x).dtype is tg.uint8 and tg.all(x).tolist() == 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sixteen_bit_sums_neither_overflow_nor_stop_growing(dtype):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.full((100, 100), 300.0).to(getattr(tg, dtype))
    assert tg.mean(x).item() == 300.0 and tg.std(x).item() == 0.0
    ones = tg.ones(5000).to(x.dtype)
    assert abs(tg.sum(ones).item() - 5000) <= 16 and abs(tg.cumsum(ones, 0)[-1].item() - 5000) <= 16
    assert tg.norm(x).item() == tg.tensor(30000.0).to(x.dtype).item()


def test_the_gradient_of_a_mean_of_more_numbers_than_float16_counts_is_not_0():
    x = tg.zeros(70_000, dtype=tg.float16, requires_grad=True)
    tg.mean(x).backward(tg.tensor(1024.0, dtype=tg.float16))
    np.testing.assert_allclose(x.grad.numpy(), np.float16(1024 / 70_000), rtol=1e-3)


@pytest.mark.parametrize("shape, source, dim", [
    ((3000, 40), (1, 1), 0), ((3000, 5), (1, 5), 0), ((8, 70_000), (8, 1), 1), ((50, 300, 4), (50, 1, 4), (0, 1)),
    ((2000,), (1,), None)])
def test_float32_sums_of_expanded_numbers_keep_six_digits(shape, source, dim):
    x = np.random.default_rng(0).random(source, dtype="float32")
    y = tg.sum(tg.tensor(x).expand(shape), dim)
    axis = tuple(dim) if isinstance(dim, tuple) else dim
    np.testing.assert_allclose(y.numpy(), np.broadcast_to(x, shape).sum(axis, dtype="float64"), rtol=5e-7)


def test_a_bias_added_to_many_rows_gets_the_exact_gradient_of_a_mean():
    bias = tg.zeros(10, requires_grad=True)
    (tg.zeros(30_001, 10) + bias).sum(1).mean().backward()
    np.testing.assert_allclose(bias.grad.numpy(), 1, rtol=2e-7)


def test_float32_sums_of_a_million_rows_keep_six_digits():
    x = np.random.default_rng(0).random((1_000_000, 3), dtype="float32")
    exact = x.astype("float64")
    for function, truth in ((tg.sum, exact.sum(0)), (tg.mean, exact.mean(0)), (tg.var, exact.var(0, ddof=1))):
        np.testing.assert_allclose(function(tg.tensor(x), 0).numpy(), truth, rtol=1e-6)


@pytest.mark.parametrize("shape", [(8, 9, 17, 19), (5, 1, 60, 80), (1, 3, 40, 300), (1100, 2, 3, 5)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_sums_agree_with_numpys_over_any_axes_of_any_layout(shape, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    orders = permutations(range(4))
    layouts = [np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order)) for order in orders]
    layouts += [np.repeat(x, 2, axis=3)[..., ::2], x[::-1], np.broadcast_to(x[:, :1], shape)]
    tolerance = {"float32": 2e-5, "float64": 1e-13}[dtype]
    for laid in layouts:
        for dims in ((0,), (1,), (3,), (0, 2, 3), (2, 3), (0, 1), (1, 2), (0, 3), (0, 1, 2, 3)):
            kept = tuple(1 if d in dims else n for d, n in enumerate(shape))
            truth = laid.astype("float64").sum(dims)
            size = np.abs(laid.astype("float64")).sum(dims) + 1
            y = tg.sum(tg.from_numpy(laid) if laid.flags.writeable else tg.Tensor(laid, CPU), dims)
            assert y.shape == truth.shape and y.dtype.name == dtype
            assert (np.abs(y.numpy() - truth) <= tolerance * size).all()
            summed = OPS["sum_to"](tg.Tensor(laid, CPU), shape=kept).numpy()
            assert summed.shape == kept and (np.abs(summed.reshape(truth.shape) - truth) <= tolerance * size).all()


def test_a_sum_with_infinities_is_infinite_and_with_both_nan():
    x = np.zeros((300, 100), "float32")
    x[7, 3], x[8, 4], x[9, 4], x[10, 5] = INF, INF, -INF, NAN
    y = tg.sum(tg.tensor(x), 0)
    assert y[3].item() == INF and y[4].isnan() and y[5].isnan() and y[6].item() == 0.0


def test_reducing_a_number_is_the_number():
    x = tg.tensor(2.5, requires_grad=True)
    for function in (tg.sum, tg.mean, tg.amax, tg.prod, tg.norm, lambda v: v.sum(0), lambda v: v.max(0)[0],
                     lambda v: v.prod(-1), lambda v: tg.cumsum(v, 0), lambda v: tg.cumprod(v, 0),
                     lambda v: v.median(0)[0]):
        y = function(x)
        assert y.shape == () and y.item() == 2.5
        assert tg.autograd.grad(y, x)[0].item() == 1.0
    assert tg.tensor(2.5).max(0).indices.item() == 0 and tg.tensor(2.5).argmax(0).item() == 0


REDUCTIONS = ["sum", "mean", "var", "std", "prod", "amax", "amin", "norm", "nansum", "nanmean"]
TIES = np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0], [0.0, 0.0, 1.0]])
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("kwargs", [{}, {"dim": 1}, {"dim": -1, "keepdim": True}, {"dim": (0, 1)}], ids=str)
def test_reductions_are_pytorchs_with_ties_and_zeros(name, kwargs):
    import torch
    if name == "prod" and isinstance(kwargs.get("dim"), tuple):
        kwargs = {"dim": 0}
    for x in (TIES, ZEROS, np.array([[1.5]])):
        if name == "norm" and not x.all():
            x = x + 1                                   # PyTorch's second derivative of a norm at 0 is NaN
        agree(partial(getattr(tg, name), **kwargs), partial(getattr(torch, name), **kwargs), [x])


PARTS = [lambda lib, x: lib.max(x), lambda lib, x: lib.min(x), lambda lib, x: lib.median(x),
         lambda lib, x: lib.max(x, 1)[0],
         lambda lib, x: lib.min(x, dim=0, keepdim=True)[0], lambda lib, x: lib.max(x, -1)[1],
         lambda lib, x: lib.argmax(x),
         lambda lib, x: lib.argmin(x, 1), lambda lib, x: lib.argmax(x, 0, keepdim=True),
         lambda lib, x: lib.aminmax(x).min,
         lambda lib, x: lib.aminmax(x, dim=0, keepdim=True)[1], lambda lib, x: lib.argmax(x, keepdim=True),
         lambda lib, x: lib.median(x + lib.tensor([0.0, 0.1, 0.2]), 1)[0],
         lambda lib, x: lib.median(x + lib.tensor([0.0, 0.1, 0.2]), 1, True)[1],
         lambda lib, x: lib.cumsum(x, 1), lambda lib, x: lib.cumprod(x, -1), lambda lib, x: lib.count_nonzero(x),
         lambda lib, x: lib.count_nonzero(x, dim=(0, 1)), lambda lib, x: lib.any(x, 1),
         lambda lib, x: lib.all(x, 0, True),
         lambda lib, x: lib.var(x, 0, False), lambda lib, x: lib.var(x, False),
         lambda lib, x: lib.std(x, dim=1, correction=0),
         lambda lib, x: lib.var_mean(x, dim=0)[0], lambda lib, x: lib.var_mean(x, dim=(0, 1), keepdim=True)[1],
         lambda lib, x: lib.std_mean(x)[0], lambda lib, x: lib.sum(x, dtype=lib.float32),
         lambda lib, x: x.max(), lambda lib, x: x.std(unbiased=False), lambda lib, x: x.mean((0, 1)),
         lambda lib, x: x.any()]


@pytest.mark.oracle
@pytest.mark.parametrize("function", PARTS)
def test_every_form_of_a_reduction_is_pytorchs(function):
    import torch
    for x in (ZEROS, TIES):
        agree(partial(function, tg), partial(function, torch), [x])


@pytest.mark.oracle
@pytest.mark.parametrize("p", [0, 1, 2, 3, 0.5, 1.5, INF, -INF, "fro", -1.0])
def test_norms_of_every_order_are_pytorchs(p):
    import torch
    x = np.random.default_rng(0).uniform(0.2, 2, (3, 4)) * np.where(np.arange(12).reshape(3, 4) % 2, 1, -1)
    agree(lambda v: tg.norm(v, p), lambda v: torch.norm(v, p), [x])
    agree(lambda v: tg.norm(v, p, dim=1, keepdim=True), lambda v: torch.norm(v, p, dim=1, keepdim=True), [x])


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "amax", "argmax", "any", "norm", "var", "median", "cumsum"])
def test_dtypes_of_reductions_are_pytorchs_wherever_it_has_one(name):
    import torch
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    for dtype in "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64".split():
        x, t = (lib.tensor([[0, 1, 1], [1, 1, 0]]).to(getattr(lib, dtype)) for lib in (tg, torch))
        arguments = (1,) if name == "cumsum" else ()
        try:
            theirs = getattr(torch, name)(t, *arguments)
        except (RuntimeError, NotImplementedError):
            continue
        ours = getattr(tg, name)(x, *arguments)
        assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], dtype
