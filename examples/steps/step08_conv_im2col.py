"""Step 8. Convolution by im2col: the same table, faster functions.

Lay every window out as a row: then all products with the kernels are one matrix product, which NumPy hands to BLAS. The
windows are not even copied out for it, they are a view with clever strides. The rules stay as they are; only the three
functions on arrays are exchanged. The slow ones are kept to test the fast ones.

把每个窗口排成一行，与所有核的乘积就成了一次矩阵乘法，交给 BLAS。规则不变，只换数组上的三个函数；
慢的留着，用来检验快的。
"""
import time
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from step05_op_table import Tensor
from step06_gradcheck import gradcheck
from step07_conv_loops import conv, conv2d, conv_dw, conv_dw_loops, conv_dx, conv_dx_loops, conv_loops


def windows(x, geometry):
    """(N, C, H, W) -> (N, C, OH, OW, KH, KW): a view, nothing is copied but the padding."""
    P, S = geometry.padding, geometry.stride
    x = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
    return sliding_window_view(x, geometry.kernel, (2, 3))[:, :, ::S, ::S]


def conv_im2col(x, w, geometry):
    y = np.tensordot(windows(x, geometry), w, ((1, 4, 5), (1, 2, 3)))       # (N OH OW, C KH KW) @ (C KH KW, O)
    return np.moveaxis(y, -1, 1)                                            # (N, OH, OW, O) -> (N, O, OH, OW)


def conv_dw_im2col(g, x, geometry):
    return np.tensordot(g, windows(x, geometry), ((0, 2, 3), (0, 2, 3)))    # (O, N OH OW) @ (N OH OW, C KH KW)


def conv_dx_im2col(g, w, geometry):
    (H, W), (KH, KW), S, P, (OH, OW) = geometry
    columns = np.tensordot(g, w, (1, 0))                                    # (N OH OW, O) @ (O, C KH KW)
    dx = np.zeros((len(g), w.shape[1], H + 2 * P, W + 2 * P))
    for u, v in np.ndindex(KH, KW):                                         # windows overlap: what they share adds up
        dx[:, :, u:u + S * OH:S, v:v + S * OW:S] += np.moveaxis(columns[..., u, v], -1, 1)
    return dx[:, :, P:P + H, P:P + W]


conv.forward, conv_dx.forward, conv_dw.forward = conv_im2col, conv_dx_im2col, conv_dw_im2col


if __name__ == "__main__":
    random = np.random.default_rng(0)
    x, w = random.normal(size=(2, 3, 7, 6)), random.normal(size=(4, 3, 3, 2))
    for stride, padding in ((1, 0), (1, 2), (2, 1), (3, 0)):
        geometry = conv2d(Tensor(x, True), Tensor(w), stride, padding).node.values["geometry"]
        g = random.normal(size=(2, 4, *geometry.output))
        assert np.allclose(conv_im2col(x, w, geometry), conv_loops(x, w, geometry))
        assert np.allclose(conv_dx_im2col(g, w, geometry), conv_dx_loops(g, w, geometry))
        assert np.allclose(conv_dw_im2col(g, x, geometry), conv_dw_loops(g, x, geometry))
        assert gradcheck(partial(conv2d, stride=stride, padding=padding), x, w)

    x, w = random.normal(size=(2, 4, 16, 16)), random.normal(size=(8, 4, 3, 3))
    geometry = conv2d(Tensor(x, True), Tensor(w)).node.values["geometry"]
    seconds = {}
    for function in (conv_loops, conv_im2col):
        start = time.perf_counter()
        function(x, w, geometry)
        seconds[function.__name__] = time.perf_counter() - start
    print(", ".join(f"{name} {s * 1e3:.2f} ms" for name, s in seconds.items()))
    assert seconds["conv_im2col"] < seconds["conv_loops"]

# What we left out: the engine keeps channels last in memory, works on a few images at a time so that the columns stay
# in the cache, and runs on several threads.
