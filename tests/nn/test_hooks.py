"""Hooks of a module: when they are called, what they see, what they may change."""
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn


class Double(nn.Module):
    def forward(self, x, plus=0.0):
        return x * 2 + plus


def test_forward_hooks_are_called_around_forward_in_order():
    seen = []
    module = Double()
    module.register_forward_pre_hook(lambda m, args: seen.append(("before", args)))
    module.register_forward_hook(lambda m, args, out: seen.append(("after", args, out)))
    module.register_forward_pre_hook(lambda m, args: seen.append("first"), prepend=True)
    x = tg.ones(2)
    y = module(x)
    assert seen[0] == "first"
    assert seen[1][0] == "before" and seen[1][1][0] is x
    assert seen[2][0] == "after" and seen[2][2] is y


def test_hooks_may_replace_arguments_and_output():
    module = Double()
    module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    module.register_forward_hook(lambda m, args, out: out * 10)
    assert module(tg.ones(1)).tolist() == [40.0]


def test_hooks_with_keywords_see_and_replace_them():
    module = Double()
    module.register_forward_pre_hook(lambda m, args, kwargs: (args, {"plus": kwargs["plus"] + 1}), with_kwargs=True)
    seen = []
    module.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    assert module(tg.ones(1), plus=3.0).tolist() == [6.0]
    assert seen == [{"plus": 4.0}]
    module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(errors.ArgumentError, match=r"returned tuple. Return None or \(args, kwargs\)"):
        module(tg.ones(1), plus=3.0)


def test_a_removed_hook_is_not_called_and_the_straight_call_returns():
    module = Double()
    seen = []
    handle = module.register_forward_hook(lambda *a: seen.append(1))
    with handle:
        module(tg.ones(1))
    module(tg.ones(1))
    handle.remove()
    assert seen == [1]
    assert module._hooks is None


def test_a_hook_is_a_function():
    with pytest.raises(errors.ArgumentTypeError, match="hook: a int cannot be called"):
        Double().register_forward_hook(3)


def test_always_called_hooks_are_called_when_forward_raises():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")
    seen = []
    module = Broken()
    module.register_forward_hook(lambda m, args, out: seen.append("never"))
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(ValueError, match="broken"):
        module(tg.ones(1))
    assert seen == [None]


def test_backward_hooks_see_the_gradients_of_inputs_and_outputs():
    module = Double()
    seen = []
    module.register_full_backward_pre_hook(lambda m, go: seen.append(("pre", go[0].tolist())))
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].tolist(), go[0].tolist())))
    x = tg.ones(2, requires_grad=True)
    (module(x) * 3).sum().backward()
    assert seen == [("pre", [3.0, 3.0]), ([6.0, 6.0], [3.0, 3.0])]
    assert x.grad.tolist() == [6.0, 6.0]


def test_backward_hooks_may_replace_the_gradients():
    module = Double()
    module.register_full_backward_pre_hook(lambda m, go: (go[0] * 10,))
    module.register_full_backward_hook(lambda m, gi, go: (gi[0] + 1,))
    x = tg.ones(1, requires_grad=True)
    module(x).sum().backward()
    assert x.grad.tolist() == [21.0]


def test_a_backward_hook_of_the_first_layer_is_called_without_input_gradients():
    layer = nn.Linear(2, 1)
    seen = []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].tolist())))
    layer(tg.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]
    assert layer.weight.grad.tolist() == [[1.0, 1.0]]


def test_backward_hooks_leave_second_derivatives_right():
    class Cube(nn.Module):
        def forward(self, x):
            return x * x * x
    module = Cube()
    module.register_full_backward_hook(lambda m, gi, go: None)
    x = tg.tensor([2.0], requires_grad=True)
    g, = tg.autograd.grad(module(x).sum(), x, create_graph=True)
    h, = tg.autograd.grad(g.sum(), x)
    assert g.tolist() == [12.0] and h.tolist() == [12.0]


def test_several_outputs_and_unused_ones_reach_the_hook():
    class Split(nn.Module):
        def forward(self, x):
            return x * 2, x * 3
    module = Split()
    seen = []
    module.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].tolist(), go)))
    x = tg.ones(1, requires_grad=True)
    module(x)[0].sum().backward()
    (gi, go), = seen
    assert gi == [2.0] and go[0].tolist() == [1.0] and go[1] is None


def test_a_hook_that_returns_the_wrong_number_of_gradients_is_refused():
    module = Double()
    module.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    x = tg.ones(1, requires_grad=True)
    y = module(x)
    with pytest.raises(errors.GradError, match="returned 2 gradients in the place of 1"):
        y.sum().backward()


def test_an_inplace_op_on_a_watched_input_is_refused():
    module = nn.ReLU(inplace=True)
    module.register_full_backward_hook(lambda m, gi, go: None)
    x = tg.ones(2, requires_grad=True) * 1
    with pytest.raises(errors.InPlaceError):
        module(x)


def test_no_backward_hook_is_set_up_under_no_grad():
    module = Double()
    module.register_full_backward_hook(lambda m, gi, go: None)
    with tg.no_grad():
        assert not module(tg.ones(1, requires_grad=True)).requires_grad


def test_an_error_names_the_path_of_the_layer_that_failed():
    net = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Conv2d(4, 8, 3)))
    with pytest.raises(errors.ShapeError, match=r"3 channels.*4(.|\n)*in 1\.0: Conv2d\(4, 8, kernel_size=") as caught:
        net(tg.zeros(1, 3, 8, 8))
    assert str(caught.value).count("\n    in ") == 1


def test_an_error_in_a_models_own_forward_names_the_model():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            return x + tg.ones(3)
    outer = nn.Module()
    outer.net = Net()
    outer.forward = lambda x: outer.net(x)
    with pytest.raises(errors.ShapeError, match=r"in net: Net.forward$"):
        outer(tg.ones(2))
