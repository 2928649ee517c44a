"""The acceptance list: every number of chapter 24 of Li Hang, Machine Learning Methods, by the book's own numbering.

Examples 24.1-24.10, tables 24.1-24.3, exercises 24.1-24.6 and 24.8-24.10, eq. 24.19-24.26 and figure 24.20.
Exercise 24.7 is examples/chapter24/22_sentence_classifier.py, algorithm 24.1 is 16_algorithm_24_1.py beside it. The
book's W * X is correlate2d(X, W, "valid"), its H x W x C our (N, C, H, W); its misprints are named where they stand.
"""
from functools import cache
from math import comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.nn import functional as F
from tinygrad_cnn.testing import tensors

X_R = [[3., 2, 0, 1], [0, 2, 1, 2], [2, 0, 0, 3], [2, 3, 1, 2]]
X_G = [[3., 2, 0, 1], [2, 1, 0, 1], [1, 0, 2, 1], [2, 1, 0, 0]]
X_B = [[4., 2, 0, 1], [0, 3, 1, 0], [3, 1, 0, 2], [2, 2, 0, 1]]
W_R = [[2., 1, 2], [0, 0, 3], [0, 0, 2]]
W_G = [[1., 0, 1], [0, 1, 0], [1, 0, 1]]
W_B = [[1., 0, -1]] * 3
L_SHAPE = [[2., 0, 0], [2, 0, 0], [2, 2, 2]]

matrices = lambda rows, columns: tensors((rows, columns), low=-3, high=3)
rot180 = lambda A: tg.rot90(A, 2)


def double(A):
    return tg.tensor(A, dtype=tg.float64)


def star(W, X):
    """The book's W * X."""
    return tg.correlate2d(X, W, "valid")


def layer(W, X, **options):
    """W * X by conv2d, with stride and padding."""
    return tg.conv2d(double(X)[None, None], double(W)[None, None], **options)[0, 0]


def close(a, b, tolerance=1e-10):
    return tg.allclose(a, b, rtol=0, atol=tolerance)


def count(module):
    return sum(p.numel() for p in module.parameters())


# ---- 24.1.2 convolution ---------------------------------------------------------------------------------------------

def test_example_24_1_a_gaussian_smooths():
    t = tg.arange(64, dtype=tg.float64)
    clean, w = (t / 8).sin(), (-((tg.arange(13, dtype=tg.float64) - 6) / 2) ** 2 / 2).exp()
    noisy = clean + 0.3 * tg.randn(64, dtype=tg.float64)
    y = tg.convolve1d(noisy, w / w.sum(), "same")
    away = lambda s: (s - clean)[6:-6].square().mean().item()
    assert away(y) < 0.5 * away(noisy)


def test_example_24_2_cross_correlation():
    assert star(double(W_R), double(X_R)).tolist() == [[11, 18], [6, 22]]
    assert layer(W_R, X_R).tolist() == [[11, 18], [6, 22]]


def test_example_24_3_zero_padding_keeps_the_size():
    assert layer(W_R, X_R, padding=1).tolist() == [[10, 2, 7, 0], [13, 11, 18, 1], [10, 6, 22, 4], [11, 7, 12, 3]]


def test_example_24_4_stride_2():
    X = [[3., 2, 0, 1, 0, 2, 1], [0, 2, 1, 2, 1, 2, 1], [2, 0, 0, 3, 0, 0, 2], [2, 3, 1, 0, 1, 1, 3],
         [2, 2, 1, 1, 0, 3, 1], [1, 1, 0, 0, 1, 2, 2], [2, 1, 0, 3, 2, 1, 1]]
    assert layer(W_R, X, stride=2).tolist() == [[11, 4, 11], [9, 6, 15], [8, 10, 13]]


@given(M=st.integers(1, 5), S=st.integers(1, 4), P=st.integers(0, 4), more=st.integers(0, 8))
def test_section_24_1_2_the_size_law(M, S, P, more):
    I = max(1, M - 2 * P) + more                                    # at least one window fits
    assert layer([[1.0] * M] * M, [[1.0] * I] * I, stride=S, padding=P).shape[0] == (I + 2 * P - M) // S + 1


def test_example_24_5_the_response_is_greatest_where_the_l_fits():
    X = [[0., 0, 0, 0], [0, 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2]]
    assert layer(L_SHAPE, X).tolist() == [[4, 8], [8, 20]]


def test_example_24_6_three_channels_are_convolved_and_added():
    X, W = double([X_R, X_G, X_B]), double([W_R, W_G, W_B])
    maps = [star(W_k, X_k).tolist() for W_k, X_k in zip(W, X)]
    assert maps == [[[11, 18], [6, 22]], [[7, 4], [4, 5]], [[6, 3], [4, 3]]]
    assert tg.conv2d(X[None], W[None])[0, 0].tolist() == [[24, 25], [14, 30]]


def test_example_24_6_is_conv3d_of_one_channel_with_a_kernel_as_deep_as_the_input():
    X, W = double([X_R, X_G, X_B]), double([W_R, W_G, W_B])
    assert tg.conv3d(X[None, None], W[None, None])[0, 0].tolist() == [[[24, 25], [14, 30]]]


# ---- 24.1.3 pooling -------------------------------------------------------------------------------------------------

def test_example_24_7_max_pooling():
    assert F.max_pool2d(double(X_R)[None], 2)[0].tolist() == [[3, 2], [3, 3]]


def test_example_24_8_mean_pooling():
    assert F.avg_pool2d(double(X_R)[None], 2)[0].tolist() == [[1.75, 1], [1.75, 1.5]]


def test_definition_24_2_the_windows_start_a_stride_apart():
    """Misprint: with the printed index k+m-1 windows would overlap; with stride S it is (k-1)S+m."""
    X = double(X_R)
    by_index = [[max(X[(k - 1) * 2 + m - 1, (l - 1) * 2 + n - 1].item() for m in (1, 2) for n in (1, 2))
                 for l in (1, 2)] for k in (1, 2)]
    assert by_index == F.max_pool2d(X[None], 2)[0].tolist()


def test_definition_24_2_mean_pooling_is_a_convolution_with_a_constant_kernel():
    assert tg.equal(layer([[0.25, 0.25]] * 2, X_R, stride=2), F.avg_pool2d(double(X_R)[None], 2)[0])


def test_example_24_9_pooling_keeps_the_depth():
    Y = F.max_pool2d(double([X_R, X_G, X_B])[None], 2)[0]
    assert Y.tolist() == [[[3, 2], [3, 3]], [[3, 1], [2, 2]], [[4, 1], [3, 2]]]


# ---- 24.1.4 and 24.1.5 the model and its properties -----------------------------------------------------------------

def sizes(modules, X):
    """The outputs H x W x C (or the number of units) of the convolutions, poolings and linear layers."""
    found = []
    for module in modules:
        X = module(X)
        if not isinstance(module, (nn.ReLU, nn.Flatten, nn.Dropout)):
            found.append((*X.shape[2:], X.shape[1]))
    return found


def test_table_24_1_every_size_and_the_number_of_parameters():
    """The text has it classify handwritten digits, which are grey: the table's input has three channels."""
    network = nn.models.LeNet()
    assert sizes([*network.features, *network.classifier], tg.zeros(1, 3, 32, 32)) == [
        (28, 28, 8), (14, 14, 8), (10, 10, 16), (5, 5, 16), (120,), (84,), (10,)]
    assert count(network) == 62_958
    assert sum(p.numel() for p in network.parameters() if p.ndim > 1) == 62_720


def test_example_24_10_the_greatest_response_does_not_see_the_shift():
    upper = [[0., 2, 0, 0], [0, 2, 0, 0], [0, 2, 2, 2], [0, 0, 0, 0]]
    lower = [[0., 0, 0, 0], [2, 0, 0, 0], [2, 0, 0, 0], [2, 2, 2, 0]]
    assert layer(L_SHAPE, upper).tolist() == [[8, 20], [0, 8]]
    assert layer(L_SHAPE, lower).tolist() == [[8, 0], [20, 8]]
    assert [F.max_pool2d(layer(L_SHAPE, X)[None], 2).item() for X in (upper, lower)] == [20, 20]


def receptive_field(layers):
    """(24.19) for [(F, S), ...]."""
    strides = [1, *(S for _, S in layers)]
    return 1 + sum((size - 1) * prod(strides[:j + 1]) for j, (size, _) in enumerate(layers))


@pytest.mark.parametrize("layers, expected", [
    ([(3, 1), (3, 1)], 5),                                                                  # figure 24.17
    ([(5, 1), (2, 2), (5, 1), (2, 2)], 16),                                                 # table 24.1
    ([(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)], 195),               # AlexNet
    ([(7, 2), (3, 2)] + [(3, 1)] * 4 + 3 * [(3, 2), (3, 1), (3, 1), (3, 1)], 435),          # ResNet-18
], ids=["figure 24.17", "table 24.1", "table 24.2", "table 24.3"])
def test_eq_24_19_receptive_field(layers, expected):
    assert receptive_field(layers) == expected


@st.composite
def without_gaps(draw):
    """(F, S) of a layer whose windows leave no pixel out."""
    size = draw(st.integers(1, 4))
    return size, draw(st.integers(1, size))


@given(layers=st.lists(without_gaps(), min_size=1, max_size=4))
def test_exercise_24_6_eq_24_19_is_the_support_of_the_gradient(layers):
    R = receptive_field(layers)
    x = tg.ones(1, 1, R, dtype=tg.float64, requires_grad=True)
    y = x
    for size, S in layers:
        y = F.conv1d(y, tg.ones(1, 1, size, dtype=tg.float64), stride=S)
    y[0, 0, 0].backward()
    assert y.shape == (1, 1, 1)                                     # R pixels are just enough for one unit ...
    assert (x.grad != 0).all()                                      # ... which sees them all


# ---- 24.2 learning --------------------------------------------------------------------------------------------------

@given(X=matrices(5, 6), W=matrices(3, 2))
def test_eq_24_20_to_24_23_the_derivatives_of_a_convolution_are_convolutions(X, W):
    Z = star(W, X)
    dZ, dW, dX = tg.autograd.grad(Z.sin().sum(), (Z, W, X))
    assert close(dW, star(dZ, X))
    assert close(dX, tg.correlate2d(W, rot180(dZ)))                 # rot180(∂f/∂Z) * W, fully padded
    assert close(dX, tg.correlate2d(dZ, rot180(W)))                 # rot180(W) * ∂f/∂Z


def test_eq_24_24_to_24_26_the_deltas_of_a_convolution_layer():
    X = tg.randn(2, 5, 5, dtype=tg.float64, requires_grad=True)
    W = tg.randn(3, 2, 3, 3, dtype=tg.float64, requires_grad=True)
    b = tg.randn(3, 3, 3, dtype=tg.float64, requires_grad=True)     # the book's bias: one for every position
    Z = tg.conv2d(X.tanh()[None], W)[0] + b
    δ, dX, dW, db = tg.autograd.grad(Z.sin().sum(), (Z, X, W, b))
    a = X.tanh()
    assert close(dW, tg.stack([tg.stack([star(δ_k, a_k) for a_k in a]) for δ_k in δ]))              # (24.24)
    assert tg.equal(db, δ)                                                                          # (24.25)
    back = [sum(tg.correlate2d(δ[j], rot180(W[j, k])) for j in range(3)) for k in range(2)]
    assert close(dX, (1 - a ** 2) * tg.stack(back))                                                 # (24.26)


def test_section_24_2_2_the_delta_of_a_pooling_layer_is_up_sampled():
    X = double(X_R).requires_grad_()
    δ = double([[1, 2], [3, 4]])
    (by_max,) = tg.autograd.grad(F.max_pool2d(X[None], 2)[0], X, δ)
    (by_mean,) = tg.autograd.grad(F.avg_pool2d(X[None], 2)[0], X, δ)
    assert by_max.tolist() == [[1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 0, 4], [0, 3, 0, 0]]
    assert tg.equal(by_mean, δ.repeat_interleave(2, 0).repeat_interleave(2, 1) / 4)


# ---- 24.3 image classification --------------------------------------------------------------------------------------

@cache
def alexnet():
    """The book's AlexNet with values in its convolutions only."""
    network = nn.utils.skip_init(nn.models.AlexNet, variant="book")
    for p in network.features.parameters():
        nn.init.normal_(p, std=0.01)
    return network


def test_table_24_2_every_size():
    with tg.no_grad():
        assert sizes(alexnet().features, tg.ones(1, 3, 227, 227)) == [
            (55, 55, 96), (27, 27, 96), (27, 27, 256), (13, 13, 256), (13, 13, 384), (13, 13, 384), (13, 13, 256),
            (6, 6, 256)]


def test_table_24_2_fc1_takes_9216_numbers_not_4096_and_b_is_4096_not_4906():
    """Misprints of the table: W=4096x4096 and B=4906 for FC1 (and Cov3 for Conv3)."""
    linear = [module for module in alexnet().classifier if isinstance(module, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [(9216, 4096), (4096, 4096), (4096, 1000)]
    assert [m.bias.numel() for m in linear] == [4096, 4096, 1000]


def test_table_24_2_the_number_of_parameters():
    assert count(alexnet()) == 62_378_344
    assert count(alexnet().features) == 3_747_200
    assert count(nn.utils.skip_init(nn.models.AlexNet)) == 61_100_840       # torchvision's


def test_table_24_3_every_size():
    network, found = nn.models.resnet18(), []
    note = lambda module, inputs, output: found.append((*output.shape[2:], output.shape[1]))
    for path, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and "downsample" not in path or path in ("maxpool", "avgpool"):
            module.register_forward_hook(note)
    with tg.no_grad():
        assert network.eval()(tg.ones(1, 3, 224, 224)).shape == (1, 1000)
    stages = [size for size in ((56, 56, 64), (28, 28, 128), (14, 14, 256), (7, 7, 512)) for _ in range(4)]
    assert found == [(112, 112, 64), (56, 56, 64), *stages, (1, 1, 512)]


def test_table_24_3_the_third_number_of_a_kernel_is_the_depth_of_its_input_not_the_height_of_the_map():
    """Misprints of the table: 3x3x56x64 for 3x3x64x64, 3x3x56x128 for 3x3x64x128, 3x3x28x128 for 3x3x128x128, ..."""
    network = nn.models.resnet18()
    depths = [conv.in_channels for path, conv in network.named_modules()
              if isinstance(conv, nn.Conv2d) and "downsample" not in path]
    assert depths == [3, 64, 64, 64, 64, 64, 128, 128, 128, 128, 256, 256, 256, 256, 512, 512, 512]


def test_table_24_3_the_padding_that_is_not_printed():
    assert F.conv2d(tg.ones(1, 1, 224, 224), tg.ones(1, 1, 7, 7), stride=2).shape[2] == 109
    assert F.conv2d(tg.ones(1, 1, 224, 224), tg.ones(1, 1, 7, 7), stride=2, padding=3).shape[2] == 112


@pytest.mark.parametrize("name, depths, bottleneck, expected", [
    ("resnet18", (2, 2, 2, 2), False, 11_689_512), ("resnet34", (3, 4, 6, 3), False, 21_797_672),
    ("resnet50", (3, 4, 6, 3), True, 25_557_032), ("resnet152", (3, 8, 36, 3), True, 60_192_808)])
def test_table_24_3_the_number_of_parameters(name, depths, bottleneck, expected):
    assert parameters_of_resnet(depths, bottleneck) == expected
    assert count(nn.utils.skip_init(getattr(nn.models, name))) == expected


def parameters_of_resnet(depths, bottleneck):
    """Weights of all convolutions, two numbers a channel of each batch norm, and the last layer, from the formula."""
    conv = lambda C, O, size: C * O * size * size + 2 * O
    total, C = conv(3, 64, 7), 64
    for planes, blocks in zip((64, 128, 256, 512), depths):
        O = 4 * planes if bottleneck else planes
        for block in range(blocks):
            if bottleneck:
                total += conv(C, planes, 1) + conv(planes, planes, 3) + conv(planes, O, 1)
            else:
                total += conv(C, O, 3) + conv(O, O, 3)
            if block == 0 and (C != O or planes > 64):
                total += conv(C, O, 1)                              # the projection W3
            C = O
    return total + C * 1000 + 1000


def test_figure_24_20_a_residual_network_of_linear_blocks_is_the_sum_of_its_paths():
    n, x = 5, tg.randn(4, dtype=tg.float64)
    W, paths = tg.randn(n, 4, 4, dtype=tg.float64) / 4, [x]
    lengths, y = [0], x
    for W_i in W:
        y = y + W_i @ y
        paths += [W_i @ path for path in paths]
        lengths += [length + 1 for length in lengths]
    assert len(paths) == 2 ** n and close(y, sum(paths))
    assert [lengths.count(length) for length in range(n + 1)] == [comb(n, length) for length in range(n + 1)]


# ---- exercises ------------------------------------------------------------------------------------------------------

@given(X=matrices(5, 4), W=matrices(3, 2))
def test_exercise_24_1_convolution_is_correlation_with_the_kernel_turned_by_180_degrees(X, W):
    for mode in ("full", "valid"):
        assert close(tg.convolve2d(X, W, mode), tg.correlate2d(X, rot180(W), mode))


def test_exercise_24_2_full_convolution_and_its_commutativity():
    """The first row ends in 2; a printed solution has 3 there."""
    A, B = double(X_R), double(W_R)
    assert tg.convolve2d(A, B).tolist() == [
        [6, 7, 8, 6, 1, 2], [0, 4, 13, 15, 4, 7], [4, 2, 10, 16, 6, 14], [4, 8, 15, 15, 6, 17], [0, 0, 10, 9, 3, 12],
        [0, 0, 4, 6, 2, 4]]
    assert tg.equal(tg.convolve2d(A, B), tg.convolve2d(B, A))


def test_exercise_24_3_cross_correlation_does_not_commute():
    A, B = double(X_R), double(W_R)
    assert not tg.equal(tg.correlate2d(A, B), tg.correlate2d(B, A))
    assert tg.equal(tg.correlate2d(A, B), rot180(tg.correlate2d(B, A)))


def test_exercise_24_4_convolution_in_one_dimension():
    y = tg.correlate1d(tg.tensor([3., 0, 2, -2, 2, 1, 2]), tg.tensor([1., -1, 2]), "valid")
    assert y.tolist() == [7, -6, 8, -2, 5]


def test_exercise_24_5_convolution_is_not_invariant_under_rotation():
    X, W = double(X_R), double(W_R)
    assert star(W, tg.rot90(X, -1)).tolist() == [[14, 16], [17, 8]]         # clockwise
    assert star(W, tg.rot90(X, 1)).tolist() == [[10, 20], [5, 17]]          # counter-clockwise


def test_exercise_24_8_the_derivatives_of_every_output():
    """X is 4x5 and W 3x3, so Y is 2x3; a printed statement has 3x3."""
    X = tg.arange(20, dtype=tg.float64).reshape(4, 5).requires_grad_()
    W = tg.arange(9, dtype=tg.float64).reshape(3, 3).requires_grad_()
    Y = star(W, X)
    assert Y.shape == (2, 3)
    for k in range(2):
        for l in range(3):
            dW, dX = tg.autograd.grad(Y[k, l], (W, X), retain_graph=True)
            assert tg.equal(dW, X[k:k + 3, l:l + 3])
            assert tg.equal(dX, F.pad(W, (l, 2 - l, k, 1 - k)))


@given(X=matrices(3, 3), W=matrices(3, 3))
def test_exercise_24_9_turning_one_or_the_other_is_the_same_for_matrices_of_one_size(X, W):
    for mode in ("full", "valid"):
        assert close(tg.correlate2d(X, rot180(W), mode), tg.correlate2d(W, rot180(X), mode))


def test_exercise_24_10_the_identity_keeps_the_gradient_from_vanishing():
    x = tg.rand(4, dtype=tg.float64, requires_grad=True)
    W = 0.1 * tg.randn(30, 4, 4, dtype=tg.float64)
    f = lambda W_i, x: (W_i @ x).tanh()
    (df,) = tg.autograd.grad(f(W[0], x).sum(), x)
    (dy,) = tg.autograd.grad((x + f(W[0], x)).sum(), x)
    assert close(dy, df + 1)                                        # ∂y/∂x = ∂f/∂x + 1
    plain = residual = x
    for W_i in W:
        plain, residual = f(W_i, plain), residual + f(W_i, residual)
    norms = [tg.autograd.grad(y.sum(), x)[0].norm().item() for y in (plain, residual)]
    assert norms[0] < 1e-12 and 0.1 < norms[1] < 100


def test_the_list_is_complete():
    wanted = [f"example_24_{k}_" for k in range(1, 11)] + [f"table_24_{k}_" for k in range(1, 4)]
    wanted += [f"exercise_24_{k}_" for k in range(1, 11) if k != 7]     # 24.7 is a program: 22_sentence_classifier.py
    assert not [name for name in wanted if not any(test.startswith(f"test_{name}") for test in globals())]
