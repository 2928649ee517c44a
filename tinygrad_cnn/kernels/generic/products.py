"""Products of tall matrices, into arrays that are there: what a block of a convolution is multiplied by."""


def multiply_rows(device, rows, matrix, out):
    """out (M, N) = rows (M, K) times matrix (K, N)."""
    device.xp.matmul(rows, matrix, out=out)


def multiply_columns(device, a, b, out):
    """out (K, N) = a (M, K) transposed times b (M, N): a sum over rows."""
    device.xp.matmul(a.T, b, out=out)
