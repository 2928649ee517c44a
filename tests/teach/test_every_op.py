"""Every op of the package can be recorded without a change of its numbers, explained, saved and read again."""
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import RECORDS
from tests.teach.golden_cases import text_of
from tests.test_records import call, draws, every_record, leaves, outputs, seeds, tensors
from tinygrad_cnn.teach.page import WIDTH, columns


def loss_of(record, args, kwargs):
    """A single number of all differentiable outputs, or None if there is none."""
    ys = [y for y in outputs(call(record, args, kwargs)) if y.requires_grad]
    total = None
    for y, seed in zip(ys, seeds(ys)):
        part = (y * seed).double().sum()
        total = part if total is None else total + part
    return total


def gradients(record, arrays, kwargs):
    """The gradients of the leaves after one backward pass, None where there is none."""
    args = tensors(record, arrays)
    loss = loss_of(record, args, kwargs)
    if loss is not None:
        loss.backward()
    return [None if x.grad is None else x.grad.numpy() for x in leaves(args)]


@every_record
@draws(2)
@given(data=st.data())
def test_every_op_is_recorded_as_it_is_and_can_be_explained(record, data):
    arrays, kwargs = data.draw(record.cases)
    plain = gradients(record, arrays, kwargs)
    with tg.teach.record() as tape:
        watched = gradients(record, arrays, kwargs)
    for ours, theirs in zip(watched, plain, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    text = text_of(tape)
    assert max(map(columns, text.splitlines()), default=0) <= WIDTH
    assert text_of(tg.teach.tape_from_json(json.loads(tape.to_json()))) == text


@every_record
@draws(1)
@given(data=st.data())
def test_the_graph_of_every_op_can_be_explained_and_drawn(record, data):
    arrays, kwargs = data.draw(record.cases)
    args = tensors(record, arrays)
    loss = loss_of(record, args, kwargs)
    if loss is None:
        return
    text = text_of(loss)
    assert max(map(columns, text.splitlines())) <= WIDTH
    page = io.StringIO()
    tg.teach.tree(loss, file=page)
    assert max(map(columns, page.getvalue().splitlines())) <= WIDTH


@pytest.mark.parametrize("name", [name for name in ("conv2d", "max_pool2d", "batch_norm", "matmul") if name in RECORDS])
def test_a_recorded_second_derivative_is_that_of_an_unrecorded_one(name):
    record = RECORDS[name]

    def second(arrays, kwargs):
        args = tensors(record, arrays)
        xs = leaves(args)
        first = tg.autograd.grad(loss_of(record, args, kwargs), xs, create_graph=True, materialize_grads=True)
        total = sum((g * g).double().sum() for g in first)
        return [g.numpy() for g in tg.autograd.grad(total, xs, materialize_grads=True)] if total.requires_grad else []

    @draws(3)
    @given(case=record.cases)
    def compared(case):
        plain = second(*case)
        with tg.teach.record() as tape:
            watched = second(*case)
        for ours, theirs in zip(watched, plain, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert text_of(tape)

    compared()
