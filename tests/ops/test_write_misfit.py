"""Writes into a tensor whose sizes do not fit."""
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ShapeError


@pytest.mark.parametrize("write, name", [
    (lambda x: x.copy_(tg.ones(2, 3)), "copy_"),
    (lambda x: x.copy_(tg.ones(4, 2, 1)), "copy_"),
    (lambda x: x.__setitem__(0, tg.ones(2, 1)), "setitem"),
    (lambda x: x.__setitem__((0, 0), tg.ones(3)), "setitem"),
    (lambda x: x.__setitem__(tg.tensor([0, 1]), tg.ones(3, 1)), "setitem")],
    ids=["wider", "more axes", "a row", "an element", "rows"])
@pytest.mark.parametrize("history", [False, True], ids=["plain", "with history"])
def test_a_write_that_does_not_fit_names_itself_with_or_without_history(write, name, history):
    x = tg.zeros(2, 1, requires_grad=history) * 1
    with pytest.raises(ShapeError, match=rf"^{name}: a value of shape .* in a tensor of shape \(2, 1\)"):
        write(x)
    assert x.tolist() == [[0], [0]]
