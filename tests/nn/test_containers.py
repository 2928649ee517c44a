"""Containers: order, names, Python's list and dict manners, and refusals."""
from collections import OrderedDict

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn


def kinds(modules):
    return "".join(type(m).__name__[0] for m in modules)


def test_sequential_runs_its_modules_in_turn():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = tg.randn(4, 2)
    assert bool((net(x) == net[2](net[1](net[0](x)))).all())


def test_sequential_takes_names():
    net = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 3), act=nn.ReLU()))
    assert list(net.state_dict()) == ["conv.weight", "conv.bias"]
    assert net.act is net[1]


def test_sequential_is_indexed_sliced_changed_and_joined_like_a_list():
    net = nn.Sequential(nn.ReLU(), nn.Sigmoid(), nn.Tanh())
    assert kinds(net) == "RST" and len(net) == 3 and net[-1] is net[2]
    assert kinds(net[1:]) == "ST" and isinstance(net[1:], nn.Sequential)
    net[1] = nn.ELU()
    assert kinds(net) == "RET"
    net.insert(1, nn.Mish())
    assert kinds(net) == "RMET" and list(net._modules) == ["0", "1", "2", "3"]
    assert kinds([net.pop(1)]) == "M" and kinds(net) == "RET"
    del net[0]
    assert kinds(net) == "ET" and list(net._modules) == ["0", "1"]
    assert kinds(net + net) == "ETET" and kinds(net * 2) == "ETET" and kinds(2 * net) == "ETET"
    net += nn.Sequential(nn.GELU())
    assert kinds(net.append(nn.ReLU())) == "ETGR"
    net *= 2
    assert kinds(net) == "ETGRETGR"


@pytest.mark.parametrize("call,error,message", [
    (lambda: nn.Sequential(nn.ReLU())[1], IndexError, "Sequential: index 1 is out of range for 1 entries"),
    (lambda: nn.Sequential(nn.ReLU())["a"], errors.ArgumentTypeError, "'a' is not an index"),
    (lambda: nn.Sequential(lambda x: x), errors.ArgumentTypeError, "'0' is a function, not a Module or None"),
    (lambda: nn.Sequential(nn.ReLU()) + nn.ReLU(), errors.ArgumentTypeError, "joins two Sequentials, not a ReLU"),
    (lambda: nn.Sequential(nn.ReLU()) * 0, errors.ArgumentTypeError, "positive integer, not 0"),
    (lambda: nn.ModuleList()[0], errors.TensorIndexError, "ModuleList: index 0 of an empty one"),
    (lambda: nn.ModuleList(3), errors.ArgumentTypeError, "extend takes an iterable of modules, not a int"),
    (lambda: nn.ModuleDict([1]), errors.ArgumentTypeError, "neither a mapping nor an iterable of"),
    (lambda: nn.ModuleDict({"a": 1}), errors.ArgumentTypeError, "'a' is a int, not a Module"),
    (lambda: nn.ModuleDict({"keys": nn.ReLU()}), errors.ArgumentError, "already has an attribute 'keys'"),
    (lambda: nn.ParameterList([tg.ones(1)])[2], errors.TensorIndexError, "index 2 is out of range for 1 entries"),
    (lambda: nn.ModuleDict()["a"], KeyError, "a"), (lambda: nn.ParameterDict()["a"], KeyError, "a")])
def test_containers_refuse_what_they_cannot_hold_or_have_not(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_module_list_registers_what_it_holds():
    layers = nn.ModuleList([nn.Linear(2, 2)])
    layers.append(nn.Linear(2, 3)).extend([nn.ReLU()])
    layers += [nn.Tanh()]
    layers.insert(0, nn.Identity())
    assert kinds(layers) == "ILLRT"
    assert list(layers.state_dict()) == ["1.weight", "1.bias", "2.weight", "2.bias"]
    assert kinds(layers[1:3]) == "LL" and isinstance(layers[1:3], nn.ModuleList)
    assert kinds(layers + [nn.ELU()]) == "ILLRTE"
    del layers[1:3]
    assert kinds(layers) == "IRT"
    with pytest.raises(NotImplementedError):
        layers(tg.ones(1))


def test_module_dict_registers_what_it_holds():
    heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
    heads["b"] = nn.ReLU()
    heads.update([("c", nn.Tanh())])
    assert list(heads) == ["a", "b", "c"] and len(heads) == 3 and "b" in heads
    assert list(heads.state_dict()) == ["a.weight", "a.bias"]
    assert heads.pop("c") is not None
    del heads["b"]
    assert list(heads.keys()) == ["a"] and list(heads.values()) == [heads["a"]]
    assert list(heads.items()) == [("a", heads["a"])]
    heads.clear()
    assert len(heads) == 0


def test_parameter_list_makes_parameters_and_keeps_other_values():
    row = nn.ParameterList([tg.ones(2), nn.Parameter(tg.ones(3))])
    row.append("a note")
    row[0] = tg.zeros(4)
    assert [name for name, _ in row.named_parameters()] == ["0", "1"]
    assert row[0].shape == (4,) and row[-1] == "a note" and len(row) == 3 and len(list(row)) == 3
    assert len(row[:2]) == 2
    assert repr(row) == ("ParameterList(\n    (0): Parameter containing: [tinygrad_cnn.float32 of size 4]\n"
                         "    (1): Parameter containing: [tinygrad_cnn.float32 of size 3]\n"
                         "    (2): Object of type: str\n)")


def test_parameter_dict_makes_parameters_and_behaves_like_a_dict():
    bag = nn.ParameterDict({"a": tg.ones(2)})
    bag["b"] = nn.Parameter(tg.ones(1))
    assert [name for name, _ in bag.named_parameters()] == ["a", "b"]
    assert bag.get("c") is None and bag.setdefault("c", tg.ones(1)).requires_grad
    assert list(bag) == ["a", "b", "c"] and list(reversed(bag)) == ["c", "b", "a"] and "a" in bag
    assert bag.popitem()[0] == "c" and bag.pop("b").shape == (1,)
    merged = bag | {"z": tg.ones(1)}
    assert list(merged.keys()) == ["a", "z"] and list(bag.keys()) == ["a"]
    assert merged["a"] is bag["a"] and len(merged.values()) == 2
    bag.clear()
    assert len(bag) == 0 and not list(bag.parameters())


def test_data_parallel_calls_its_module_and_prefixes_its_keys():
    inner = nn.Linear(3, 2)
    outer = nn.DataParallel(inner)
    x = tg.ones(1, 3)
    assert outer(x).tolist() == inner(x).tolist()
    assert list(outer.state_dict()) == ["module.weight", "module.bias"]
