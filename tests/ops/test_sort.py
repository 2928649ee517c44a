"""Sorting and counting: the order of ties and NaN, positions that give the values, PyTorch's gradients."""
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.ops.oracle import agree

NAN = float("nan")


def test_equal_elements_keep_their_order_in_both_directions():
    x = tg.tensor([1, 0, 1, 0])
    assert x.argsort().tolist() == [1, 3, 0, 2]
    assert x.argsort(descending=True).tolist() == [0, 2, 1, 3]


def test_nan_counts_as_the_greatest_number():
    x = tg.tensor([3.0, NAN, 1.0])
    assert x.argsort().tolist() == [2, 0, 1] and x.argsort(descending=True).tolist() == [1, 0, 2]
    assert x.topk(2).indices.tolist() == [1, 0] and x.topk(1, largest=False).indices.tolist() == [2]


def test_results_have_names():
    values, indices = result = tg.tensor([2.0, 1.0]).sort()
    assert result.values is values and result.indices is indices
    assert type(tg.tensor([2.0]).topk(1)).__name__ == "topk"


@given(st.integers(64, 200), st.integers(0, 20), st.booleans(), st.integers(0, 100))
def test_topk_by_partition_gives_what_sorting_gives(n, k, largest, seed):
    x = tg.tensor(np.random.default_rng(seed).permutation(n).astype("float32").reshape(1, n))
    values, indices = x.topk(k, largest=largest)
    assert indices.tolist() == x.argsort(descending=largest)[:, :k].tolist()
    assert values.tolist() == x.gather(1, indices).tolist()


def test_topk_along_another_axis_and_of_a_0d_tensor():
    x = tg.arange(160).reshape(80, 2)
    assert x.topk(2, 0).values.tolist() == [[158, 159], [156, 157]]
    assert tg.tensor(3.0).topk(1).values.item() == tg.tensor(3.0).sort().values.item() == 3.0


CASES = {
    "sort": lambda lib, x: lib.sort(x, 1)[0], "sort descending": lambda lib, x: lib.sort(x, 0, descending=True)[0],
    "topk": lambda lib, x: lib.topk(x, 2, 1)[0], "topk least": lambda lib, x: lib.topk(x, 2, 0, largest=False)[0],
    "kthvalue": lambda lib, x: lib.kthvalue(x, 2, 1)[0],
    "kthvalue kept": lambda lib, x: lib.kthvalue(x, 3, 0, keepdim=True)[0],
    "msort": lambda lib, x: lib.msort(x),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CASES)
def test_value_and_derivatives_are_pytorch_s(name):
    import torch
    x = np.random.default_rng(0).permutation(20).reshape(4, 5) / 7.0 - 1.3
    agree(lambda x: CASES[name](tg, x * x * x), lambda x: CASES[name](torch, x * x * x), [x])


@pytest.mark.oracle
def test_counts_and_places_are_pytorch_s():
    import torch
    i, w, edges = np.array([3, 0, 3, 1]), np.array([0.5, 1, 2, 4], "float32"), np.array([0.0, 1.0, 3.0])
    for function in (lambda lib, i, w, e: lib.bincount(i), lambda lib, i, w, e: lib.bincount(i, w, 6),
                     lambda lib, i, w, e: lib.unique(i), lambda lib, i, w, e: lib.unique(i, return_inverse=True)[1],
                     lambda lib, i, w, e: lib.unique(i, return_counts=True)[1],
                     lambda lib, i, w, e: lib.unique(i.reshape(2, 2), dim=0),
                     lambda lib, i, w, e: lib.searchsorted(e, w),
                     lambda lib, i, w, e: lib.searchsorted(e, w, right=True),
                     lambda lib, i, w, e: lib.bucketize(w, e, out_int32=True),
                     lambda lib, i, w, e: lib.searchsorted(e, 1.0),
                     lambda lib, i, w, e: lib.searchsorted(lib.stack((e, e * 2)), lib.stack((w, w)))):
        agree(partial(function, tg), partial(function, torch), [i, w, edges], order=0, dtype="float32")
