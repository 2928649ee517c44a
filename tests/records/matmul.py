"""Records of matrix products and Einstein sums (ops/matmul.py, ops/einsum.py)."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, fixed, register
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.ops.matmul import linear

A, B = tg.zeros(2, 3), tg.zeros(4, 5)
PAIRS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((2, 2, 3), (3, 4)), ((3,), (2, 3, 4)),
         ((2, 2, 3), (3,)), ((2, 1, 2, 3), (2, 3, 4)), ((1, 2, 3), (3, 3, 2)), ((2, 3), (2, 3, 2)), ((2, 0), (0, 3))]


@st.composite
def factors(draw):
    a, b = draw(st.sampled_from(PAIRS))
    return (draw(arrays(a)), draw(arrays(b))), {}


def _product(a, b):
    columns = b if b.ndim > 1 else b[:, None]
    return np.einsum("...ij,...jk->...ik", np.atleast_2d(a), columns).reshape(np.matmul(a, b).shape)


register(Record("matmul", ops="matmul matmul_t", function=tg.matmul, cases=factors(),
                reference=_product,
                wrong=[(lambda: A @ B, ShapeError,
                        r"matmul: the last axis of the first tensor has size 3 but the first of the second has 4"),
                       (lambda: A @ tg.tensor(1.0), ShapeError, r"expected tensors of at least 1 dimension"),
                       (lambda: tg.zeros(2, 1, 2) @ tg.zeros(3, 2, 2), ShapeError,
                        r"the batch axes \(2,\) and \(3,\) cannot be broadcast"),
                       (lambda: A @ tg.zeros(3, 2).double(), DTypeError,
                        r"matmul: inputs have dtypes float32, float64"),
                       (lambda: A.mm(tg.zeros(3)), ShapeError, r"mm: tensor 2 has 1 dimensions but 2 are expected"),
                       (lambda: tg.zeros(2, 1, 2).bmm(tg.zeros(3, 2, 1)), ShapeError,
                        r"bmm: the batches have sizes 2 and 3"),
                       (lambda: A.trace().reshape(1).trace(), ShapeError, r"trace: expected a matrix, got 1"),
                       (lambda: A.inner(B), ShapeError, r"inner: the last axes have sizes 3 and 5"),
                       (lambda: tg.cross(tg.zeros(2), tg.zeros(2)), ArgumentError,
                        r"cross: both tensors need an axis of size 3")]))


@st.composite
def layers(draw):
    front = draw(st.sampled_from([(), (2,), (2, 3), (0,)]))
    return (draw(arrays((*front, 4))), draw(arrays((3, 4))), draw(st.none() | arrays((3,)))), {}


register(Record("linear", ops="linear linear_dw", function=linear, cases=layers(),
                reference=lambda x, w, b: np.einsum("...i,oi->...o", x, w) + (0 if b is None else b),
                wrong=[(lambda: linear(A, B), ShapeError,
                        r"linear: input has 3 features but weight expects 5 .*weight.shape\[1\]"),
                       (lambda: linear(A, tg.zeros(4, 3), tg.zeros(5)), ShapeError,
                        r"bias has shape \(5,\) but there are 4 output"),
                       (lambda: linear(A, tg.zeros(4, 3, 1)), ShapeError,
                        r"expected input \(..., in_features\) and weight")]))

EQUATIONS = {"ij,jk->ik": [(2, 3), (3, 2)], "bij,bkj->bik": [(2, 2, 3), (2, 3, 3)], "i,j": [(2,), (3,)],
             "ii->i": [(3, 3)], "ij->ji": [(2, 3)], "ij->": [(2, 3)], "ij,ij->": [(2, 3), (2, 3)],
             "...i,...i": [(2, 3), (1, 3)], "...ij->...ji": [(2, 2, 3)], "iij,jk": [(2, 2, 3), (3, 2)],
             "a,ab,b": [(2,), (2, 3), (3,)], "bi,bj,ij->b": [(2, 3), (2, 2), (3, 2)], "ij,k->i": [(2, 3), (2,)],
             "i...,i->...": [(2, 3), (2,)], "ij,jk,kl->il": [(2, 3), (3, 2), (2, 2)], "ij,ij->ij": [(2, 3), (2, 1)],
             "iij,ij->j": [(2, 2, 3), (1, 3)]}


@st.composite
def equations(draw):
    equation = draw(st.sampled_from(sorted(EQUATIONS)))
    return tuple(draw(arrays(shape)) for shape in EQUATIONS[equation]), {"equation": equation}


register(Record("einsum", ops="contract", function=lambda *xs, equation: tg.einsum(equation, *xs), cases=equations(),
                reference=lambda *xs, equation: np.einsum(equation, *xs),
                wrong=[(lambda: tg.einsum("ij,jk", A, B), ShapeError, r"label 'j' of 'ij,jk' has sizes 3 and 4"),
                       (lambda: tg.einsum("ij", A, B), ArgumentError, r"names 1 operands but 2 are given"),
                       (lambda: tg.einsum("ij->k", A), ArgumentError, r"has one that no operand has"),
                       (lambda: tg.einsum("i", A), ArgumentError, r"names 1 axes but the operand has 2"),
                       (lambda: tg.einsum("i1", A), ArgumentError, r"'i1' in 'i1' is not a group of labels"),
                       (lambda: tg.tensordot(A, B, 1), ShapeError,
                        r"tensordot: axes \[1\] of shape \(2, 3\) and \[0\] of shape")]))

register(Record("tensordot", ops="contract", function=tg.tensordot,
                cases=st.one_of(fixed((2, 3, 4), (3, 4, 2), dims=2), fixed((2, 3), (2, 3), dims=([0, 1], [0, 1])),
                                fixed((2, 3, 4), (4, 2), dims=([0, 2], [1, 0])), fixed((2,), (3,), dims=0)),
                reference=lambda a, b, dims: np.tensordot(a, b, dims)))
