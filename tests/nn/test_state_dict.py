"""State dicts: what is in them, what is refused, and that a refusal changes nothing."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import errors, nn


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def same(a, b):
    return list(a) == list(b) and all(np.array_equal(a[k].numpy(), b[k].numpy()) for k in a)


def test_keys_are_the_paths_in_pytorchs_order():
    assert list(network().state_dict()) == [
        "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
        "3.weight", "3.bias"]


def test_the_values_share_memory_with_the_module_and_have_no_graph():
    net = network()
    state = net.state_dict()
    assert not any(value.requires_grad for value in state.values())
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    with tg.no_grad():
        net[0].bias.fill_(5.0)
    assert state["0.bias"].tolist() == [5.0, 5.0]


def test_loading_makes_two_networks_compute_the_same():
    a, b = network().eval(), network().eval()
    a[1].running_mean.fill_(0.3)
    weight = b[0].weight
    report = b.load_state_dict(a.state_dict())
    x = tg.randn(2, 1, 4, 4)
    assert bool((a(x) == b(x)).all())
    assert b[0].weight is weight
    assert repr(report) == "<All keys matched successfully>"
    with tg.no_grad():
        a[0].weight.zero_()
    assert float(b[0].weight.detach().abs().sum()) > 0


def test_a_state_dict_that_does_not_fit_is_refused_in_one_message_and_changes_nothing():
    net = network()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    state = {key: value + 1 for key, value in before.items()}
    del state["3.bias"], state["1.running_var"]
    state["4.weight"] = tg.ones(1)
    state["3.scale"] = tg.ones(1)
    state["0.weight"] = tg.ones(2, 1, 5, 5)
    with pytest.raises(errors.StateDictError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "load_state_dict: the state dict does not fit Sequential; nothing was changed.\n"
        "  missing (2): 1.running_var, 3.bias\n"
        "  unexpected (2): 4.weight, 3.scale\n"
        "  wrong (1): 0.weight is (2, 1, 5, 5) in the state dict but (2, 1, 3, 3) in the module\n"
        "Pass strict=False to leave out what is missing or unexpected; shapes must agree all the same.")
    assert same(before, net.state_dict())


def test_without_strict_what_fits_is_loaded_and_the_rest_reported():
    net = network()
    state = {"3.bias": tg.ones(3), "5.weight": tg.ones(2)}
    missing, unexpected = net.load_state_dict(state, strict=False)
    assert unexpected == ["5.weight"]
    assert "3.bias" not in missing and "3.weight" in missing
    assert net[3].bias.tolist() == [1.0, 1.0, 1.0]


def test_a_wrong_shape_is_refused_without_strict_too():
    with pytest.raises(RuntimeError, match=r"3.bias is \(4,\) in the state dict but \(3,\) in the module\nMake the"):
        network().load_state_dict({"3.bias": tg.ones(4)}, strict=False)


def test_a_common_prefix_is_recognised():
    state = {f"module.{key}": value for key, value in network().state_dict().items()}
    with pytest.raises(errors.StateDictError, match=r"would fit without their prefix 'module.': \{key.removeprefix"):
        network().load_state_dict(state)


def test_numpy_arrays_and_other_dtypes_are_taken_and_cast():
    layer = nn.Linear(2, 2)
    layer.load_state_dict({"weight": np.array([[1.0, 2.0], [3.0, 4.0]]), "bias": tg.tensor([1, 2])})
    assert layer.weight.dtype == tg.float32 and layer.weight.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert layer.bias.tolist() == [1.0, 2.0]


def test_a_value_that_is_no_array_is_refused():
    with pytest.raises(errors.StateDictError, match="bias is a str that no tensor can be made of"):
        nn.Linear(2, 2).load_state_dict({"weight": tg.ones(2, 2), "bias": "many"})
    with pytest.raises(errors.ArgumentTypeError, match="state_dict is a list, not a mapping"):
        nn.Linear(2, 2).load_state_dict([])


def test_assign_takes_the_tensors_themselves_with_their_dtype():
    layer = nn.Linear(2, 2)
    layer.weight.requires_grad_(False)
    weight = tg.ones(2, 2, dtype=tg.float64)
    layer.load_state_dict({"weight": weight, "bias": tg.ones(2, dtype=tg.float64)}, assign=True)
    assert isinstance(layer.weight, nn.Parameter) and layer.weight.dtype == tg.float64
    assert not layer.weight.requires_grad and layer.bias.requires_grad
    weight.fill_(2.0)
    assert layer.weight.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_batch_norm_reads_older_dicts_without_a_count():
    layer = nn.BatchNorm1d(2)
    layer.num_batches_tracked.fill_(4)
    plain = {key: value for key, value in nn.BatchNorm1d(2).state_dict().items() if key != "num_batches_tracked"}
    layer.load_state_dict(plain)
    assert int(layer.num_batches_tracked) == 4
    ours = nn.BatchNorm1d(2).state_dict()
    del ours["num_batches_tracked"]                         # a dict of this version lacks it by mistake
    with pytest.raises(errors.StateDictError, match=r"missing \(1\): num_batches_tracked"):
        layer.load_state_dict(ours)


def test_extra_state_goes_along():
    class Counting(nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]
    net = nn.Sequential(Counting())
    net[0].count = 3
    state = net.state_dict()
    assert state["0._extra_state"] == {"count": 3}
    other = nn.Sequential(Counting())
    other.load_state_dict(state)
    assert other[0].count == 3
    with pytest.raises(errors.StateDictError, match=r"missing \(1\): 0._extra_state"):
        other.load_state_dict({})


def test_hooks_can_rename_keys_and_forgive_missing_ones():
    layer = nn.Linear(2, 2)

    def rename(module, state, prefix, *_):
        state[prefix + "weight"] = state.pop(prefix + "kernel")
    layer.register_load_state_dict_pre_hook(rename)
    handle = layer.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    layer.load_state_dict({"kernel": tg.ones(2, 2)})
    assert layer.weight.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    handle.remove()
    with pytest.raises(errors.StateDictError, match=r"missing \(1\): bias"):
        layer.load_state_dict({"kernel": tg.ones(2, 2)})


def test_hooks_see_and_change_the_saved_dict():
    layer = nn.Linear(1, 1)
    seen = []
    layer.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append(prefix))
    layer.register_state_dict_post_hook(lambda module, state, prefix, meta: state.pop(prefix + "bias"))
    assert list(nn.Sequential(layer).state_dict()) == ["0.weight"]
    assert seen == ["0."]


def test_loading_into_weights_that_a_graph_has_saved_makes_its_backward_refuse():
    layer = nn.Linear(2, 2)
    x = tg.ones(1, 2, requires_grad=True)
    y = layer(x).sum()
    layer.load_state_dict({"weight": tg.zeros(2, 2), "bias": tg.zeros(2)})
    with pytest.raises(errors.StaleValueError):
        y.backward()
