"""What the engine does by itself is on the tape as well, and what is used under no name of its own gets one."""
import tinygrad_cnn as tg
from tests.teach.test_record import kinds, names


def test_a_write_through_a_view_is_a_step_of_its_own_and_nothing_stands_without_its_call():
    x = tg.ones(2, 3, requires_grad=True)
    with tg.teach.record() as tape:
        y = x * 1
        y[0] = 7.0
        y[:, 1] *= 2
        y.sum().backward()
    ops = [event.op for event in kinds(tape, "op")]
    assert ops == ["mul", "getitem", "copy", "put", "getitem", "mul", "put", "getitem", "getitem", "copy", "put", "sum"]
    assert all(event.call is not None for event in kinds(tape, "visit"))
    assert all(tensor.step is not None for tensor in tape.tensors if tensor.kind == "computed")
    assert x.grad.tolist() == [[0, 0, 0], [1, 2, 1]]


def test_a_thousand_writes_through_one_view_are_recorded_without_recursion():
    x = tg.ones(2, requires_grad=True)
    with tg.teach.record() as tape:
        y = x * 1
        part = y[:1]
        for _ in range(1100):
            part.mul_(1.0)
        y.sum().backward()
    assert sum(event.op == "put" for event in kinds(tape, "op")) == 1100
    assert x.grad.tolist() == [1, 1]


def test_what_detach_returned_is_called_so():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.teach.record() as tape:
        h = w * 2
        (h * h.detach()).sum().backward()
    assert "h.detach()" in names(tape)


def test_the_gradient_a_recorded_pass_starts_with_has_a_name():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        (slope,) = tg.autograd.grad(x ** 3, x, create_graph=True)
        tg.autograd.grad(slope, x)
    assert "start" in names(tape) and slope.item() == 12


def test_a_step_of_descent_by_hand_names_the_gradient():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.teach.record() as tape:
        (w * w).sum().backward()
        with tg.no_grad():
            w -= 0.5 * w.grad
    assert "w.grad" in names(tape) and w.tolist() == [0, 0]


def test_a_variable_called_g_does_not_take_the_name_of_the_arriving_gradient():
    x = tg.tensor(2.0, requires_grad=True)
    with tg.teach.record() as tape:
        g = x * 3
        g.backward()
    assert names(tape) == ["x", "g₁"]
