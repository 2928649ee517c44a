"""The built-in networks: sizes, numbers of parameters, and that they learn."""
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.nn.models import DigitsCNN, digits_cnn, lenet, lenet5


def count(model):
    return sum(p.numel() for p in model.parameters())


def test_lenet_has_the_shapes_and_parameters_of_the_books_table():
    model = lenet()
    shapes = []
    for layer in [*model.features, *model.classifier]:
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.Linear)):
            layer.register_forward_hook(lambda m, args, out: shapes.append(tuple(out.shape[1:])))
    model(tg.zeros(1, 3, 32, 32))
    assert shapes == [(8, 28, 28), (8, 14, 14), (16, 10, 10), (16, 5, 5), (120,), (84,), (10,)]
    assert count(model) == 62958
    assert count(lenet(in_channels=1)) == 62558


def test_lenet5_has_the_originals_parameters():
    assert count(lenet5()) == 61706
    assert lenet5()(tg.zeros(2, 1, 32, 32)).shape == (2, 10)


def test_a_model_says_which_layer_refused_the_input():
    with pytest.raises(tg.errors.ShapeError, match=r"in features.0: Conv2d\(3, 8, kernel_size=\(5, 5\)"):
        lenet()(tg.zeros(1, 1, 32, 32))


def test_the_digits_network_learns_a_batch_by_heart():
    model, loss = digits_cnn(dropout=0.0), nn.CrossEntropyLoss()
    assert isinstance(model, DigitsCNN)
    x, target = tg.rand(16, 1, 8, 8), tg.arange(16) % 10
    first = None
    for _ in range(25):
        model.zero_grad()
        value = loss(model(x), target)
        value.backward()
        with tg.no_grad():
            for p in model.parameters():
                p.sub_(p.grad * 0.05)
        first = first or value.item()
    assert first > 1.5 and value.item() < 0.2
