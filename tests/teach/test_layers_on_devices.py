"""The tools that look at layers give the CPU's answers on the strict device, and on the GPU where there is one."""
import pytest

import tinygrad_cnn as tg
from tests.strict import strict_device
from tinygrad_cnn import nn, teach

every_device = pytest.mark.parametrize("name", ["strict", pytest.param("cuda", marks=pytest.mark.gpu)])


def open_device(name):
    return strict_device() if name == "strict" else tg.device(name)


def network():
    tg.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Dropout(0.5), nn.Conv2d(4, 4, 3, padding=1), nn.AdaptiveMaxPool2d(3), nn.Flatten(),
                         nn.Linear(36, 5)).double()


@every_device
def test_summary(name):
    shape = (2, 3, 16, 16)
    assert str(teach.summary(network().to(open_device(name)), shape)) == str(teach.summary(network(), shape))


@every_device
def test_receptive_field(name):
    shape = (1, 3, 16, 16)
    found = teach.receptive_field(network().to(open_device(name)), shape)
    assert str(found) == str(teach.receptive_field(network(), shape))


@every_device
def test_equivariance(name):
    x = tg.randn(1, 3, 12, 12, dtype=tg.float64)
    device = open_device(name)
    model = nn.Sequential(*list(network())[:6]).eval()
    expected = teach.equivariance(model, x)
    found = teach.equivariance(model.to(device), x.to(device))
    for kind in ("shift", "rotation", "scale"):
        assert getattr(found, kind) == pytest.approx(getattr(expected, kind), abs=1e-9)


@every_device
def test_conv_matrix(name):
    w = tg.randn(2, 3, 3, 3)
    T = teach.conv_matrix(w.to(open_device(name)), (3, 5, 5), padding=1)
    assert T.device is open_device(name) and tg.equal(T.cpu(), teach.conv_matrix(w, (3, 5, 5), padding=1))


@every_device
def test_unrolled_paths_and_lesion(name):
    device, x, y = open_device(name), tg.randn(3, 3, 16, 16, dtype=tg.float64), tg.tensor([0, 1, 2])
    model = nn.models.resnet20().double()
    paths, study = teach.unrolled_paths(model, x), teach.lesion(model, (x, y))
    model.to(device)
    found = teach.unrolled_paths(model, x.to(device))
    assert found.gap == pytest.approx(paths.gap, rel=1e-6)
    assert tg.allclose(found.gradient.cpu(), paths.gradient, rtol=1e-6, atol=1e-12)
    assert str(teach.lesion(model, (x.to(device), y.to(device)))) == str(study)


@every_device
def test_gradient_flow(name):
    device, x = open_device(name), tg.randn(4, 3, 16, 16, dtype=tg.float64)
    model = network().eval()
    expected = teach.gradient_flow(model, lambda m: m(x).square().sum())
    found = teach.gradient_flow(model.to(device), lambda m: m(x.to(device)).square().sum())
    assert [row.norm for row in found.rows] == pytest.approx([row.norm for row in expected.rows], rel=1e-9)
