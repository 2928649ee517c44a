"""Einstein sums: any sum of products of tensors, named by the labels of their axes.

An equation is taken apart until only one op is left, `contract`: two operands with distinct labels, each label also in
the other operand or in the result. A repeated label is a diagonal, one that nobody else has is summed over first, and
several operands are contracted from left to right. `contract` is linear in each operand, so its two partial
derivatives are contractions with the labels exchanged.
"""
from ..autograd import Op
from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .dims import normalize_dim
from .reduce import sum as sum_
from .shape import permute, squeeze_op
from .slices import diagonal

__all__ = ["einsum", "tensordot"]

contract = Op("contract", "a b", attrs="axes", promote="same")
contract.rules(a=lambda g, b, axes: contract(g, b, axes=(axes[2], axes[1], axes[0])),
               b=lambda g, a, axes: contract(a, g, axes=(axes[0], axes[2], axes[1])))


def einsum(*args):
    """The sum of products that `equation` describes, as in "ij,jk->ik": einsum(equation, *operands).

    Labels are letters; `...` stands for further axes, which are broadcast; a repeated label runs along a diagonal.
    Without `->` the result has the axes of `...`, then the labels that occur once, in alphabetical order.
    Raises: ShapeError for sizes that differ, ArgumentError for an equation that does not fit the operands.

    >>> import tinygrad_cnn as tg
    >>> einsum("ij,ij->i", tg.tensor([[1., 2.], [3., 4.]]), tg.tensor([[1., 1.], [2., 2.]]))
    tensor([ 3., 14.])
    """
    equation, operands = _arguments(args)
    labels, result = _parsed(equation, operands)
    sizes = _label_sizes(equation, labels, operands)
    terms = [_simplified(x, names, sizes) for x, names in zip(operands, labels)]
    x, names = terms[0]
    for k, (other, more) in enumerate(terms[1:], 2):
        later = {i for _, rest in terms[k:] for i in rest} | set(result)
        x, names = _summed(x, names, later | set(more))
        other, more = _summed(other, more, later | set(names))
        union = [*names, *[i for i in more if i not in names]]
        kept = result if k == len(terms) else tuple([i for i in union if i in later])
        x, names = contract(x, other, axes=(tuple(names), tuple(more), kept)), kept
    x, names = _summed(x, names, set(result))
    return permute(x, [names.index(i) for i in result]) if tuple(names) != result else x


def _arguments(args):
    """(equation, operands) from either way of calling: an equation first, or operands each followed by its labels."""
    if isinstance(args[0], str):
        operands = args[1] if len(args) == 2 and isinstance(args[1], (tuple, list)) else args[1:]
        if not operands:
            raise ArgumentError("einsum: no operands. Write einsum('ij,jk->ik', a, b).")
        return args[0], list(operands)
    spell = lambda labels: "".join("..." if i is Ellipsis else chr(65 + i + 6 * (i > 25)) for i in labels)
    pairs = len(args) // 2
    equation = ",".join(spell(args[2 * k + 1]) for k in range(pairs))
    return equation + ("->" + spell(args[-1]) if len(args) % 2 else ""), list(args[:2 * pairs:2])


def _parsed(equation, operands):
    """The labels of each operand's axes, and of the result's; the axes of `...` are -1, -2, ... from the last."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ArgumentError(f"einsum: {equation!r} names {len(terms)} operands but {len(operands)} are given. "
                            "Write one group of labels for each, separated by commas.")
    labels = [_labels(equation, term, x.array.ndim) for term, x in zip(terms, operands)]
    covered = max([-i for names in labels for i in names if type(i) is int], default=0)
    dots = tuple(range(-covered, 0))
    if arrow:
        before, _, after = right.partition("...")
        result = (*before, *(dots if "..." in right else ()), *after)
    else:
        joined = left.replace("...", "").replace(",", "")
        result = (*dots, *[i for i in sorted(set(joined)) if joined.count(i) == 1])
    known = {i for names in labels for i in names}
    if len(set(result)) < len(result) or not set(result) <= known:
        raise ArgumentError(f"einsum: the result of {equation!r} repeats a label, or has one that no operand has. "
                            "Use each label of the operands at most once after '->'.")
    return labels, result


def _labels(equation, term, ndim):
    before, dots, after = term.partition("...")
    if not (before + after).isalpha() and before + after or not (before + after).isascii():
        raise ArgumentError(f"einsum: {term!r} in {equation!r} is not a group of labels. Use letters, and '...' at "
                            "most once.")
    more = ndim - len(before) - len(after)
    if more < 0 or more and not dots:
        raise ArgumentError(f"einsum: {term!r} in {equation!r} names {len(before) + len(after)} axes but the operand "
                            f"has {ndim}. Give every axis a label, or write '...' for the rest.")
    return (*before, *range(-more, 0), *after)


def _label_sizes(equation, labels, operands):
    """The size of each label; an axis of size 1 is broadcast."""
    sizes = {}
    for names, x in zip(labels, operands):
        if not isinstance(x, Tensor):
            raise ArgumentError(f"einsum: operands must be Tensors, got {type(x).__name__}.")
        for i, n in zip(names, x.array.shape):
            if sizes.setdefault(i, n) != n:
                if 1 not in (n, sizes[i]):
                    raise ShapeError(f"einsum: label {i!r} of {equation!r} has sizes {sizes[i]} and {n} (shapes "
                                     f"{', '.join(str(tuple(x.shape)) for x in operands)}). They must be equal, or 1.")
                sizes[i] = max(n, sizes[i]) if n and sizes[i] else 0
    return sizes


def _simplified(x, names, sizes):
    """x with each label once: broadcast axes dropped, repeated labels made one by taking the diagonal."""
    drop = tuple([d for d, i in enumerate(names) if x.array.shape[d] == 1 and sizes[i] != 1])
    if drop:
        x, names = squeeze_op(x, dims=drop), [i for d, i in enumerate(names) if d not in drop]
    names = list(names)
    for i in [i for i in dict.fromkeys(names) if names.count(i) > 1]:
        while names.count(i) > 1:
            first = names.index(i)
            second = names.index(i, first + 1)
            x = diagonal(x, 0, first, second)
            names = [n for d, n in enumerate(names) if d not in (first, second)] + [i]
    return x, names


def _summed(x, names, kept):
    """x summed over the labels that are not to be kept."""
    gone = tuple([d for d, i in enumerate(names) if i not in kept])
    return (sum_(x, gone), [i for i in names if i in kept]) if gone else (x, names)


def tensordot(a, b, dims=2):
    """The sum of products over axes of both tensors: the last of `a` with the first of `b`, or two lists of axes.

    Raises: ShapeError if the axes differ in size or number.

    >>> import tinygrad_cnn as tg
    >>> tensordot(tg.ones(2, 3, 4), tg.ones(3, 4, 5)).shape
    tinygrad_cnn.Size([2, 5])
    """
    na, nb = a.array.ndim, b.array.ndim
    if isinstance(dims, (tuple, list)):
        left = [normalize_dim("tensordot", d, na) for d in dims[0]]
        right = [normalize_dim("tensordot", d, nb) for d in dims[1]]
    else:
        left, right = list(range(na - dims, na)), list(range(dims))
    if (len(left) != len(right) or not isinstance(dims, (tuple, list)) and not 0 <= dims <= min(na, nb)
            or any(a.array.shape[i] != b.array.shape[j] for i, j in zip(left, right))):
        raise ShapeError(f"tensordot: axes {left} of shape {tuple(a.shape)} and {right} of shape {tuple(b.shape)} "
                         "cannot be summed over together. Their sizes must be equal, pair by pair.")
    la, lb = list(range(na)), [None] * nb
    for i, j in zip(left, right):
        lb[j] = i
    lb = [na + j if i is None else i for j, i in enumerate(lb)]
    result = tuple([i for i in la if i not in left] + [j for j in lb if j >= na])
    return contract(a, b, axes=(tuple(la), tuple(lb), result))
