"""In-place writes and views: the right gradient, or a refusal; never a wrong number."""
import numpy as np
import pytest

import tinygrad_cnn as tg


def leaf(values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


def test_writing_into_a_saved_input_raises_and_names_both_ops():
    x = leaf([2.0, 3.0])
    a = x * 1
    y = a * a                                           # Chainer and DeZero give [0, 0] here
    a.zero_()
    with pytest.raises(tg.errors.StaleValueError, match=r"mul saved .* at version 0, but zero_"):
        y.sum().backward()


def test_writing_into_a_saved_output_raises():
    x = leaf([0.0, 1.0])
    y = x.exp()
    z = y * 2
    y.add_(1)
    with pytest.raises(tg.errors.StaleValueError, match=r"exp saved its output.*add_"):
        z.sum().backward()


def test_a_write_after_a_value_nobody_needs_is_fine():
    x = leaf([2.0, 3.0])
    a = x * 2
    y = a + 1
    a.add_(5)
    (y + a).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_in_place_ops_have_the_gradient_of_their_out_of_place_form():
    x = leaf([0.5, 2.0])
    y = x * 1
    y.mul_(3).sin_().add_(x)
    (y * y).sum().backward()
    z = leaf([0.5, 2.0])
    w = (z * 3).sin() + z
    (w * w).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy())


def test_multiplying_in_place_by_itself_raises_rather_than_lies():
    x = leaf([2.0])
    a = x * 1
    a.mul_(a)
    with pytest.raises(tg.errors.StaleValueError):
        a.sum().backward()


def test_writing_through_a_view_gives_the_base_its_history():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = x * 1
    y[0].mul_(10)
    (y * tg.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=tg.float64)).sum().backward()
    assert x.grad.tolist() == [[10.0, 20.0], [3.0, 4.0]]


def test_other_views_see_a_write_and_its_history():
    x = leaf([1.0, 2.0, 3.0])
    y = x * 1
    first, whole = y[:2], y.view(3, 1)
    first.mul_(5)
    assert whole.flatten().tolist() == [5.0, 10.0, 3.0]
    whole.sum().backward()
    assert x.grad.tolist() == [5.0, 5.0, 1.0]


def test_a_view_of_a_view_leads_back_to_the_base():
    x = leaf(np.arange(8.0).reshape(2, 4))
    y = x * 1
    y[1][2:].mul_(3)
    y.sum().backward()
    assert x.grad.tolist() == [[1, 1, 1, 1], [1, 1, 3, 3]]


def test_assignment_into_a_buffer_carries_the_gradient():
    x = leaf([1.0, 2.0])
    out = tg.zeros(3, dtype=tg.float64)
    out[1:] = x * x
    out.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_assignment_cuts_the_gradient_of_what_was_there():
    x = leaf([1.0, 2.0, 3.0])
    y = x * 2
    y[1] = 0
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 2.0]


def test_second_derivative_through_a_write():
    def f(x):
        y = x * x
        y[0].mul_(x[1])
        return y * y
    assert tg.testing.gradcheck(f, leaf([0.7, 1.3]))
    assert tg.testing.gradgradcheck(f, leaf([0.7, 1.3]))


def test_a_leaf_that_requires_grad_is_not_written():
    x = leaf([1.0])
    with pytest.raises(tg.errors.InPlaceError, match="add_: a leaf that requires grad.*no_grad"):
        x.add_(1)
    with pytest.raises(tg.errors.InPlaceError, match="view of a leaf"):
        x[0].add_(1)
    assert x.tolist() == [1.0]


def test_a_leaf_may_be_written_under_no_grad_and_the_write_is_counted():
    x = leaf([1.0])
    y = x * x
    with tg.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0] and x.requires_grad
    with pytest.raises(tg.errors.StaleValueError):
        y.sum().backward()


def test_a_tensor_without_elements_may_be_written():
    x = tg.zeros(0, 3)
    assert x.zero_() is x and x.add_(1) is x and x.mul_(tg.ones(3)).shape == (0, 3)


@pytest.mark.parametrize("write, name", [(lambda a: a.zero_(), "zero_"), (lambda a: a.fill_(2.0), "fill_"),
                                         (lambda a: a.fill_(tg.tensor(2.0)), "fill_"),
                                         (lambda a: a.copy_(a * 2), "copy_"),
                                         (lambda a: a.__setitem__(0, 1.0), "setitem"),
                                         (lambda a: a.__setitem__(tg.tensor([0]), 1.0), "setitem")])
def test_a_stale_value_is_blamed_on_the_write_as_the_user_called_it(write, name):
    a = tg.ones(2, requires_grad=True) * 1
    y = a.exp()
    b = y * y
    write(y)
    with pytest.raises(tg.errors.StaleValueError, match=f"but {name} has written"):
        b.sum().backward()


def test_an_expanded_tensor_is_not_written():
    x = tg.ones(1).expand(3)
    with pytest.raises(tg.errors.InPlaceError, match=r"expanded.*\(3,\).*clone"):
        x.add_(1)


def test_a_view_made_under_no_grad_is_not_written_with_history():
    x = leaf([1.0, 2.0])
    y = x * 1
    with tg.no_grad():
        v = y[0]
    with pytest.raises(tg.errors.InPlaceError, match="made under no_grad"):
        v.mul_(2)


def test_an_in_place_op_cannot_change_the_shape_or_the_kind():
    with pytest.raises(tg.errors.ShapeError, match=r"add_: .*\(2, 3\).*\(3,\)"):
        tg.ones(3).add_(tg.ones(2, 3))
    with pytest.raises(tg.errors.DTypeError, match="mul_: .*float32.*int64"):
        tg.ones(3, dtype=tg.int64).mul_(0.5)


def test_detach_shares_memory_and_its_writes_are_noticed():
    x = leaf([1.0, 2.0])
    y = x.exp()
    z = y * 3
    y.detach().mul_(2)
    with pytest.raises(tg.errors.StaleValueError, match="exp"):
        z.sum().backward()


def test_a_view_stays_in_the_graph_when_its_source_leaves_it():
    x = leaf([1.0, 2.0])
    a = x * 3
    part = a[1:]
    a.detach_()
    assert part.requires_grad and not a.requires_grad
    part.sum().backward()
    assert x.grad.tolist() == [0.0, 3.0]


def test_a_quotient_may_be_written():
    x, w = leaf([1.0, 2.0]), leaf([2.0, 4.0])
    y = x / w                                           # PyTorch keeps the operands, not the quotient
    y.mul_(2)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.5] and w.grad.tolist() == [-0.5, -0.25]


def test_detach_keeps_no_graph_alive():
    import weakref
    x = leaf([1.0])
    y = x * 2
    node = weakref.ref(y.grad_fn)
    d = y.detach()
    del y
    assert node() is None and d.tolist() == [2.0]


def test_writing_through_overlapping_memory_is_right():
    x = tg.arange(5.0)
    x[1:].add_(x[:-1])
    assert x.tolist() == [0.0, 1.0, 3.0, 5.0, 7.0]


def test_relu_in_place_has_relu_s_gradient():
    x = leaf([-1.0, 0.0, 2.0])
    y = x * 1
    y.relu_()
    (y * 3).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 3.0]


def test_plus_equals_keeps_the_tensor_and_its_gradient():
    x = leaf([1.0, 2.0])
    y = x * 2
    kept = y
    y += x
    assert y is kept
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
