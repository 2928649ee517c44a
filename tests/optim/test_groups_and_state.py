"""Parameter groups, state dicts, and the errors of both."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, DTypeError, StateDictError
from tinygrad_cnn.optim import SGD, Adam, AdamW, RMSprop

ALL = [SGD, Adam, AdamW, RMSprop]


def parameter(values=(1.0, -2.0), grad=None):
    p = tg.tensor(list(values), requires_grad=True)
    if grad is not None:
        p.grad = tg.tensor(list(grad))
    return p


def test_groups_have_options_of_their_own():
    p, q = parameter([1.0], [1.0]), parameter([1.0], [1.0])
    SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.25).step()
    assert (p.item(), q.item()) == (0.75, 0.5)


def test_a_group_added_later_takes_the_defaults():
    p, q = parameter([1.0], [1.0]), parameter([1.0], [1.0])
    optimizer = SGD([p], lr=0.25)
    optimizer.add_param_group({"params": [q]})
    optimizer.step()
    assert q.item() == 0.75


def test_adding_a_group_leaves_the_callers_dict_alone():
    group = {"params": parameter()}
    SGD([parameter()]).add_param_group(group)
    assert list(group) == ["params"]


def test_named_parameters_keep_their_names():
    p = parameter()
    optimizer = SGD([("weight", p)])
    assert optimizer.param_groups[0]["params"] == [p]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight"]


def test_repr_lists_the_options_of_each_group():
    text = repr(SGD([{"params": [parameter()]}, {"params": [parameter()], "lr": 0.5}], lr=0.1))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n")
    assert "    lr: 0.1\n" in text
    assert "Parameter Group 1\n" in text
    assert "    lr: 0.5\n" in text
    assert text.endswith("\n)")


def test_an_empty_list_of_parameters_is_refused():
    with pytest.raises(ArgumentError, match=r"SGD: the list of parameters is empty.*call it again"):
        SGD([])


def test_a_tensor_instead_of_a_list_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"Adam: params is a Tensor\. Give a list"):
        Adam(parameter())


def test_what_is_no_tensor_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"SGD: parameter 1 is a float"):
        SGD([parameter(), 0.5])


def test_an_integer_tensor_is_refused():
    with pytest.raises(DTypeError, match=r"SGD: parameter 0 is tinygrad_cnn\.int64\. Give floating-point"):
        SGD([tg.tensor([1, 2])])


def test_a_computed_tensor_is_refused():
    with pytest.raises(ArgumentError, match=r"SGD: parameter 0 \(shape \(2,\)\) was computed.*Optimize leaves"):
        SGD([parameter() * 2])


def test_a_parameter_given_twice_is_refused():
    p = parameter()
    with pytest.raises(ArgumentError, match=r"SGD: parameter 1 \(shape \(2,\)\) is given twice"):
        SGD([p, p])


def test_a_parameter_in_two_groups_is_refused():
    p = parameter()
    with pytest.raises(ArgumentError, match=r"parameter 0 \(shape \(2,\)\) is given twice"):
        SGD([{"params": [p]}, {"params": [p]}])


def test_a_set_of_parameters_is_refused():
    with pytest.raises(ArgumentTypeError, match=r"in a set, whose order differs from run to run\. Give a list"):
        SGD([{"params": {parameter()}}])


def test_a_group_without_parameters_is_refused():
    with pytest.raises(ArgumentError, match=r"has the keys \['lr'\] but not 'params'"):
        SGD([{"lr": 0.1}])


def test_names_for_some_parameters_only_are_refused():
    with pytest.raises(ArgumentError, match=r"1 of 2 parameters have names\. Name all of them, or none"):
        SGD([("weight", parameter()), parameter()])


def test_names_for_some_groups_only_are_refused():
    with pytest.raises(ArgumentError, match=r"some parameter groups have names and others have none"):
        SGD([{"params": [("weight", parameter())]}, {"params": [parameter()]}])


@pytest.mark.parametrize("kind", ALL)
def test_a_negative_learning_rate_is_refused(kind):
    with pytest.raises(ArgumentError, match=rf"{kind.__name__}: lr is -0\.1\. Give a number of at least 0"):
        kind([parameter()], lr=-0.1)


@pytest.mark.parametrize("kind", ALL)
def test_a_wrong_option_of_a_group_is_refused_too(kind):
    with pytest.raises(ArgumentError, match=r"weight_decay is -1\. Give a number of at least 0"):
        kind([{"params": [parameter()], "weight_decay": -1}])


@pytest.mark.parametrize("value", [float("nan"), "fast", None, True])
def test_a_learning_rate_that_is_no_number_is_refused(value):
    with pytest.raises(ArgumentError, match=r"SGD: lr is"):
        SGD([parameter()], lr=value)


def test_a_tensor_as_learning_rate_is_refused():
    with pytest.raises(ArgumentError, match=r"SGD: lr is a Tensor\. Give a number"):
        SGD([parameter()], lr=tg.tensor(0.1))


@pytest.mark.parametrize("betas", [(1.0, 0.9), (0.9, -0.1)])
def test_betas_outside_their_range_are_refused(betas):
    with pytest.raises(ArgumentError, match=r"Adam: betas\[[01]\] is .*at least 0 and below 1"):
        Adam([parameter()], betas=betas)


def test_betas_that_are_not_two_are_refused():
    with pytest.raises(ArgumentError, match=r"AdamW: betas is 0\.9\. Give two numbers"):
        AdamW([parameter()], betas=0.9)


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_without_momentum_or_with_dampening_is_refused(options):
    with pytest.raises(ArgumentError, match=r"SGD: Nesterov momentum needs a momentum and no dampening"):
        SGD([parameter()], nesterov=True, **options)


def test_a_differentiable_step_is_refused():
    with pytest.raises(ArgumentError, match=r"Adam: differentiable=True is not supported"):
        Adam([parameter()], differentiable=True)


@pytest.mark.parametrize("kind", ALL)
def test_a_loaded_state_goes_on_as_if_nothing_had_happened(kind):
    p, q = parameter(), parameter()
    options = {"momentum": 0.9} if kind in (SGD, RMSprop) else {"amsgrad": True}
    optimizer, twin = kind([p], lr=0.01, **options), kind([q], lr=1.0)
    for k in range(6):
        if k == 3:
            twin.load_state_dict(optimizer.state_dict())
            q.array[...] = p.array
        gradient = [0.5 * k, -1.0]
        p.grad, q.grad = tg.tensor(gradient), tg.tensor(gradient)
        optimizer.step()
        if k >= 3:
            twin.step()
    assert p.tolist() == q.tolist()


def test_the_state_dict_is_a_copy():
    p = parameter(grad=[1.0, 1.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    saved = optimizer.state_dict()
    optimizer.step()
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0, 1.0]


def test_loading_copies_the_state_dict():
    p = parameter(grad=[1.0, 1.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    saved = optimizer.state_dict()
    optimizer.load_state_dict(saved)
    optimizer.step()
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0, 1.0]
    assert saved["param_groups"][0]["params"] == [0]


def test_the_state_dict_has_pytorchs_form():
    p, q = parameter(grad=[1.0, 1.0]), parameter()
    optimizer = Adam([{"params": [q]}, {"params": [p], "lr": 0.5}])
    optimizer.step()
    saved = optimizer.state_dict()
    assert list(saved) == ["state", "param_groups"]
    assert list(saved["state"]) == [1]
    assert list(saved["state"][1]) == ["step", "exp_avg", "exp_avg_sq"]
    assert saved["state"][1]["step"].dtype is tg.float32
    assert saved["state"][1]["step"].shape == ()
    assert [group["params"] for group in saved["param_groups"]] == [[0], [1]]


def test_loaded_averages_take_the_parameters_dtype():
    p = parameter(grad=[1.0, 1.0])
    optimizer = SGD([p], momentum=0.9)
    optimizer.step()
    q = tg.tensor([1.0, 2.0], dtype=tg.float64, requires_grad=True)
    twin = SGD([q], momentum=0.9)
    twin.load_state_dict(optimizer.state_dict())
    assert twin.state[q]["momentum_buffer"].dtype is tg.float64


def test_a_state_dict_with_another_number_of_groups_is_refused():
    saved = SGD([{"params": [parameter()]}, {"params": [parameter()]}]).state_dict()
    with pytest.raises(StateDictError, match=r"has 2 parameter groups but this optimizer has 1"):
        SGD([parameter()]).load_state_dict(saved)


def test_a_state_dict_with_another_number_of_parameters_is_refused():
    saved = SGD([parameter(), parameter()]).state_dict()
    with pytest.raises(StateDictError, match=r"parameter group 0 has 2 parameters in the state dict but 1"):
        SGD([parameter()]).load_state_dict(saved)


def test_a_state_dict_of_other_shapes_is_refused_and_changes_nothing():
    p = parameter(grad=[1.0, 1.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    optimizer.step()
    twin = SGD([parameter([1.0, 2.0, 3.0])], lr=0.7)
    with pytest.raises(StateDictError, match=r"momentum_buffer of parameter 0 has shape \(2,\) but .* has \(3,\)"):
        twin.load_state_dict(optimizer.state_dict())
    assert twin.param_groups[0]["lr"] == 0.7
    assert not twin.state


def test_state_for_an_unknown_parameter_is_refused():
    saved = SGD([parameter()]).state_dict()
    saved["state"][5] = {}
    with pytest.raises(StateDictError, match=r"state for parameter 5, which is in none of its groups"):
        SGD([parameter()]).load_state_dict(saved)


def test_numpy_numbers_are_options_too():
    p = parameter([1.0], [1.0])
    SGD([p], lr=np.float64(0.5)).step()
    assert p.item() == 0.5
    assert p.dtype is tg.float32
