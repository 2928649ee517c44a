"""Matrix products: `matmul` of every rank, `linear` with its bias, and `contract`, the product einsum is made of.

float16 and bfloat16 are multiplied in float32 and rounded once. A batch times one matrix is one flat product.
Shapes: matmul (..., M, K) x (..., K, N) -> (..., M, N); linear (..., I) x (O, I) -> (..., O).
"""


def _wide(*arrays):
    """The arrays in float32 where they are of a narrower floating-point dtype."""
    if arrays[0].dtype.itemsize == 2 and arrays[0].dtype.kind not in "iu":
        return [a.astype("float32") for a in arrays]
    return arrays


def _rows(x):
    """(..., K) -> (rows, K)."""
    return x if x.ndim == 2 else x.reshape(_count(x.shape[:-1]), x.shape[-1])


def _count(sizes):
    count = 1
    for n in sizes:
        count *= n
    return count


def matrix_product(device, a, b):
    return device.xp.matmul(a, b)


def matmul(device, a, b):
    x, w = _wide(a, b)
    product = device.kernel("matrix_product")
    if w.ndim == 2 and x.ndim > 2:
        y = product(_rows(x), w).reshape(*x.shape[:-1], w.shape[1])
    else:
        y = product(x, w)
    return y.astype(a.dtype, copy=False)


def matmul_t(device, a, b):
    """a b^T, for a matrix b: (..., K), (N, K) -> (..., N)."""
    wide, other = _wide(a, b)
    y = device.kernel("matrix_product")(_rows(wide), other.T).astype(a.dtype, copy=False)
    return y if a.ndim == 2 else y.reshape(*a.shape[:-1], b.shape[0])


def linear(device, x, w, bias):
    """x w^T + bias."""
    wide, weight = _wide(x, w)
    y = device.kernel("matrix_product")(_rows(wide), weight.T)
    if bias is not None:
        y += bias
    y = y.astype(x.dtype, copy=False)
    return y if x.ndim == 2 else y.reshape(*x.shape[:-1], w.shape[0])


def linear_dw(device, g, x):
    """(..., O), (..., I) -> (O, I): the gradient of linear's weight, in the weight's own layout."""
    gradient, wide = _wide(g, x)
    return device.kernel("matrix_product")(_rows(gradient).T, _rows(wide)).astype(x.dtype, copy=False)


def contract(device, a, b, axes):
    """The sum over shared labels; `axes` are the labels of a, of b and of the result, each without repetition.

    Labels in all three are a batch; those of one input and the result stay; those of both inputs only are summed.
    """
    la, lb, ly = axes
    size = {**dict(zip(la, a.shape)), **dict(zip(lb, b.shape))}
    batch = [i for i in la if i in lb and i in ly]
    summed = [i for i in la if i in lb and i not in ly]
    left, right = [i for i in la if i not in lb], [i for i in lb if i not in la]

    def arranged(x, labels, groups):
        """x with its axes in the order of the groups, each group made one axis."""
        x = x.transpose([labels.index(i) for group in groups for i in group])
        return x.reshape([_count(size[i] for i in group) for group in groups])

    if summed:
        y = matmul(device, arranged(a, la, (batch, left, summed)), arranged(b, lb, (batch, summed, right)))
    else:
        y = arranged(a, la, (batch, left, ())) * arranged(b, lb, (batch, (), right))
    found = batch + left + right
    return y.reshape([size[i] for i in found]).transpose([found.index(i) for i in ly])
