"""Convolutions, their transposes, fold and true convolution: the promised grid, PyTorch's numbers, the book's."""
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.autograd import grad as gradients
from tinygrad_cnn.geometry import conv_geometry, conv_transpose_geometry
from tinygrad_cnn.testing import gradcheck, gradgradcheck
from tinygrad_cnn.testing import reference_conv as reference
from tinygrad_cnn.testing.strategies import conv_cases

CONV = {1: tg.conv1d, 2: tg.conv2d, 3: tg.conv3d}
CONV_TRANSPOSE = {1: tg.conv_transpose1d, 2: tg.conv_transpose2d, 3: tg.conv_transpose3d}
F = tg.nn.functional

X = np.array([[3.0, 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]])          # the book's example 24.2
W = np.array([[2.0, 1, 2], [0, 0, 3], [0, 0, 2]])


def leaf(array):
    return tg.tensor(np.asarray(array, np.float64), requires_grad=True)


def same(a, b, tolerance=1e-10):
    a, b = (v.detach().numpy() if hasattr(v, "detach") else v for v in (a, b))
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def image(matrix):
    """A matrix as one image of one channel."""
    return tg.tensor(np.asarray(matrix, np.float64))[None, None]


# ---- the grid -------------------------------------------------------------------------------------------------------

GRID = list(itertools.product((1, 2, 3), (0, 1, 2, "same", "valid"), (1, 2), (1, 2, 4)))    # ..., groups 1, 2 and C
# The sizes 1 to 7 and the kernels 1 to 3 for each rank, every size with every kernel on some axis.
SIZES = [((n,), (k,)) for n in range(1, 8) for k in (1, 2, 3)] + [
    ((1, 2), (1, 2)), ((2, 3), (2, 3)), ((3, 1), (3, 1)), ((4, 5), (1, 2)), ((5, 4), (3, 3)), ((6, 7), (2, 1)),
    ((7, 6), (3, 2)), ((7, 7), (1, 3)), ((1, 2, 3), (1, 2, 3)), ((4, 5, 6), (2, 1, 3)), ((7, 3, 2), (3, 2, 1)),
    ((5, 7, 4), (1, 3, 2))]
sizes = pytest.mark.parametrize("size, kernel", SIZES, ids=[f"{n}-{k}" for n, k in SIZES])


def valid(size, kernel):
    """The numbers of the grid for which a window fits."""
    for stride, padding, dilation, groups in GRID:
        if padding == "same" and stride > 1:
            continue
        room = padding if isinstance(padding, int) else 0
        if padding == "same" or all(n + 2 * room > dilation * (k - 1) for n, k in zip(size, kernel)):
            yield stride, padding, dilation, groups


def family(x, w, g, u, v, geom):
    """What the three ops of a convolution are by einsum, for x, w, g and for directions u of x and v of w: y, dx, dw,
    then the derivatives of <dx, u> in g and w, and of <dw, v> in g and x."""
    return [reference.conv(x, w, geom=geom), reference.conv_dx(g, w, geom=geom), reference.conv_dw(g, x, geom=geom),
            reference.conv(u, w, geom=geom), reference.conv_dw(g, u, geom=geom),
            reference.conv(x, v, geom=geom), reference.conv_dx(g, v, geom=geom)]


@sizes
def test_value_gradient_and_second_derivative_agree_with_einsum_on_the_whole_grid(size, kernel):
    rng, rank = np.random.default_rng(0), len(size)
    for stride, padding, dilation, groups in valid(size, kernel):
        geom = conv_geometry("conv", size, kernel, stride, padding, dilation, groups)
        shapes = (2, 4, *size), (4, 4 // groups, *kernel), (2, 4, *geom.output)
        arrays = [rng.standard_normal(shape) for shape in (*shapes, *shapes[:2])]
        x, w, g, u, v = map(leaf, arrays)
        b = leaf(rng.standard_normal(4))
        y = CONV[rank](x, w, b, stride, padding, dilation, groups)
        gx, gw, gb = gradients(y, (x, w, b), g, create_graph=True)
        found = [y - b.reshape(-1, *(1,) * rank), gx, gw, *gradients(gx, (g, w), u), *gradients(gw, (g, x), v)]
        for ours, expected in zip(found, family(*arrays, geom)):
            same(ours, expected)
        same(gb, arrays[2].sum(axis=(0, *range(2, rank + 2))))


@sizes
def test_the_transposed_convolution_agrees_with_einsum_on_the_whole_grid(size, kernel):
    """Its value is the convolution's dx, so value, gradients and second derivatives are the family in another order."""
    rng, rank = np.random.default_rng(0), len(size)
    for (stride, padding, dilation, groups), extra in itertools.product(GRID, (0, 1)):
        if isinstance(padding, str) or extra >= max(stride, dilation):
            continue
        if any((n - 1) * stride - 2 * padding + dilation * (k - 1) + extra < 0 for n, k in zip(size, kernel)):
            continue
        geom = conv_transpose_geometry("conv", size, kernel, stride, padding, extra, dilation, groups)
        shapes = (2, 4, *geom.size), (4, 4 // groups, *kernel), (2, 4, *size)
        arrays = x, w, g, u, v = [rng.standard_normal(shape) for shape in (*shapes, *shapes[:2])]
        back, w, into = leaf(g), leaf(w), leaf(x)       # x is the gradient that comes into the transposed convolution
        z = CONV_TRANSPOSE[rank](back, w, None, stride, padding, extra, groups, dilation)
        to_input, to_weight = gradients(z, (back, w), into, create_graph=True)
        y, dx, dw, conv_uw, dw_gu, conv_xv, dx_gv = family(*arrays, geom)
        for ours, expected in ((z, dx), (to_input, y), (to_weight, dw)):
            same(ours, expected)
        second = gradients(to_weight, (back, into), tg.tensor(v))
        for ours, expected in zip(second, (conv_xv, dx_gv)):
            same(ours, expected)
        direction = rng.standard_normal(g.shape)
        of_into, of_weight = gradients(to_input, (into, w), tg.tensor(direction))
        same(of_into, reference.conv_dx(direction, arrays[1], geom=geom))
        same(of_weight, reference.conv_dw(direction, x, geom=geom))


def test_the_einsum_reference_is_its_formula_in_loops():
    """A few cases of each rank: the value by loops, dx and dw as the adjoints that <g, conv(x, w)> makes them."""
    rng = np.random.default_rng(0)
    for size, kernel in (((6,), (3,)), ((4, 5), (2, 3)), ((3, 4, 2), (2, 1, 2))):
        for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 2, 2), (3, 2, 1, 4), (1, "same", 1, 2)):
            geom = conv_geometry("conv", size, kernel, stride, padding, dilation, groups)
            x, w, g = (rng.standard_normal(s) for s in ((2, 4, *size), (4, 4 // groups, *kernel), (2, 4, *geom.output)))
            y = reference.conv_loops(x, w, geom=geom)
            same(reference.conv(x, w, geom=geom), y)
            product = (g * y).sum()
            same((reference.conv_dx(g, w, geom=geom) * x).sum(), product)
            same((reference.conv_dw(g, x, geom=geom) * w).sum(), product)


def test_third_derivatives_are_right():
    """y = conv(x, x) twice over: every rule of the family is used again by the next derivative."""
    x = leaf(np.random.default_rng(0).standard_normal((1, 1, 3, 2)))

    def gradient(x):
        x = x if x.requires_grad else x.detach().requires_grad_()
        y = tg.conv2d(tg.conv2d(x, x, padding=1), x, stride=2, padding=1)
        return gradients(y.sum(), x, create_graph=True)[0]

    assert gradcheck(gradient, (x,))
    assert gradgradcheck(gradient, (x,))


# ---- PyTorch as the oracle ------------------------------------------------------------------------------------------

def against_torch(ours, theirs, arrays, options, rng):
    """Values, gradients, and the gradient of a random sum of the gradients."""
    import torch
    mine = [None if a is None else leaf(a) for a in arrays]
    other = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    y, z = ours(*mine, **options), theirs(*other, **options)
    same(y, z)
    seed = rng.standard_normal(z.shape)
    mine, other = ([t for t in side if t is not None] for side in (mine, other))
    seeds = leaf(seed), torch.tensor(seed, requires_grad=True)
    gs, hs = gradients(y, mine, seeds[0], create_graph=True), torch.autograd.grad(z, other, seeds[1], create_graph=True)
    for g, h in zip(gs, hs):
        same(g, h)
    mix = [rng.standard_normal(h.shape) for h in hs]
    second = gradients(sum((g * tg.tensor(m)).sum() for g, m in zip(gs, mix)), [seeds[0], *mine], allow_unused=True)
    total = sum((h * torch.tensor(m)).sum() for h, m in zip(hs, mix))
    expected = torch.autograd.grad(total, [seeds[1], *other], allow_unused=True)
    for g, h in zip(second, expected):
        assert (g is None or not g.numpy().any()) if h is None else True
        if h is not None:
            same(g, h)


@pytest.mark.oracle
@given(case=conv_cases(), seed=st.integers(0, 99))
def test_convolution_is_pytorch_s(case, seed):
    import torch
    x, w, b, options = case
    theirs = getattr(torch.nn.functional, f"conv{x.ndim - 2}d")
    against_torch(CONV[x.ndim - 2], theirs, (x, w, b), options, np.random.default_rng(seed))


@pytest.mark.oracle
@given(case=conv_cases(), seed=st.integers(0, 99))
def test_transposed_convolution_is_pytorch_s(case, seed):
    import torch
    _, w, _, options = case
    rank, rng = w.ndim - 2, np.random.default_rng(seed)
    stride, dilation, padding = options["stride"], options["dilation"], options["padding"]
    options["padding"] = tuple(min(p, d * (k - 1) // 2) for p, d, k in zip(padding, dilation, w.shape[2:]))
    options["output_padding"] = tuple(int(rng.integers(max(s, d))) for s, d in zip(stride, dilation))
    x = rng.standard_normal((2, len(w), *rng.integers(1, 4, rank)))
    b = rng.standard_normal(w.shape[1] * options["groups"])
    against_torch(CONV_TRANSPOSE[rank], getattr(torch.nn.functional, f"conv_transpose{rank}d"), (x, w, b), options, rng)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
@pytest.mark.parametrize("kernel, dilation", [((2, 2), 1), ((3, 4), 1), ((2, 3), 2), ((4, 1), 3)])
def test_same_padding_of_even_kernels_is_pytorch_s(kernel, dilation):
    import torch
    rng = np.random.default_rng(0)
    arrays = rng.standard_normal((2, 3, 6, 7)), rng.standard_normal((4, 3, *kernel)), None
    against_torch(tg.conv2d, torch.nn.functional.conv2d, arrays, dict(padding="same", dilation=dilation), rng)


@pytest.mark.oracle
@pytest.mark.parametrize("numbers", [dict(kernel_size=2), dict(kernel_size=(3, 2), stride=2, padding=1),
                                     dict(kernel_size=2, dilation=(2, 1))])
def test_unfold_and_fold_are_pytorch_s(numbers):
    import torch
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 6, 7))
    against_torch(F.unfold, torch.nn.functional.unfold, (x,), numbers, rng)
    columns = F.unfold(tg.tensor(x), **numbers).numpy()
    against_torch(F.fold, torch.nn.functional.fold, (columns,), dict(output_size=(6, 7), **numbers), rng)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("channels, groups", [(3, 1), (16, 1), (16, 16), (16, 4)])
def test_float32_and_float16_are_as_close_as_their_rounding(dtype, channels, groups):
    import torch
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, channels, 9, 8)), rng.standard_normal((16, channels // groups, 3, 3)) / 10
    with tg.backends.cpu.precise():
        y = tg.conv2d(tg.tensor(x.astype(dtype)), tg.tensor(w.astype(dtype)), padding=1, groups=groups)
    wide = (torch.tensor(a.astype(dtype).astype("float64")) for a in (x, w))
    wide = torch.nn.functional.conv2d(*wide, padding=1, groups=groups)
    assert y.dtype is getattr(tg, dtype)
    same(y.double(), wide, {"float32": 1e-6, "float16": 2e-3}[dtype])


# ---- the book, chapter 24 -------------------------------------------------------------------------------------------

def test_example_24_2():
    assert tg.conv2d(image(X), image(W)).squeeze().tolist() == [[11, 18], [6, 22]]


def test_example_24_3_same_padding():
    expected = [[10, 2, 7, 0], [13, 11, 18, 1], [10, 6, 22, 4], [11, 7, 12, 3]]
    assert tg.conv2d(image(X), image(W), padding="same").squeeze().tolist() == expected
    assert tg.correlate2d(tg.tensor(X), tg.tensor(W), "same").tolist() == expected


def test_example_24_4_stride_2():
    x = [[3, 2, 0, 1, 0, 2, 1], [0, 2, 1, 2, 1, 2, 1], [2, 0, 0, 3, 0, 0, 2], [2, 3, 1, 0, 1, 1, 3],
         [2, 2, 1, 1, 0, 3, 1], [1, 1, 0, 0, 1, 2, 2], [2, 1, 0, 3, 2, 1, 1]]
    assert tg.conv2d(image(x), image(W), stride=2).squeeze().tolist() == [[11, 4, 11], [9, 6, 15], [8, 10, 13]]


def test_example_24_5_the_largest_response_is_where_the_l_lies():
    x, w = [[0, 0, 0, 0], [0, 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2]], [[2, 0, 0], [2, 0, 0], [2, 2, 2]]
    assert tg.conv2d(image(x), image(w)).squeeze().tolist() == [[4, 8], [8, 20]]


COLOURS = np.array([X, [[3, 2, 0, 1], [2, 1, 0, 1], [1, 0, 2, 1], [2, 1, 0, 0]],
                    [[4, 2, 0, 1], [0, 3, 1, 0], [3, 1, 0, 2], [2, 2, 0, 1]]])


def test_example_24_6_three_channels_are_added_up():
    w = np.array([W, [[1, 0, 1], [0, 1, 0], [1, 0, 1]], [[1, 0, -1]] * 3])
    assert tg.conv2d(tg.tensor(COLOURS), tg.tensor(w)[None]).squeeze().tolist() == [[24, 25], [14, 30]]
    channels = tg.conv2d(tg.tensor(COLOURS), tg.tensor(w)[:, None], groups=3).tolist()
    assert channels == [[[11, 18], [6, 22]], [[7, 4], [4, 5]], [[6, 3], [4, 3]]]


def test_the_book_s_three_dimensional_convolution_is_conv3d_with_a_kernel_as_deep_as_the_input():
    w = np.array([W, [[1, 0, 1], [0, 1, 0], [1, 0, 1]], [[1, 0, -1]] * 3])
    assert tg.conv3d(image(COLOURS), image(w)).squeeze().tolist() == [[24, 25], [14, 30]]


def test_examples_24_7_and_24_8_pooling():
    assert tg.max_pool2d(image(X), 2).squeeze().tolist() == [[3, 2], [3, 3]]
    assert tg.avg_pool2d(image(X), 2).squeeze().tolist() == [[1.75, 1], [1.75, 1.5]]


def test_example_24_9_pooling_keeps_the_depth():
    expected = [[[3, 2], [3, 3]], [[3, 1], [2, 2]], [[4, 1], [3, 2]]]
    assert tg.max_pool2d(tg.tensor(COLOURS), 2).tolist() == expected


def test_exercise_24_1_mathematical_convolution_is_correlation_with_the_kernel_turned_by_180_degrees():
    same(tg.convolve2d(tg.tensor(X), tg.tensor(W), "valid"), tg.conv2d(image(X), image(W[::-1, ::-1].copy())).squeeze())


def test_exercise_24_2_full_convolution_is_commutative():
    """The first row ends in 2; a printed solution has 3 there."""
    full = tg.convolve2d(tg.tensor(X), tg.tensor(W))
    same(full, tg.convolve2d(tg.tensor(W), tg.tensor(X)))
    assert full.tolist() == [[6, 7, 8, 6, 1, 2], [0, 4, 13, 15, 4, 7], [4, 2, 10, 16, 6, 14], [4, 8, 15, 15, 6, 17],
                             [0, 0, 10, 9, 3, 12], [0, 0, 4, 6, 2, 4]]


def test_exercise_24_3_correlation_is_not_commutative_but_turned():
    full, other = tg.correlate2d(tg.tensor(X), tg.tensor(W)), tg.correlate2d(tg.tensor(W), tg.tensor(X))
    assert full.tolist() != other.tolist()
    same(full, tg.flip(other, (0, 1)))


def test_exercise_24_4_one_dimensional_convolution():
    x, w = tg.tensor([3.0, 0, 2, -2, 2, 1, 2]), tg.tensor([1.0, -1, 2])
    assert tg.correlate1d(x, w, "valid").tolist() == [7, -6, 8, -2, 5]


def test_exercise_24_5_turning_the_input_changes_the_response():
    assert tg.conv2d(image(np.rot90(X, -1).copy()), image(W)).squeeze().tolist() == [[14, 16], [17, 8]]
    assert tg.conv2d(image(np.rot90(X).copy()), image(W)).squeeze().tolist() == [[10, 20], [5, 17]]


def test_the_derivatives_of_section_2_1_are_correlations():
    """dL/dW = dL/dZ * X, and dL/dX = rot180(W) * dL/dZ with full padding (24.20-24.23)."""
    x, w = leaf(X), leaf(W)
    delta = tg.tensor(np.random.default_rng(0).standard_normal((2, 2)))
    dx, dw = gradients(tg.correlate2d(x, w, "valid"), (x, w), delta)
    same(dw, tg.correlate2d(x.detach(), delta, "valid"))
    same(dx, tg.convolve2d(delta, w.detach(), "full"))


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["full", "same", "valid"]))
def test_convolve1d_is_numpy_s(length, taps, mode):
    if taps > length:
        return                                          # NumPy swaps its arguments there
    x, w = np.random.default_rng(0).standard_normal(length), np.random.default_rng(1).standard_normal(taps)
    same(tg.convolve1d(tg.tensor(x), tg.tensor(w), mode), np.convolve(x, w, mode))


# ---- promises -------------------------------------------------------------------------------------------------------

def test_an_input_without_a_batch_gives_a_result_without_a_batch():
    x, w = tg.randn(3, 8, 8), tg.randn(4, 3, 3, 3)
    assert tg.conv2d(x, w).shape == (4, 6, 6)
    same(tg.conv2d(x, w), tg.conv2d(x[None], w)[0])
    assert tg.conv_transpose2d(x, tg.randn(3, 2, 3, 3)).shape == (2, 10, 10)
    assert tg.conv1d(tg.randn(3, 8), tg.randn(4, 3, 3)).shape == (4, 6)


def test_transposed_convolution_is_the_adjoint_of_convolution():
    x, w, y = tg.randn(2, 4, 9, 7).double(), tg.randn(6, 2, 3, 2).double(), tg.randn(2, 6, 5, 4).double()
    options = dict(stride=2, padding=1, groups=2, dilation=(1, 2))
    forward = tg.conv2d(x, w, **options)
    back = tg.conv_transpose2d(y, w, **options)
    assert back.shape == x.shape
    same((forward * y).sum(), (x * back).sum())


def test_convolution_is_a_product_with_unfolded_windows():
    x, w = tg.randn(2, 3, 6, 7).double(), tg.randn(4, 3, 3, 2).double()
    product = w.reshape(4, -1) @ F.unfold(x, (3, 2), padding=1, stride=2)
    same(tg.conv2d(x, w, padding=1, stride=2).reshape(2, 4, -1), product)


def test_fold_of_unfold_counts_how_many_windows_hold_a_position():
    ones = tg.ones(1, 1, 4, 4)
    counts = F.fold(F.unfold(ones, 3), (4, 4), 3)[0, 0]
    assert counts.tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


def test_a_grouped_convolution_is_its_groups_side_by_side():
    x, w = tg.randn(2, 6, 5, 5).double(), tg.randn(9, 2, 3, 3).double()
    parts = [tg.conv2d(x[:, 2 * k:2 * k + 2], w[3 * k:3 * k + 3]) for k in range(3)]
    same(tg.conv2d(x, w, groups=3), tg.cat(parts, dim=1))


def test_saved_are_the_operands_and_nothing_of_the_size_of_all_windows():
    x, w = tg.randn(2, 3, 8, 8, requires_grad=True), tg.randn(4, 3, 3, 3, requires_grad=True)
    node = tg.conv2d(x, w, padding=1).grad_fn
    assert [s is t for s, t in zip(node.saved, (x, w))] == [True, True] and len(node.saved) == 2


def test_an_input_that_needs_no_gradient_costs_no_conv_dx(monkeypatch):
    calls = []
    device = tg.device("cpu")
    for name in ("conv_dx", "conv_dw"):
        kernel = OPS[name].kernel(device)
        def spy(*args, name=name, kernel=kernel, **attrs):
            calls.append(name)
            return kernel(*args, **attrs)

        monkeypatch.setitem(OPS[name].kernels, device, spy)
    tg.conv2d(tg.randn(1, 3, 8, 8), tg.randn(4, 3, 3, 3, requires_grad=True)).sum().backward()
    assert calls == ["conv_dw"]


def test_an_empty_batch_goes_through_forward_and_backward():
    x, w = tg.randn(0, 3, 8, 8, requires_grad=True), tg.randn(4, 3, 3, 3, requires_grad=True)
    y = tg.conv2d(x, w)
    y.sum().backward()
    assert y.shape == (0, 4, 6, 6) and x.grad.shape == x.shape and not w.grad.numpy().any()


def test_the_stem_of_resnet_has_its_size():
    assert tg.conv2d(tg.zeros(1, 3, 224, 224), tg.zeros(2, 3, 7, 7), stride=2, padding=3).shape == (1, 2, 112, 112)


def test_bfloat16_is_computed_in_float32_and_rounded_once():
    pytest.importorskip("ml_dtypes", reason="NumPy has no bfloat16 of its own: pip install ml_dtypes")
    x, w = tg.randn(2, 4, 6, 6).to(tg.bfloat16), tg.randn(4, 4, 3, 3).to(tg.bfloat16)
    for function in (lambda x, w: tg.conv2d(x, w, padding=1), lambda x, w: tg.max_pool2d(x, 3, 2, 1),
                     lambda x, w: tg.avg_pool2d(x, 2), lambda x, w: F.adaptive_avg_pool2d(x, 4),
                     lambda x, w: F.unfold(x, 2)):
        y = function(x, w)
        assert y.dtype is tg.bfloat16
        same(y.float(), function(x.float(), w.float()).to(tg.bfloat16).float())
