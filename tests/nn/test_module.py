"""Module: what is registered, what is refused, and what the walks see."""
import copy
import pickle

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(8, 3))
        self.scale = nn.Parameter(tg.ones(1))
        self.register_buffer("steps", tg.zeros(1), persistent=False)

    def forward(self, x):
        return self.head(self.norm(self.conv(x)).relu()) * self.scale


def names(pairs):
    return [name for name, _ in pairs]


def test_parameters_come_own_first_then_by_submodule():
    assert names(Net().named_parameters()) == ["scale", "conv.weight", "conv.bias", "norm.weight", "norm.bias",
                                               "head.1.weight", "head.1.bias"]


def test_buffers_modules_and_children_are_walked_in_order():
    net = Net()
    assert names(net.named_buffers()) == ["steps", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"]
    assert names(net.named_modules()) == ["", "conv", "norm", "head", "head.0", "head.1"]
    assert names(net.named_children()) == ["conv", "norm", "head"]
    assert list(net.children()) == [net.conv, net.norm, net.head]
    assert names(net.named_parameters(prefix="net", recurse=False)) == ["net.scale"]


def test_a_shared_module_or_parameter_is_seen_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    net.append(net[0])
    assert names(net.named_parameters()) == ["0.weight", "0.bias", "1.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 6
    assert names(net.named_modules()) == ["", "0", "1"]


def test_assigning_a_parameter_moves_the_name_out_of_the_other_places():
    module = nn.Module()
    module.thing = 3
    module.thing = nn.Parameter(tg.ones(2))
    assert names(module.named_parameters()) == ["thing"]
    module.thing = nn.Linear(1, 1)
    assert names(module.named_parameters()) == ["thing.weight", "thing.bias"]
    assert names(module.named_children()) == ["thing"]


def test_a_parameters_place_can_be_emptied_and_filled_again():
    layer = nn.Linear(2, 3)
    layer.bias = None
    assert names(layer.named_parameters()) == ["weight"]
    assert layer(tg.ones(1, 2)).shape == (1, 3)
    layer.bias = nn.Parameter(tg.ones(3))
    assert names(layer.named_parameters()) == ["weight", "bias"]


def test_a_plain_value_cannot_take_a_parameters_place():
    with pytest.raises(errors.ArgumentTypeError, match=r"'weight' is a registered parameter and a Tensor cannot take"):
        nn.Linear(2, 2).weight = tg.ones(2, 2)
    with pytest.raises(TypeError, match="'conv' is a registered module and a int cannot take its place. Assign a Mod"):
        Net().conv = 3
    with pytest.raises(TypeError, match=r"'steps' is a registered buffer and a str cannot"):
        Net().steps = "many"


def test_a_buffer_is_replaced_by_assigning_a_tensor():
    net = Net()
    net.steps = tg.ones(4)
    assert dict(net.named_buffers())["steps"].shape == (4,)


def test_a_buffer_object_registers_itself():
    module = nn.Module()
    module.seen = nn.Buffer(tg.zeros(2))
    module.passing = nn.Buffer(tg.zeros(3), persistent=False)
    assert names(module.named_buffers()) == ["seen", "passing"]
    assert list(module.state_dict()) == ["seen"]


def test_assigning_before_init_says_to_call_it():
    class Forgetful(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(2, 2)
    with pytest.raises(errors.ModuleError, match=r"Forgetful: a module was assigned before Module.__init__\(\) ran. "
                                                 r"Call super\(\).__init__\(\) first"):
        Forgetful()
    with pytest.raises(AttributeError, match="parameter was assigned before"):
        object.__new__(nn.Linear).weight = nn.Parameter(tg.ones(1))


@pytest.mark.parametrize("register,thing", [("register_parameter", nn.Parameter(tg.ones(1))),
                                            ("register_buffer", tg.ones(1)), ("add_module", nn.ReLU())])
def test_registration_refuses_bad_names_and_kinds(register, thing):
    module = nn.Linear(2, 2)
    for name in ("a.b", ""):
        with pytest.raises(errors.ArgumentError, match="cannot name a"):
            getattr(module, register)(name, thing)
    with pytest.raises(errors.ArgumentTypeError, match="the name is a int, not a string"):
        getattr(module, register)(3, thing)
    with pytest.raises(errors.ArgumentError, match="Linear already has an attribute 'in_features'"):
        getattr(module, register)("in_features", thing)
    with pytest.raises(errors.ArgumentTypeError, match="'wrong' is a list, not a"):
        getattr(module, register)("wrong", [1])


def test_a_missing_attribute_is_an_attribute_error_that_names_the_class():
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'convv'"):
        Net().convv  # noqa: B018
    assert not hasattr(nn.ReLU(), "weight")


def test_deleting_an_attribute_unregisters_it():
    net = Net()
    del net.head, net.scale, net.steps
    assert names(net.named_children()) == ["conv", "norm"]
    assert "scale" not in dict(net.named_parameters())
    assert not hasattr(net, "steps")


def test_dir_has_registered_names():
    assert {"conv", "scale", "steps", "forward"} <= set(dir(Net()))


def test_paths_lead_to_modules_parameters_and_buffers():
    net = Net()
    assert net.get_submodule("head.1") is net.head[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("head.1.bias") is net.head[1].bias
    assert net.get_buffer("norm.running_var") is net.norm.running_var
    new = nn.Linear(8, 4)
    net.set_submodule("head.1", new)
    assert net.head[1] is new


@pytest.mark.parametrize("call,message", [
    (lambda n: n.get_submodule("head.7"),
     r"get_submodule: Net.head has no submodule '7' \(looking for 'head.7'\). Use one of those it has: '0', '1'"),
    (lambda n: n.get_parameter("conv.wait"),
     r"there is no parameter 'conv.wait'. Use one of those conv has: 'weight', 'bias'"),
    (lambda n: n.get_buffer("nothing"), r"there is no buffer 'nothing'. Use one of those Net has: 'steps'"),
    (lambda n: n.set_submodule("tail", nn.ReLU(), strict=True), "there is no submodule 'tail' to replace")])
def test_a_path_that_leads_nowhere_says_what_is_there(call, message):
    with pytest.raises(errors.ModuleError, match=message):
        call(Net())


def test_train_and_eval_reach_every_module_and_refuse_what_is_no_bool():
    net = Net()
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    assert all(m.training for m in net.train().modules())
    with pytest.raises(errors.ArgumentError, match="train: mode is 'eval'. Make it True or False"):
        net.train("eval")


def test_apply_goes_children_first_and_returns_the_module():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Conv2d", "BatchNorm2d", "Flatten", "Linear", "Sequential", "Net"]


def test_requires_grad_and_zero_grad_reach_every_parameter():
    net = Net()
    net(tg.randn(2, 1, 4, 4)).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all(float(p.grad.abs().sum()) == 0 for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not net(tg.randn(2, 1, 4, 4)).requires_grad


def test_casting_keeps_the_parameters_and_leaves_integers_alone():
    net = Net()
    before = list(net.parameters())
    net(tg.randn(2, 1, 4, 4)).sum().backward()
    assert net.double() is net
    assert all(p is q for p, q in zip(net.parameters(), before))
    assert all(p.dtype == p.grad.dtype == tg.float64 for p in before)
    assert net.norm.running_mean.dtype == tg.float64
    assert net.norm.num_batches_tracked.dtype == tg.int64
    net.zero_grad()
    net(tg.randn(2, 1, 4, 4, dtype=tg.float64)).sum().backward()
    assert net.conv.weight.grad.dtype == tg.float64
    assert net.half().conv.weight.dtype == tg.float16
    assert net.float().conv.weight.dtype == tg.float32


@pytest.mark.parametrize("arguments,keywords", [
    ((tg.float64,), {}), (("cpu", tg.float64), {}), ((), {"dtype": tg.float64}), ((tg.zeros(1, dtype=tg.float64),), {}),
    ((tg.device("cpu"),), {"dtype": tg.float64})])
def test_to_takes_a_dtype_a_device_both_or_a_tensor(arguments, keywords):
    assert nn.Linear(2, 2).to(*arguments, **keywords).weight.dtype == tg.float64


def test_to_refuses_integers_and_unknown_devices():
    with pytest.raises(errors.DTypeError, match="Module.to: tinygrad_cnn.int64 is not floating point"):
        nn.Linear(2, 2).to(tg.int64)
    with pytest.raises(errors.DeviceError, match="there is no device 'gpu'"):
        nn.ReLU().to("gpu")


@pytest.mark.skipif(tg.cuda.is_available(), reason="there is a GPU to move to")
def test_moving_to_a_gpu_that_is_not_there_says_what_helps():
    for move in (lambda m: m.cuda(), lambda m: m.to("cuda")):
        with pytest.raises(errors.DeviceError, match="pip install|no GPU"):
            move(nn.Linear(2, 2))


def test_a_deep_copy_shares_nothing_and_computes_the_same():
    net = Net().eval()
    twin = copy.deepcopy(net)
    x = tg.randn(2, 1, 4, 4)
    assert bool((net(x) == twin(x)).all())
    with tg.no_grad():
        twin.conv.weight.zero_()
        twin.norm.running_mean.fill_(7.0)
    assert float(net.conv.weight.detach().abs().sum()) > 0
    assert float(net.norm.running_mean.abs().sum()) == 0
    assert twin.conv.weight.requires_grad


def test_a_deep_copy_keeps_tied_parameters_tied():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    twin = copy.deepcopy(net)
    assert twin[1].weight is twin[0].weight
    assert twin[0].weight is not net[0].weight


def test_a_module_survives_pickling():
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU()).eval()
    twin = pickle.loads(pickle.dumps(net))
    x = tg.randn(2, 1, 4, 4)
    assert bool((net(x) == twin(x)).all())
    assert isinstance(twin[0].weight, nn.Parameter)
    assert twin[0].weight.requires_grad


def test_a_parameter_shares_its_tensors_memory_and_prints_its_kind():
    data = tg.ones(2)
    p = nn.Parameter(data)
    data.fill_(3.0)
    assert p.tolist() == [3.0, 3.0]
    assert repr(p) == "Parameter containing:\ntensor([3., 3.], requires_grad=True)"
    assert p.is_leaf
    assert type(p * 2) is tg.Tensor
    assert not nn.Parameter(tg.ones(1), requires_grad=False).requires_grad
    p.note = "tags are allowed"


def test_a_parameter_is_made_of_a_floating_point_tensor():
    with pytest.raises(errors.ArgumentTypeError, match="Parameter: data is a list, not a Tensor"):
        nn.Parameter([1.0])
    with pytest.raises(errors.DTypeError, match="only floating-point tensors have gradients"):
        nn.Parameter(tg.tensor([1]))


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Module: this module has no forward. Define forward"):
        nn.Module()(1)


def test_a_call_without_hooks_hands_arguments_and_results_through_untouched():
    class Echo(nn.Module):
        def forward(self, *args, **kwargs):
            return args, kwargs
    x = object()
    args, kwargs = Echo()(x, 2, key=x)
    assert args == (x, 2) and kwargs == {"key": x}


def test_extra_repr_of_several_lines_and_submodules_are_indented():
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.ReLU())

        def extra_repr(self):
            return "first\nsecond"
    assert repr(Wide()) == "Wide(\n  first\n  second\n  (inner): Sequential(\n    (0): ReLU()\n  )\n)"
    assert repr(nn.Module()) == "Module()"


def test_an_optimizers_parameters_stay_the_modules_after_a_move():
    layer = nn.Linear(2, 2)
    weight = layer.weight
    layer.to(tg.float64)
    layer(tg.ones(1, 2, dtype=tg.float64)).sum().backward()
    assert weight is layer.weight and weight.grad.dtype == tg.float64


def test_assigned_module_lists_that_are_plain_lists_are_not_registered():
    module = nn.Module()
    module.layers = [nn.Linear(1, 1)]
    assert list(module.parameters()) == []
