"""`record` sees every step of the engine, changes none of them, and costs nothing where it is not used."""
import contextlib
import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.strict import strict_device
from tinygrad_cnn import nn
from tinygrad_cnn.autograd import modes, sweep
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError, GradError, StaleValueError
from tinygrad_cnn.utils.checkpoint import checkpoint


def kinds(tape, kind):
    return [event for event in tape.events if event.kind == kind]


def names(tape):
    return [tensor.name for tensor in tape.tensors]


def lenet_gradients(watched):
    """The gradients of LeNet after one batch, with or without a recorder."""
    tg.manual_seed(3)
    model = nn.models.lenet()
    x, labels = tg.randn(4, 3, 32, 32), tg.tensor([1, 2, 3, 4])
    with tg.teach.record(model) if watched else contextlib.nullcontext():
        nn.functional.cross_entropy(model(x), labels).backward()
    return [p.grad.numpy() for p in model.parameters()]


# ---- nothing is recorded, and nothing is paid, where it is not used -------------------------------------------------

def test_without_a_recorder_nothing_asks_for_one(monkeypatch):
    asked = []
    monkeypatch.setattr(modes.Watch, "tape", property(lambda self: asked.append(1)))
    lenet_gradients(watched=False)
    with tg.no_grad():
        nn.Linear(2, 2)(tg.ones(2, 2))
    assert not asked


def test_without_a_recorder_no_line_of_this_room_runs():
    room = []

    def watch(frame, event, argument):
        if event == "call" and "teach" in frame.f_code.co_filename.replace("\\", "/").split("/")[:-1][-1:]:
            room.append(frame.f_code.co_name)

    model, x = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU()), tg.ones(1, 1, 5, 5)
    here = sys.getprofile()
    sys.setprofile(watch)
    try:
        model(x).sum().backward()
    finally:
        sys.setprofile(here)
    assert room == []


def test_without_a_recorder_the_backward_pass_is_the_plain_one(monkeypatch):
    made = []
    plain = sweep.Pass.__init__
    monkeypatch.setattr(sweep.Pass, "__init__", lambda self, *args: (made.append(type(self)), plain(self, *args))[1])
    x = tg.ones(2, requires_grad=True)
    (x * x).sum().backward()
    tg.autograd.grad((x * x).sum(), x)
    assert made == [sweep.Pass, sweep.Pass]


@pytest.mark.parametrize("source", ["autograd/fast.py", "autograd/graph.py"])
def test_the_fast_path_does_not_know_of_recorders(source):
    import pathlib
    text = (pathlib.Path(tg.__file__).parent / source).read_text(encoding="utf-8")
    assert "tape" not in text
    assert "teach" not in text


def test_the_core_does_not_load_this_room():
    import subprocess
    program = ("import sys, tinygrad_cnn as tg; x = tg.ones(2, requires_grad=True); (x * x).sum().backward(); "
               "print([m for m in sys.modules if 'teach' in m or 'reprs' in m])")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- it changes nothing ---------------------------------------------------------------------------------------------

def test_recorded_gradients_are_those_of_an_unrecorded_run_bit_for_bit():
    for ours, plain in zip(lenet_gradients(True), lenet_gradients(False)):
        np.testing.assert_array_equal(ours, plain)


def test_every_mode_is_as_before_after_the_block_even_if_it_raised():
    before = modes.get_mode()
    with pytest.raises(ZeroDivisionError), tg.teach.record():
        raise ZeroDivisionError
    assert modes.get_mode() is before


def test_the_modules_have_no_hooks_left_after_the_block():
    model = nn.Sequential(nn.Linear(2, 2))
    with tg.teach.record(model):
        model(tg.ones(1, 2))
    assert not any(module._hooks for module in model.modules())


def test_no_grad_and_anomaly_detection_work_inside():
    x = tg.tensor([-1.0], requires_grad=True)
    with tg.teach.record() as tape:
        with tg.no_grad():
            assert not (x * 2).requires_grad
        with tg.autograd.detect_anomaly(), pytest.raises(tg.errors.AnomalyError, match="sqrt"):
            x.sqrt().sum().backward()
    assert [event.op for event in kinds(tape, "op")] == ["mul", "sqrt", "sum"]


def test_a_stale_value_is_refused_inside_as_outside():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record():
        h = x * 2
        y = (h * h).sum()
        h.add_(1)
        with pytest.raises(StaleValueError, match="add_"):
            y.backward()


def test_checkpointing_works_inside():
    x = tg.tensor([0.5, 1.0], requires_grad=True)
    with tg.teach.record():
        checkpoint(lambda t: t.sin().exp(), x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.cos([0.5, 1]) * np.exp(np.sin([0.5, 1])), rtol=1e-6)


def test_inference_mode_works_inside():
    x = tg.ones(2)
    with tg.teach.record() as tape, tg.inference_mode():
        x * 2 + 1
    assert [event.op for event in kinds(tape, "op")] == ["mul", "add"]


def test_writes_in_place_are_recorded_and_differentiated():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.teach.record() as tape:
        h = x * 1
        h.mul_(3)
        h[0] = 5.0
        h.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 3])
    assert tape.values[kinds(tape, "grad")[0].value].array.tolist() == [0, 3]


# ---- what it sees ---------------------------------------------------------------------------------------------------

def test_every_call_of_an_op_has_the_path_of_the_layer_that_made_it():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))
    with tg.teach.record(model) as tape:
        model(tg.ones(1, 2)).sum()
    paths = [(event.op, event.module) for event in kinds(tape, "op")]
    assert paths == [("linear", "0"), ("relu", "1.0"), ("sum", None)]
    assert [event.module for event in kinds(tape, "enter")] == ["", "0", "1", "1.0"]


def test_a_layer_that_raises_is_left_again():
    model = nn.Sequential(nn.Linear(2, 3))
    with tg.teach.record(model) as tape:
        with pytest.raises(tg.errors.ShapeError):
            model(tg.ones(1, 5))
        tg.ones(1) * 2
    assert len(kinds(tape, "enter")) == len(kinds(tape, "leave"))
    assert kinds(tape, "op")[-1].module is None


def test_names_come_from_the_user_then_the_module_then_the_variable():
    model = nn.Linear(2, 2)
    x, other = tg.ones(1, 2), tg.ones(1, 2)
    with tg.teach.record(model, names={"given": other}) as tape:
        h = model(x)
        h * other
    assert names(tape) == ["x", "weight", "bias", "h", "given", None]


def test_a_variable_that_holds_several_tensors_numbers_them():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        x * 1
        x = x * 2
        x = x * 3
        x.sum()
    assert [tape.label(operand["tensor"]) for event in kinds(tape, "op") for operand in event.inputs
            if "tensor" in operand] == ["x", "x", "x₂", "x₃"]


def test_the_visits_follow_the_engine_newest_first():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        (x.exp() + x.sin()).sum().backward()
    assert [event.op for event in kinds(tape, "visit")] == ["sum", "add", "sin", "exp"]
    assert [tape.events[event.call].step for event in kinds(tape, "visit")] == [4, 3, 2, 1]


def test_sums_over_broadcast_axes_casts_and_additions_are_events_of_their_own():
    a, b = tg.ones(2, 3, requires_grad=True), tg.ones(3, dtype=tg.float64, requires_grad=True)
    with tg.teach.record() as tape:
        (a * b).sum().backward()
    (event,) = kinds(tape, "sum_to")
    assert (tape.label(event.tensor), event.before, event.after) == ("b", (2, 3), (3,))
    (event,) = kinds(tape, "cast")
    assert (tape.label(event.tensor), event.before, event.after) == ("a", "float64", "float32")
    assert [event.arrival for event in kinds(tape, "add")] == [1, 1, 1]


def test_an_arrival_counts_up_where_gradients_meet():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        (x * x + x).backward()
    arrivals = [(tape.label(event.tensor), event.arrival, tape.values[event.value].array.item())
                for event in kinds(tape, "add") if tape.label(event.tensor) == "x"]
    assert arrivals == [("x", 1, 1.0), ("x", 2, 3.0), ("x", 3, 5.0)]


def test_grad_is_told_apart_from_backward_and_adds_into_no_grad():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        tg.autograd.grad(x * x, x)
    assert kinds(tape, "backward")[0].name == "grad"
    assert tape.values[kinds(tape, "found")[0].value].array.item() == 4
    assert not kinds(tape, "grad")


def test_values_are_those_of_the_moment_not_of_later():
    x = tg.ones(2)
    with tg.teach.record() as tape:
        x * 2
        x.fill_(7)
        x * 2
    first, last = (tape.values[tape.tensors[event.inputs[0]["tensor"]].value].array.tolist()
                   for event in (kinds(tape, "op")[0], kinds(tape, "op")[-1]))
    assert (first, last) == ([1, 1], [7, 7])


def test_large_arrays_are_summarised_above_the_limit():
    x = tg.arange(10, dtype=tg.float32)
    with tg.teach.record(limit=9) as tape:
        x[:9] * 2
    values = [tape.values[tensor.value] for tensor in tape.tensors]
    assert values[0].array is None
    assert values[0].summary == {"min": 0, "max": 9, "mean": 4.5, "norm": pytest.approx(285 ** 0.5), "nan": 0, "inf": 0}
    assert values[1].array.tolist() == list(range(9))


def test_a_tape_holds_no_graph():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        y = (x * x).sum()
    node = weakref.ref(y.grad_fn)
    del y
    gc.collect()
    assert node() is None
    assert len(kinds(tape, "op")) == 2


def test_another_thread_is_not_recorded():
    x = tg.ones(2)
    with tg.teach.record() as tape:
        thread = threading.Thread(target=lambda: x * 2)
        thread.start()
        thread.join()
    assert tape.events == []


def test_several_outputs_are_numbered_and_their_gradients_collected():
    x = tg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    with tg.teach.record() as tape:
        parts = x.split(1)
        (parts[0] * 2).sum().backward()
    assert [tape.label(number) for number in kinds(tape, "op")[0].outputs] == ["v1.0", "v1.1"]
    last = kinds(tape, "visit")[-1]
    assert last.op == "split"
    np.testing.assert_array_equal(x.grad.numpy(), [[2, 2], [0, 0]])


def test_it_records_on_a_device_that_is_not_numpy():
    device = strict_device()
    x = tg.ones(2, 3).to(device).requires_grad_()
    with tg.teach.record() as tape:
        (x * x).sum().backward()
    assert tape.values[kinds(tape, "grad")[0].value].array.tolist() == [[2, 2, 2], [2, 2, 2]]
    assert type(tape.values[0].array) is np.ndarray


# ---- arguments ------------------------------------------------------------------------------------------------------

def test_a_recording_inside_another_is_refused():
    with tg.teach.record(), pytest.raises(GradError, match="recording already"), tg.teach.record():
        pass


@pytest.mark.parametrize("model", [3, "net", nn.Linear])
def test_a_model_that_is_none_is_refused(model):
    with pytest.raises(ArgumentTypeError, match="record: model is a"):
        tg.teach.record(model)


@pytest.mark.parametrize(("given", "error", "words"), [
    ({"x": 3}, ArgumentTypeError, "'x' is given a int"), ({"": tg.ones(1)}, ArgumentError, "a name in names is empty"),
    (3, ArgumentTypeError, "names is a int. Give a mapping"),
], ids=["no tensor", "no name", "no mapping"])
def test_names_that_name_nothing_are_refused(given, error, words):
    with pytest.raises(error, match=words), tg.teach.record(names=given):
        pass


@pytest.mark.parametrize("limit", [0, -1, 2.5, True])
def test_a_limit_that_keeps_nothing_is_refused(limit):
    with pytest.raises(ArgumentError, match="record: limit is"), tg.teach.record(limit=limit):
        pass


def test_variables_that_begin_with_an_underscore_name_nothing():
    _1 = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        _1 * 2
    assert tape.label(0) == "leaf0"


def test_gradients_of_chosen_inputs_only_are_recorded():
    a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(3.0, requires_grad=True)
    with tg.teach.record() as tape:
        (a * b).backward(inputs=[a])
    assert [tape.label(event.tensor) for event in kinds(tape, "rule")] == ["a"]
    assert [tape.label(event.tensor) for event in kinds(tape, "grad")] == ["a"]
    assert a.grad.item() == 3
    assert b.grad is None


def test_a_kept_gradient_of_a_computed_tensor_is_kept_while_recording():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        h = x * 3
        h.retain_grad()
        (h * h).backward()
    assert (h.grad.item(), x.grad.item()) == (12, 36)
    assert [tape.label(event.tensor) for event in kinds(tape, "grad")] == ["h", "x"]
    assert [tape.values[event.value].array.item() for event in kinds(tape, "grad")] == [12, 36]
