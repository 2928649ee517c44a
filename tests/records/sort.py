"""Records of sorting (ops/sort.py)."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, fixed, register
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError, TensorIndexError

X = tg.zeros(2, 3)
NO_TIES = {"distinct": True}


def _k_of(x, k, dim, largest=True):
    order = np.argsort(-x if largest else x, axis=dim)
    order = np.take(order, range(k), dim)
    return np.take_along_axis(x, order, dim), order


register(Record("sort", ops="argsort", function=tg.sort,
                cases=fixed((3, 4, 2), values=NO_TIES, dim=st.integers(-3, 2), descending=st.booleans()),
                reference=lambda x, dim, descending: _k_of(x, x.shape[dim], dim, descending),
                wrong=[(lambda: X.sort(2), TensorIndexError, r"sort: dim=2 is out of range"),
                       (lambda: X.kthvalue(4), ArgumentError, r"kthvalue: k=4 is not possible along axis 1 of size 3"),
                       (lambda: tg.bincount(tg.tensor([-1])), ArgumentError, r"-1 is negative"),
                       (lambda: tg.bincount(X), DTypeError, r"only integers can be counted"),
                       (lambda: tg.bincount(X.long()), ShapeError, r"expected a vector"),
                       (lambda: tg.searchsorted(X, tg.zeros(4)), ShapeError, r"the sequence has shape \(2, 3\)")]))

register(Record("topk", ops="topk_index", function=tg.topk,
                cases=st.one_of(fixed((3, 4), values=NO_TIES, k=st.integers(0, 3), dim=st.integers(-2, 1),
                                      largest=st.booleans()),
                                fixed((2, 80), values=NO_TIES, k=3, dim=1, largest=st.booleans())),
                reference=_k_of, float32=1e-5,
                wrong=[(lambda: X.topk(4), ArgumentError,
                        r"topk: k=4 is not possible along axis 1 of size 3 .*Use 0 to 3")]))
