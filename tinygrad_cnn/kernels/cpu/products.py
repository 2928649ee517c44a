"""Products of tall matrices, for NumPy: cut into pieces of rows that BLAS takes as they lie.

OpenBLAS packs the matrices of a product into an order of its own, but not for up to a million multiplications. Of many
rows and few columns, packing is a good part of the work: (4096, 288) @ (288, 32) takes 0.98 ms, in pieces of 32 rows
0.69; (4096, 576) @ (576, 64) 4.4 and 3.2. Elsewhere pieces cost a call of BLAS each, 0.2 us.
What it packs it adds up some 300 products at a time; in a piece all of them, one after the other, and rounding errors
grow: of 576 products the largest error is three times PyTorch's. So long sums are formed in parts, for 2 to 4 % more
time. Each row is computed alone, and sums over rows are cut by the sizes alone, so results do not depend on threads.
"""
import numpy as np

UNPACKED = 10 ** 6          # multiplications up to which OpenBLAS does not pack
SUMMED = 192                # most products that are added one after the other in a piece
FEW = 16                    # rows of a piece below which it is no gain
FEW_SUMMED = 64             # the same for sums over rows, whose pieces' products are added up


def multiply_rows(device, rows, matrix, out):
    """out (M, N) = rows (M, K) times matrix (K, N); rows of the first and last may have any strides."""
    k, n = matrix.shape
    number = -(-k // SUMMED) if _piece(k, n) else 1
    for i in range(number):
        some = slice(k * i // number, k * (i + 1) // number)
        part = device.scratch("sum part", out.shape, out.dtype) if i else out
        multiply_in_pieces(rows[:, some], matrix[some], part)
        if i:
            np.add(out, part, out=out)


def multiply_in_pieces(rows, matrix, out):
    """out (..., M, N) = rows (..., M, K) times matrix (..., K, N); rows of the first and last may have any strides."""
    (*stack, count, k), n = rows.shape, matrix.shape[-1]
    m = _piece(k, n)
    if not m or count <= m or matrix.strides[-1] != matrix.itemsize:
        np.matmul(rows, matrix, out=out)
        return
    whole = count // m * m
    pieces, products = (a[..., :whole, :].reshape(*stack, -1, m, a.shape[-1]) for a in (rows, out))
    np.matmul(pieces, matrix[..., None, :, :], out=products)
    if whole < count:
        np.matmul(rows[..., whole:, :], matrix, out=out[..., whole:, :])


def _piece(k, n):
    """How many rows make a piece of a product (M, k) @ (k, n), 0 if it is packed as a whole."""
    return UNPACKED // (k * n) // FEW * FEW if k * n else 0


def multiply_columns(device, a, b, out):
    """out (K, N) = a (M, K) transposed times b (M, N): a sum over rows."""
    m = UNPACKED // out.size // FEW * FEW if out.size else 0
    if m < FEW_SUMMED or len(a) < 2 * m:
        np.matmul(a.T, b, out=out)
        return
    whole = len(a) // m * m
    parts = device.scratch("column sums", (whole // m, *out.shape), out.dtype)
    np.matmul(a[:whole].reshape(-1, m, a.shape[1]).swapaxes(1, 2), b[:whole].reshape(-1, m, b.shape[1]), out=parts)
    np.add.reduce(parts, axis=0, out=out)
    if whole < len(a):
        np.add(out, np.matmul(a[whole:].T, b[whole:]), out=out)
