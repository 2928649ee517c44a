"""Recording on and off, inference, anomalies, saved-tensor hooks: in their block and their thread, nowhere else."""
import threading

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.autograd import differentiate, views


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0], requires_grad=True)


def test_no_grad_records_nothing_and_enable_grad_does_again(x):
    with tg.no_grad():
        assert not (x * 2).requires_grad
        with tg.enable_grad():
            assert (x * 2).requires_grad
        assert not tg.is_grad_enabled()
    assert (x * 2).requires_grad


def test_no_grad_is_a_decorator_with_and_without_parentheses(x):
    @tg.no_grad()
    def f():
        return x * 2

    @tg.no_grad
    def g():
        return x * 2
    assert not f().requires_grad and not g().requires_grad


def test_no_grad_on_a_generator_covers_its_body_only(x):
    @tg.no_grad()
    def values():
        for _ in range(2):
            yield (x * 2).requires_grad
    for inside in values():
        assert not inside and tg.is_grad_enabled()


def test_set_grad_enabled_works_at_once_and_as_a_block(x):
    tg.set_grad_enabled(False)
    assert not tg.is_grad_enabled()
    tg.set_grad_enabled(True)
    with tg.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert tg.is_grad_enabled()


def test_the_mode_is_restored_after_an_error():
    with pytest.raises(ZeroDivisionError), tg.no_grad():
        raise ZeroDivisionError
    assert tg.is_grad_enabled()


def test_the_mode_belongs_to_one_thread():
    seen = []
    with tg.no_grad():
        thread = threading.Thread(target=lambda: seen.append(tg.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_inference_tensors_refuse_to_be_saved_for_a_gradient(x):
    with tg.inference_mode():
        y = tg.ones(2) * 3
    assert (y + 1).tolist() == [4.0, 4.0]
    with pytest.raises(tg.errors.StaleValueError, match="inference"):
        x * y
    with pytest.raises(tg.errors.InPlaceError, match="inference"):
        y.add_(1)
    assert (x * y.clone()).requires_grad


def test_a_write_in_inference_mode_is_noticed_by_tensors_outside(x):
    a = x * 1
    y = a * a
    with tg.inference_mode():
        a[0].mul_(5)
    with pytest.raises(tg.errors.StaleValueError):
        y.sum().backward()


def test_anomaly_mode_names_the_op_and_the_user_s_line():
    x = tg.tensor([0.0], requires_grad=True)
    with tg.autograd.detect_anomaly():
        y = (x * 0).sqrt() * 0
        with pytest.raises(tg.errors.AnomalyError, match=r"test_modes.py:\d+"):
            y.sum().backward()


def test_errors_in_the_pass_name_the_line_in_anomaly_mode(x):
    with tg.autograd.detect_anomaly():
        y = x * x
    with tg.no_grad():
        x.add_(1)
    with pytest.raises(tg.errors.StaleValueError, match=r"mul \(called at .*test_modes.py:\d+\)"):
        y.sum().backward()


def test_pytorchs_places_of_the_hooks_and_the_checks_lead_here():
    assert tg.autograd.graph.saved_tensors_hooks is tg.autograd.saved_tensors_hooks
    assert tg.autograd.gradcheck is tg.testing.gradcheck and tg.autograd.gradgradcheck is tg.testing.gradgradcheck


def test_saved_tensors_hooks_pack_and_unpack(x):
    packed = []

    def pack(t):
        packed.append(t)
        return len(packed) - 1
    with tg.autograd.saved_tensors_hooks(pack, lambda k: packed[k]):
        y = (x * x).exp()
    assert len(packed) == 3
    y.sum().backward()
    expected = 2 * x.detach() * (x.detach() ** 2).exp()
    assert tg.allclose(x.grad, expected)


def test_saved_tensors_hooks_keep_second_derivatives_right():
    x = tg.tensor([0.5, 0.7], dtype=tg.float64, requires_grad=True)

    def f(x):
        with tg.autograd.saved_tensors_hooks(lambda t: t.numpy(), tg.from_numpy):
            return (x * x).exp() * x
    assert tg.testing.gradgradcheck(f, x)


def test_an_unpack_hook_that_returns_no_tensor_is_refused(x):
    with tg.autograd.saved_tensors_hooks(lambda t: t, lambda t: None):
        y = x * x
    with pytest.raises(tg.errors.ArgumentError, match="unpack_hook gave NoneType"):
        y.sum().backward()


@pytest.mark.parametrize("inputs, step", [(False, 1), (True, 1), (True, 3)])
def test_ctrl_c_when_a_backward_pass_has_just_turned_recording_off_does_not_leave_it_off(x, monkeypatch, inputs, step):
    calls, set_mode = [], differentiate.set_mode

    def interrupted(mode):
        set_mode(mode)
        calls.append(mode)
        if len(calls) == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(differentiate, "set_mode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        (x * 2).sum().backward(inputs=[x] if inputs else None)
    assert calls[step - 1] is False and tg.is_grad_enabled()


def test_ctrl_c_when_a_view_has_just_turned_recording_on_does_not_leave_it_on(x, monkeypatch):
    base = x * 1
    view = base[:1]
    base.mul_(2)
    set_mode = views.set_mode

    def interrupted(mode):
        set_mode(mode)
        monkeypatch.setattr(views, "set_mode", set_mode)
        raise KeyboardInterrupt

    monkeypatch.setattr(views, "set_mode", interrupted)
    with tg.no_grad():
        with pytest.raises(KeyboardInterrupt):
            repr(view.edge)
        assert not tg.is_grad_enabled()
