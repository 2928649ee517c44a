"""gradient_flow: the norms that backward would leave, without leaving them."""
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError
from tinygrad_cnn.teach.gradient_flow import gradient_flow


def test_the_norms_are_those_of_backward():
    model = nn.models.LeNet()
    loss = model(tg.rand(2, 3, 32, 32)).square().sum()
    flow = gradient_flow(model, loss)
    assert all(p.grad is None for p in model.parameters())
    loss.backward()
    for row in flow.rows:
        layer = model.get_submodule(row.path)
        expected = (layer.weight.grad.square().sum() + layer.bias.grad.square().sum()).sqrt().item()
        assert row.norm == pytest.approx(expected, rel=1e-5)
        assert row.parameters == layer.weight.numel() + layer.bias.numel()
    assert [row.path for row in flow.rows] == ["features.0", "features.3", "classifier.1", "classifier.3",
                                               "classifier.5"]


def test_without_a_loss_it_reads_what_backward_left():
    model = nn.models.LeNet()
    loss = model(tg.rand(2, 3, 32, 32)).square().sum()
    expected = [row.norm for row in gradient_flow(model, loss).rows]
    with pytest.raises(ArgumentError, match=r"gradient_flow: no parameter has a gradient.*loss.backward\(\)"):
        gradient_flow(model)
    loss.backward()
    assert [row.norm for row in gradient_flow(model).rows] == expected


def test_a_deep_sigmoid_net_vanishes_and_a_residual_one_does_not():
    class Deep(nn.Module):
        def __init__(self, residual):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(12)])
            self.residual = residual

        def forward(self, x):
            for layer in self.layers:
                x = layer(x).sigmoid() + (x if self.residual else 0)
            return x

    x = tg.randn(4, 8)
    plain, residual = (gradient_flow(Deep(kind), lambda model: model(x).square().mean()) for kind in (False, True))
    assert plain.spread > 1e6 > 100 > residual.spread


def test_a_layer_that_the_loss_does_not_see_is_named():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    flow = gradient_flow(model, lambda m: m[0](tg.ones(1, 2)).sum(), lang="en")
    assert [row.reached for row in flow.rows] == [True, False]
    assert "does not depend on 1" in str(flow) and flow.spread == 1


def test_a_shared_layer_has_a_row_once():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.Tanh(), layer)
    assert [row.path for row in gradient_flow(model, lambda m: m(tg.ones(1, 2)).sum()).rows] == ["0"]


def test_a_function_of_the_model_leaves_no_trace():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    before = tg.generator.default_generator().get_state()
    gradient_flow(model, lambda m: m(tg.ones(4, 2)).square().sum())
    assert model[1].num_batches_tracked.item() == 0 and model.training
    assert tg.generator.default_generator().get_state() == before


def test_the_printed_table():
    model = nn.Sequential(nn.Linear(2, 1, bias=False), nn.Linear(1, 1, bias=False))
    for layer, w in zip(model, ([[1., 0]], [[2.]])):
        layer.weight = nn.Parameter(tg.tensor(w))
    assert str(gradient_flow(model, model(tg.tensor([[3., 4]])).sum(), lang="en")) == """\
How large the gradient is in each layer's parameters, from input to output

layer  parameters  their norm  gradient's norm
-----  ----------  ----------  ---------------
0               2           1               10  ##############################
1               1           2                3  #########

largest over smallest: 3.33"""


def test_the_picture_is_a_png(tmp_path):
    pytest.importorskip("matplotlib", reason="draws with matplotlib: pip install matplotlib")
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    gradient_flow(model, model(tg.ones(1, 2)).sum()).draw(tmp_path / "flow.png")
    assert (tmp_path / "flow.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("loss, error, message", [
    (3.0, ArgumentTypeError, "the loss is float. Give a Tensor"),
    (tg.ones(2, requires_grad=True), ArgumentError, r"shape \(2,\) and a gradient. Give one number"),
    (tg.tensor(1.0), ArgumentError, "no gradient.*outside of no_grad")], ids=["a float", "two numbers", "a constant"])
def test_what_is_no_loss_is_refused(loss, error, message):
    with pytest.raises(error, match=f"gradient_flow: .*{message}"):
        gradient_flow(nn.Linear(2, 2), loss)


def test_a_model_with_nothing_to_train_is_refused():
    with pytest.raises(ArgumentError, match="Linear has no parameters that require a gradient"):
        gradient_flow(nn.Linear(2, 2).requires_grad_(False), tg.ones(1, requires_grad=True).sum())
