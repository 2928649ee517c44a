"""receptive_field: the formula, the boxes and the gradient agree, or it says why not."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.teach.twice import Twice
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError
from tinygrad_cnn.nn import functional as F
from tinygrad_cnn.teach.page import columns
from tinygrad_cnn.teach.receptive_field import receptive_field


def sizes(field):
    return [row.formula[0] for row in field.rows]


def test_lenet_by_all_three_ways():
    field = receptive_field(nn.models.LeNet(), (1, 3, 32, 32))
    assert field.agree and sizes(field) == [5, 6, 14, 16]
    assert all(row.gradient == row.visible == row.box == row.formula for row in field.rows)


def test_alexnet_by_all_three_ways_195_at_pool3():
    network = nn.Sequential(*nn.utils.skip_init(nn.models.AlexNet, variant="book").features)
    for p in network.parameters():
        nn.init.normal_(p)
    field = receptive_field(network, (1, 3, 227, 227))
    assert field.agree and sizes(field) == [11, 19, 51, 67, 99, 131, 163, 195]
    assert field["12"].gradient == (195, 195)


def test_resnet_18_by_formula_and_boxes_and_435_by_the_gradient():
    main = ["conv1", "maxpool", *(f"layer{i}.{j}.conv{k}" for i in range(1, 5) for j in (0, 1) for k in (1, 2))]
    network = nn.models.resnet18()
    field = receptive_field(network, (1, 3, 448, 448), layers=["layer4.1.conv2"])
    assert field["layer4.1.conv2"].gradient == (435, 435) and field.agree
    small = receptive_field(network, (1, 3, 64, 64), layers=main)
    assert [row.path for row in small.rows] == main
    assert [row.box[0] for row in small.rows] == sizes(small) == [
        7, 11, 19, 27, 35, 43, 51, 67, 83, 99, 115, 147, 179, 211, 243, 307, 371, 435]
    assert small.agree                                              # the gradient fills what lies in the image


@st.composite
def stacks(draw, rank, depth, largest):
    """A stack of convolutions and poolings, ReLUs between them, an image that every window fits into, and its reach."""
    layers, channels, reach, jump = [], 1, 1, 1
    for _ in range(draw(st.integers(1, depth))):
        kind = draw(st.sampled_from(["conv", "max", "avg"]))
        kernel, stride = draw(st.integers(1, largest)), draw(st.integers(1, largest - 1))
        padding = draw(st.integers(0, kernel // 2))
        dilation = 1
        if kind == "conv":
            dilation = draw(st.integers(1, 2))
            layers += [getattr(nn, f"Conv{rank}d")(channels, 2, kernel, stride, padding, dilation), nn.ReLU()]
            channels = 2
        elif kind == "max":
            dilation = draw(st.integers(1, 2))
            layers.append(getattr(nn, f"MaxPool{rank}d")(kernel, stride, padding, dilation))
        else:
            layers.append(getattr(nn, f"AvgPool{rank}d")(kernel, stride, padding))
        reach += dilation * (kernel - 1) * jump
        jump *= stride
    return nn.Sequential(*layers), reach + draw(st.integers(0, 6)), reach


@given(case=stacks(1, 4, 4))
def test_random_stacks_of_one_axis_agree(case):
    network, size, reach = case
    field = receptive_field(network, (1, 1, size))
    assert field.agree and all(row.box == row.formula for row in field.rows)
    if field.rows:
        assert max(row.formula[0] for row in field.rows) == reach


@given(case=stacks(2, 3, 3))
def test_random_stacks_of_two_axes_agree(case):
    network, size, _ = case
    assert receptive_field(network, (1, 1, size, size + 3)).agree


@given(case=stacks(1, 3, 3))
def test_what_the_gradient_touches_is_what_autograd_says(case):
    """Where all weights are positive and means stand for maxima, nothing cancels and nothing is closed."""
    network, size, _ = case
    network = nn.Sequential(*[nn.AvgPool1d(m.kernel_size, m.stride, m.padding) if isinstance(m, nn.MaxPool1d)
                              and m.dilation == 1 else m for m in network]).double().eval()
    if any(isinstance(m, nn.MaxPool1d) for m in network):
        return
    with tg.no_grad():
        for p in network.parameters():
            p.abs_().add_(0.1)
    for depth, row in zip([k for k, m in enumerate(network, 1) if not isinstance(m, nn.ReLU)],
                          receptive_field(network, (1, 1, size)).rows):
        x = tg.ones(1, 1, size, dtype=tg.float64, requires_grad=True)
        y = network[:depth](x)
        (gradient,) = tg.autograd.grad(y[0, :, row.unit[0]].sum(), x)
        touched = [i for i, g in enumerate(gradient[0, 0].tolist()) if g]
        assert row.count == len(touched) and row.gradient == (touched[-1] - touched[0] + 1,)


def test_axes_may_differ():
    (row,) = receptive_field(nn.Conv2d(1, 1, (3, 5), dilation=(2, 1)), (1, 1, 9, 9)).rows
    assert row.formula == row.box == row.gradient == (5, 5)
    (row,) = receptive_field(nn.Conv3d(1, 1, (1, 2, 3)), (1, 1, 4, 4, 4)).rows
    assert row.formula == row.box == row.gradient == (1, 2, 3)


def test_functions_and_branches_count_as_layers_do():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.narrow, self.wide = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 5, padding=2)

        def forward(self, x):
            both = tg.cat([self.narrow(x), self.wide(x)], 1)
            return F.max_pool2d(both[:, :, 1:, ::2], 2)

    field = receptive_field(Branches(), (1, 1, 16, 16), lang="en")
    assert field["(max_pool)"].formula == field["(max_pool)"].gradient == (6, 7)
    assert field.agree


def test_a_shortcut_that_drops_pixels_and_adds_maps_is_followed():
    field = receptive_field(nn.models.resnet20(), (1, 3, 64, 64))
    assert field["layer2.0.conv2"].gradient == field["layer2.0.conv2"].formula == (21, 21)
    assert field.agree


def test_windows_that_do_not_lie_around_one_place_are_united_and_said_to_be():
    class Apart(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(1, 1, 1)

        def forward(self, x):
            return self.conv(x[:, :, :-4] + x[:, :, 4:])

    field = receptive_field(Apart(), (1, 1, 12), lang="en")
    (row,) = field.rows
    assert (row.formula, row.box, row.gradient, row.count) == ((1,), (5,), (5,), 2)
    assert "branches" in str(field) and not field.agree


def test_a_dead_kernel_is_named():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 1, 3))
    with tg.no_grad():
        network[0].weight[:, :, 0] = 0
    field = receptive_field(network, (1, 1, 12, 12), lang="en")
    assert field["0"].gradient == (2, 3) and field["2"].gradient == (4, 5) and field["2"].box == (5, 5)
    assert not field.agree
    assert "dead weights" in field["2"].reasons["field.dead"] and "in 0." in str(field)


def test_a_residual_branch_that_is_switched_off_is_named():
    field = receptive_field(nn.models.resnet20(zero_init_residual=True), (1, 3, 32, 32), lang="en")
    assert field["layer1.1.conv1"].gradient == (5, 5) and field["layer1.1.conv1"].box == (9, 9)
    assert "layer1.0.bn2" in str(field)


def test_a_field_larger_than_the_image_is_cut_and_said_to_be():
    field = receptive_field(nn.Conv2d(1, 1, 9, padding=4), (1, 1, 6, 6), lang="en")
    (row,) = field.rows
    assert (row.formula, row.box, row.visible, row.gradient) == ((9, 9), (9, 9), (6, 6), (6, 6))
    assert row.agree and "sticks out of the image of 6" in str(field)


def test_adaptive_pools_that_do_not_divide_have_no_formula():
    field = receptive_field(nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(3)), (1, 1, 10, 10), lang="en")
    row = field["1"]
    assert row.formula is None and row.box == row.gradient == (6, 6)
    assert "adaptive pooling" in str(field)


def test_transposed_convolutions_have_no_formula_and_boxes_and_gradient_agree():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1), nn.Conv2d(2, 1, 3))
    field = receptive_field(network, (1, 1, 16, 16), lang="en")
    assert [row.formula for row in field.rows] == [(3, 3), None, None]
    assert all(row.box == row.gradient for row in field.rows)
    assert "transposed convolution" in str(field)


def test_a_normalisation_over_all_places_sees_everything():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.Conv2d(4, 1, 3))
    row = receptive_field(network, (1, 1, 12, 12), lang="en")["2"]
    assert row.formula is None and row.gradient == row.visible == (12, 12)
    assert "mixes the places" in row.reasons["field.everything"]


def test_without_a_shape_it_finds_an_image_that_every_field_fits_into():
    field = receptive_field(nn.models.LeNet())
    assert field.input_shape == (1, 3, 32, 32) and sizes(field) == [5, 6, 14, 16]
    assert receptive_field(nn.Sequential(nn.Conv1d(2, 1, 9))).input_shape == (1, 2, 16)


def test_the_middle_unit_is_asked_where_padding_does_not_cut_its_field():
    (row,) = receptive_field(nn.Conv2d(1, 1, 5, stride=4, padding=2), (1, 1, 9, 9)).rows
    assert row.unit == (1, 1) and row.visible == (5, 5)


def test_the_model_is_left_as_it_was():
    network = nn.models.resnet20()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    receptive_field(network, (1, 3, 16, 16), layers=["conv1"])
    assert network.training and all(p.requires_grad and p.grad is None for p in network.parameters())
    assert all(tg.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("model, shape, message", [
    (nn.Linear(3, 2), (1, 3), r"shape \(1, 3\).*Give maps \(N, C, \*spatial\)"),
    (nn.Linear(3, 2), None, "no convolution to tell the input's shape from.*input_shape"),
    (nn.ReLU(), (1, 1, 4, 4), "ReLU has no convolution or pooling.*convolutional network"),
    (nn.Conv2d(1, 1, 1), tg.ones(1, 1, 2, 2, dtype=tg.int64), "must be floating point"),
], ids=["no axes", "no shape", "no windows", "integers"])
def test_what_has_no_field_is_refused(model, shape, message):
    with pytest.raises((ArgumentError, tg.errors.DTypeError), match=message):
        receptive_field(model, shape)


def test_an_unknown_layer_is_refused_with_the_names_there_are():
    field = receptive_field(nn.models.LeNet(), (1, 3, 32, 32))
    with pytest.raises(ArgumentError, match="no layer 'conv9'.*features.0, features.2"):
        field["conv9"]


class WithFunction(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x):
        return self.second(Twice.apply(self.first(x)))


def test_a_function_of_the_users_is_named_and_the_gradient_sees_through_it():
    field = receptive_field(WithFunction(), (1, 1, 12, 12), lang="en")
    assert [row.formula for row in field.rows] == [(3, 3), None]
    assert field["second"].gradient == (5, 5)
    assert "Function of your own (Twice)" in field["second"].reasons["field.unknown"]


def test_no_line_of_the_reasons_is_wider_than_the_page():
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(3), nn.Conv2d(1, 1, 3))
    field = receptive_field(model, (1, 1, 12, 12))
    assert not field.agree
    assert max(columns(line) for line in str(field).splitlines()) <= 100


def test_checkpointing_leaves_the_fields_as_they_are():
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3))

    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = layers

        def forward(self, x):
            return tg.autograd.checkpoint(self.layers, x)

    assert sizes(receptive_field(Checkpointed(), (1, 1, 9, 9))) == [3, 5]
