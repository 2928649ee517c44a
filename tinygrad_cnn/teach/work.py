"""What a node costs: the multiply-adds of convolutions and matrix products.

A multiply-add is one multiplication and the addition that takes its result; biases, element-wise functions, pooling and
normalisation are not counted, which is how the published numbers of networks are counted. (Linear interpolation is a
matrix product here, and counted.)
"""
from math import prod

from ..tensor import Tensor
from .locality import kind_of

__all__ = ["multiply_adds"]


def multiply_adds(node):
    """The multiply-adds of a recorded op in the forward pass; 0 for what is not counted."""
    name = kind_of(node)
    if name == "conv":                                  # each output is a sum over C / G channels and all taps
        return prod(node.shape) * prod(_shape_of(node, 1)[1:])
    if name == "conv_dx":                               # each input is spread over O / G channels and all taps
        channels, *spread = _shape_of(node, 1)
        return node.shape[0] * prod(node.extras["geom"].output) * channels * prod(spread)
    if name in ("linear", "matmul", "matmul_t"):
        return prod(node.shape) * _length_of_sums(node)
    if name == "contract":
        return _terms(node)
    return 0


def _shape_of(node, position):
    """The shape of one input, from its edge or from what was kept; None if neither is there."""
    edge = node.edges[position]
    if edge is not None:
        return edge.shape
    if position in node.plan.inputs:
        kept = node.saved[node.plan.inputs.index(position)]
        return tuple(kept.shape) if isinstance(kept, Tensor) else None
    return None


def _length_of_sums(node):
    first, second = _shape_of(node, 0), _shape_of(node, 1)
    if first:
        return first[-1]
    return second[-1] if node.op.name in ("linear", "matmul_t") or len(second) == 1 else second[-2]


def _terms(node):
    """The number of products in an einsum of two operands: the sizes of all its labels."""
    first, second, result = node.extras["axes"]
    sizes = dict(zip(result, node.shape))
    for labels, shape in ((first, _shape_of(node, 0)), (second, _shape_of(node, 1))):
        sizes.update(zip(labels, shape or ()))
    return prod(sizes.values())
