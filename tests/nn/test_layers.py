"""The layers without PyTorch: refusals at construction, modes, and values known beforehand."""
import math

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn

REFUSED = [
    (lambda: nn.Linear(0.5, 2), "Linear: in_features is 0.5. Make it an integer of at least 0"),
    (lambda: nn.Linear(2, -1), "Linear: out_features is -1"),
    (lambda: nn.Linear(True, 1), "Linear: in_features is True"),
    (lambda: nn.Bilinear(0, 2, 3), "Bilinear: in1_features is 0. Make it an integer of at least 1"),
    (lambda: nn.Flatten("1"), "Flatten: start_dim is '1'"),
    (lambda: nn.Unflatten(1, 6), "Unflatten: unflattened_size is 6. Make it a tuple"),
    (lambda: nn.Conv2d(0, 4, 3), "Conv2d: in_channels is 0"),
    (lambda: nn.Conv2d(3, 4, (3, 3, 3)), r"Conv2d: kernel_size is \(3, 3, 3\), 3 numbers for 2 spatial axes"),
    (lambda: nn.Conv1d(3, 4, 3, stride=0), "Conv1d: stride is 0. Make it an integer of at least 1"),
    (lambda: nn.Conv2d(3, 4, 3, padding=-1), "Conv2d: padding is -1. Make it an integer of at least 0"),
    (lambda: nn.Conv2d(3, 4, 3, padding="full"), "Conv2d: padding is 'full'. Use one of 'same', 'valid'"),
    (lambda: nn.Conv2d(3, 4, 3, padding="same", stride=2), r"padding='same' needs stride 1, and stride is \(2, 2\)"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), "Conv2d: in_channels is 3, not a multiple of 2 groups"),
    (lambda: nn.Conv2d(4, 3, 3, groups=2), "Conv2d: out_channels is 3, not a multiple of 2 groups"),
    (lambda: nn.Conv2d(4, 4, 3, padding_mode="mirror"), "padding_mode is 'mirror'. Use one of 'zeros', 'reflect'"),
    (lambda: nn.Conv3d(4, 4, 3, dilation=(1, 1)), r"Conv3d: dilation is \(1, 1\), 2 numbers for 3"),
    (lambda: nn.ConvTranspose2d(4, 4, 3, padding_mode="reflect"), "Use 'zeros', the only one"),
    (lambda: nn.ConvTranspose2d(4, 4, 3, padding="same"), "Give the padding in numbers"),
    (lambda: nn.MaxPool2d(0), "MaxPool2d: kernel_size is 0"),
    (lambda: nn.MaxPool2d(2, padding=2), "MaxPool2d: padding 2 is more than half of kernel_size 2"),
    (lambda: nn.AvgPool2d(2, divisor_override=0), "AvgPool2d: divisor_override is 0"),
    (lambda: nn.AvgPool1d((2, 2)), "AvgPool1d: kernel_size is .* for 1 spatial axis"),
    (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), "AdaptiveAvgPool2d: output_size"),
    (lambda: nn.AdaptiveMaxPool1d("a"), "AdaptiveMaxPool1d: output_size"),
    (lambda: nn.LPPool2d(0, 2), "LPPool2d: norm_type is 0. Make it a number above 0"),
    (lambda: nn.MaxUnpool2d(2, stride=(1,)), "MaxUnpool2d: stride"),
    (lambda: nn.Fold(4, (2, 2, 2)), "Fold: kernel_size"),
    (lambda: nn.BatchNorm2d(0), "BatchNorm2d: num_features is 0"),
    (lambda: nn.BatchNorm2d(3, eps=-1.0), "BatchNorm2d: eps is -1.0. Make it a number of at least 0"),
    (lambda: nn.BatchNorm2d(3, momentum="slow"), "BatchNorm2d: momentum is 'slow'"),
    (lambda: nn.GroupNorm(3, 4), "GroupNorm: num_channels is 4, not a multiple of 3 groups"),
    (lambda: nn.LayerNorm((3, 0)), "LayerNorm: normalized_shape is 0"),
    (lambda: nn.Dropout(1.5), "Dropout: p is 1.5. Make it a probability, from 0 to 1"),
    (lambda: nn.Dropout2d("half"), "Dropout2d: p is 'half'"),
    (lambda: nn.ZeroPad2d((1, 2, 3)), r"ZeroPad2d: padding is \(1, 2, 3\). Make it one integer, or 4"),
    (lambda: nn.ConstantPad1d(1, "x"), "ConstantPad1d: value is 'x'"),
    (lambda: nn.GELU("fast"), "GELU: approximate is 'fast'. Use one of 'none', 'tanh'"),
    (lambda: nn.Hardtanh(1, -1), "Hardtanh: min_val is 1 and max_val is -1"),
    (lambda: nn.CELU(0), "CELU: alpha is 0"),
    (lambda: nn.RReLU(0.5, 0.1), "RReLU: lower is 0.5 and upper is 0.1"),
    (lambda: nn.PReLU(0), "PReLU: num_parameters is 0"),
    (lambda: nn.Softmax("1"), "Softmax: dim is '1'"),
    (lambda: nn.Softshrink(-1), "Softshrink: lambd is -1"),
    (lambda: nn.MSELoss(reduction="avg"), "MSELoss: reduction is 'avg'. Use one of 'mean', 'sum', 'none'"),
    (lambda: nn.L1Loss(reduction="batchmean"), "L1Loss: reduction is 'batchmean'"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=2), "CrossEntropyLoss: label_smoothing is 2"),
    (lambda: nn.HuberLoss(delta=0), "HuberLoss: delta is 0"),
    (lambda: nn.CosineEmbeddingLoss(margin=3.0), "CosineEmbeddingLoss: margin is 3.0"),
    (lambda: nn.Upsample(), "Upsample: size is None and scale_factor is None. Give one of the two"),
    (lambda: nn.Upsample(2, mode="cubic"), "Upsample: mode is 'cubic'"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), "Embedding: padding_idx is 3 and there are 3 rows"),
    (lambda: nn.Embedding(3, 2, max_norm=1.0), "Embedding: max_norm, scale_grad_by_freq and sparse are not supported"),
    (lambda: nn.PixelShuffle(0), "PixelShuffle: upscale_factor is 0"),
]


@pytest.mark.parametrize("make,message", REFUSED, ids=[m[:40] for _, m in REFUSED])
def test_a_layer_refuses_wrong_settings_when_it_is_made(make, message):
    with pytest.raises(errors.ArgumentError, match=message):
        make()


def test_numpy_integers_are_settings_too():
    layer = nn.Conv2d(np.int64(3), np.int32(4), np.int64(3))
    assert repr(layer) == "Conv2d(3, 4, kernel_size=(3, 3), stride=(1, 1))"


def test_layers_are_made_on_a_device_and_with_a_dtype():
    layer = nn.Conv2d(1, 2, 3, device="cpu", dtype=tg.float64)
    assert layer.weight.dtype == layer.bias.dtype == tg.float64
    norm = nn.BatchNorm2d(2, dtype=tg.float64)
    assert norm.weight.dtype == norm.running_mean.dtype == tg.float64 and norm.num_batches_tracked.dtype == tg.int64
    assert nn.Linear(1, 1, dtype=tg.float16).weight.dtype == tg.float16


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_padding_mode_is_padding_first_and_convolving_then(mode):
    layer = nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=mode)
    x = tg.randn(2, 2, 5, 6)
    padded = nn.functional.pad(x, (2, 2, 1, 1), mode=mode)
    expected = nn.functional.conv2d(padded, layer.weight, layer.bias)
    assert tg.allclose(layer(x), expected, atol=1e-6)


def test_same_padding_keeps_the_size_and_puts_the_larger_half_behind():
    x = tg.randn(1, 1, 6, 7)
    for mode in ("zeros", "circular"):
        assert nn.Conv2d(1, 1, (4, 3), padding="same", dilation=(1, 2), padding_mode=mode)(x).shape == (1, 1, 6, 7)
    layer = nn.Conv1d(1, 1, 2, padding="same", bias=False, padding_mode="replicate")
    layer.load_state_dict({"weight": tg.tensor([[[0.0, 1.0]]])})
    assert layer(tg.tensor([[[1.0, 2.0, 3.0]]])).tolist() == [[[2.0, 3.0, 3.0]]]


def test_a_transposed_convolution_refuses_an_output_size_out_of_reach():
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2)
    with pytest.raises(errors.ShapeError, match=r"output_size \(12, 9\) cannot .* from \(9, 9\) to \(10, 10\)"):
        layer(tg.zeros(1, 1, 4, 4), output_size=(12, 9))


def test_batch_norm_keeps_running_statistics_and_uses_them_in_evaluation():
    layer = nn.BatchNorm1d(1, momentum=0.5, affine=False)
    x = tg.tensor([[1.0], [3.0]])
    assert tg.allclose(layer(x), tg.tensor([[-1.0], [1.0]]), atol=1e-4)
    assert layer.running_mean.tolist() == [1.0]                     # 0.5 * 0 + 0.5 * 2
    assert layer.running_var.tolist() == [1.5]                      # 0.5 * 1 + 0.5 * 2, the unbiased variance
    assert int(layer.num_batches_tracked) == 1
    expected = (x - 1.0) / math.sqrt(1.5 + 1e-5)
    assert tg.allclose(layer.eval()(x), expected)
    assert int(layer.num_batches_tracked) == 1
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0.0] and int(layer.num_batches_tracked) == 0


def test_batch_norm_with_momentum_none_averages_all_batches():
    layer = nn.BatchNorm1d(1, momentum=None)
    for mean in (1.0, 2.0, 6.0):
        layer(tg.tensor([[mean - 1.0], [mean + 1.0]]))
    assert layer.running_mean.tolist() == pytest.approx([3.0])


def test_batch_norm_without_tracking_normalises_by_the_batch_in_evaluation_too():
    layer = nn.BatchNorm1d(1, track_running_stats=False).eval()
    assert tg.allclose(layer(tg.tensor([[1.0], [3.0]])), tg.tensor([[-1.0], [1.0]]), atol=1e-4)
    assert list(layer.state_dict()) == ["weight", "bias"]


@pytest.mark.parametrize("layer,shape", [(nn.BatchNorm2d(3), (2, 3, 4)), (nn.BatchNorm1d(3), (2, 3, 4, 4)),
                                         (nn.BatchNorm3d(3), (2, 3, 4, 4)), (nn.InstanceNorm2d(3), (2, 3))])
def test_a_norm_refuses_an_input_of_another_rank(layer, shape):
    sizes = ", ".join(map(str, shape))
    with pytest.raises(errors.ShapeError, match=rf"input has {len(shape)} axes \({sizes}\), and this layer takes"):
        layer(tg.zeros(*shape))


def test_instance_norm_refuses_other_channels_than_its_weights():
    with pytest.raises(errors.ShapeError, match="input has 2 channels but num_features is 3"):
        nn.InstanceNorm1d(3, affine=True)(tg.zeros(4, 2, 5))


@pytest.mark.parametrize("kind", [nn.Dropout, nn.AlphaDropout, nn.Dropout2d, nn.FeatureAlphaDropout])
def test_dropout_changes_nothing_in_evaluation(kind):
    x = tg.randn(2, 3, 4, 4)
    assert bool((kind(0.5).eval()(x) == x).all())


def test_dropout_drops_the_part_asked_for_and_scales_the_rest():
    y = nn.Dropout(0.25)(tg.ones(10000))
    kept = y[y != 0]
    assert abs(kept.numel() / 10000 - 0.75) < 0.02
    assert tg.allclose(kept, tg.full((kept.numel(),), 1 / 0.75))
    assert float(nn.Dropout(1.0)(tg.ones(5)).sum()) == 0


def test_dropout2d_drops_whole_channels():
    y = nn.Dropout2d(0.5)(tg.ones(20, 8, 3, 3)).numpy().reshape(160, 9)
    assert set(y.sum(1)) == {0.0, 18.0}


def test_an_embedding_takes_a_given_table():
    table = tg.arange(6.0).reshape(3, 2)
    layer = nn.Embedding.from_pretrained(table)
    assert layer(tg.tensor([2, 0])).tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert not layer.weight.requires_grad
    with pytest.raises(errors.ShapeError, match=r"the given weight has shape \(3, 2\), and \(2, 3\) is asked for"):
        nn.Embedding(2, 3, _weight=table)


def test_losses_take_pytorchs_older_words_for_the_reduction():
    assert nn.MSELoss(size_average=False).reduction == "sum"
    assert nn.MSELoss(reduce=False).reduction == "none"
    assert nn.MSELoss(True, True).reduction == "mean"


def test_cross_entropy_of_equal_logits_is_the_log_of_the_number_of_classes():
    loss = nn.CrossEntropyLoss()(tg.zeros(3, 7), tg.tensor([0, 3, 6]))
    assert float(loss) == pytest.approx(math.log(7))


INPLACE = [nn.ReLU(True), nn.ReLU6(True), nn.LeakyReLU(0.1, True), nn.ELU(1.0, True), nn.SELU(True), nn.CELU(1.0, True),
           nn.SiLU(True), nn.Mish(True), nn.Hardtanh(inplace=True), nn.Hardswish(True), nn.Hardsigmoid(True),
           nn.Threshold(0.5, 0.2, True), nn.Dropout(0.5, True), nn.RReLU(inplace=True)]


@pytest.mark.parametrize("layer", INPLACE, ids=lambda layer: type(layer).__name__)
def test_an_inplace_layer_writes_into_its_input_with_the_right_gradient(layer):
    start = tg.linspace(-2.0, 2.0, 9)
    tg.manual_seed(1)
    leaf = start.clone().requires_grad_()
    x = leaf * 1
    y = layer(x)
    assert y is x
    y.sum().backward()
    layer.inplace = False
    tg.manual_seed(1)
    again = start.clone().requires_grad_()
    plain = layer(again)
    plain.sum().backward()
    assert tg.allclose(y.detach(), plain.detach())
    assert tg.allclose(leaf.grad, again.grad)


def test_softmax_without_an_axis_warns_and_takes_pytorchs():
    with pytest.warns(UserWarning, match="dim is not given, 1 is taken"):
        assert tg.allclose(nn.Softmax()(tg.zeros(2, 4)), tg.full((2, 4), 0.25))


def test_flatten_and_unflatten_are_inverses():
    x = tg.randn(2, 3, 4)
    assert bool((nn.Unflatten(1, (3, 4))(nn.Flatten()(x)) == x).all())
    assert nn.Unflatten(-1, (2, -1))(x).shape == (2, 3, 2, 2)


def test_identity_gives_its_input_back():
    x = tg.ones(2)
    assert nn.Identity(1, 2, key=3)(x) is x


def test_layers_work_in_float64_and_on_strided_input():
    layer = nn.Conv2d(2, 3, 3).double()
    x = tg.randn(2, 4, 6, 6, dtype=tg.float64)[:, ::2]
    assert tg.allclose(layer(x), layer(x.contiguous()))
    assert layer(x).dtype == tg.float64


def test_two_layers_drawn_after_the_same_seed_are_the_same():
    tg.manual_seed(5)
    a = nn.Conv2d(2, 3, 3)
    tg.manual_seed(5)
    b = nn.Conv2d(2, 3, 3)
    assert bool((a.weight == b.weight).all()) and bool((a.bias == b.bias).all())


def test_reset_parameters_draws_anew_or_goes_back_to_the_start():
    layer = nn.Linear(3, 3)
    old = layer.weight.detach().clone()
    layer.reset_parameters()
    assert not tg.allclose(layer.weight, old)
    norm = nn.LayerNorm(2)
    with tg.no_grad():
        norm.weight.fill_(9.0)
        norm.bias.fill_(9.0)
    norm.reset_parameters()
    assert norm.weight.tolist() == [1.0, 1.0] and norm.bias.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_an_empty_batch_goes_through_every_padding_mode(mode):
    layer = nn.Conv2d(4, 6, 3, padding="same", padding_mode=mode)
    x = tg.ones(0, 4, 6, 7, requires_grad=True)
    layer(x).sum().backward()
    assert x.grad.shape == (0, 4, 6, 7)
    assert not layer.weight.grad.numpy().any()
