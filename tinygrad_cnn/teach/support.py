"""Which input places have a gradient of one unit: the third way to a receptive field, and the one that sees weights.

The gradient's numbers do not matter, only where it is not zero. So on its way back the gradient of each node is
replaced by random positive numbers wherever it is not zero: nothing cancels by chance or fades with depth. A ReLU
counts as open and a maximum as every element of its window, for another image would open them. All else goes through
the engine's own rules, with the network's own weights: a kernel with zeros at its border sees less than its size.
"""
from itertools import product

from ..autograd import no_grad
from ..autograd.basic import sum_to
from ..generator import Generator
from ..kernels.cpu.choice import precise
from ..ops import rand
from ..ops.adaptive import adaptive_avg_pool_dx
from ..tensor import Tensor
from .locality import OPEN, kind_of
from .reach import source

__all__ = ["support_of"]


def support_of(nodes, start, target, unit, device):
    """Where the gradient of `unit` (all channels of it) in the input is not zero.

    Args: nodes: oldest first, with their saved values. start: the input's Leaf. target: the node that made the map.
    unit: one index an axis. device: where the network lives.
    Returns: (box ((low, high), ...) or None if there is none, number of places in the support).
    """
    relevant = {start}
    for node in nodes:
        if any(edge is not None and source(edge) in relevant for edge in node.edges):
            relevant.add(node)
    seed = device.xp.zeros(target.shape, target.dtype)
    seed[(slice(0, 1), slice(None), *unit)] = 1
    due = {target: {0: Tensor(seed, device)}}
    random = Generator(device).manual_seed(0)
    with no_grad(), precise():                          # Winograd's rounding errors would not be zero outside a window
        for node in reversed(nodes):
            arrived = due.pop(node, None)
            if arrived is None:
                continue
            g = _gradient(node, {k: _refreshed(g, random) for k, g in arrived.items()})
            for position, dx in _pulled(node, g, relevant):
                edge = node.edges[position]
                place = due.setdefault(source(edge), {})
                dx = dx if dx.shape == edge.shape else sum_to(dx, shape=edge.shape)
                k = getattr(edge, "index", 0)
                place[k] = dx.abs() + place[k].abs() if k in place else dx
    return _extent(due.get(start, {}).get(0), len(unit), device)


def _gradient(node, arrived):
    """The gradient of a node's output, or of its outputs: a tuple with zeros where none arrived."""
    outputs = getattr(node, "outputs", None)
    if outputs is None:
        return arrived[0]
    device = next(iter(arrived.values())).device
    return tuple(arrived[k] if k in arrived else Tensor(device.xp.zeros(*output), device)
                 for k, output in enumerate(outputs))


def _refreshed(g, random):
    """Positive numbers wherever g is not zero."""
    xp = g.device.xp
    numbers = rand(g.shape, generator=random, dtype=g.dtype, device=g.device).array + 0.5
    return Tensor(xp.where(g.array != 0, numbers, xp.zeros_like(numbers)), g.device)


def _pulled(node, g, relevant):
    """(input position, gradient) for the inputs that lead to the input image."""
    wanted = [i for i, edge in enumerate(node.edges) if edge is not None and source(edge) in relevant]
    name = kind_of(node)
    if name in OPEN:
        return [(i, g) for i in wanted]
    if name == "max_pool":
        return [(0, _all_of_each_window(g, node.extras["geom"]))]
    if name == "adaptive_max_pool":
        return [(0, adaptive_avg_pool_dx(g, geom=node.extras["geom"]))]
    return [(i, dx) for i, dx in node.pull(g, False) if i in wanted and dx is not None]


def _all_of_each_window(g, geometry):
    """What a max pool's gradient would be if every element of a window were its maximum: (N, C, *output) -> size."""
    xp = g.device.xp
    reach = [max(b + n, p) for b, n, p in zip(geometry.before, geometry.size, geometry.padded)]
    sums = xp.zeros((*g.shape[:-geometry.rank], *reach), g.array.dtype)
    for tap in product(*(range(k) for k in geometry.kernel)):
        places = [slice(t * d, t * d + (o - 1) * s + 1, s) for t, d, o, s in
                  zip(tap, geometry.dilation, geometry.output, geometry.stride)]
        sums[(..., *places)] += g.array
    return Tensor(sums[(..., *[slice(b, b + n) for b, n in zip(geometry.before, geometry.size)])], g.device)


def _extent(g, rank, device):
    if g is None:
        return None, 0
    xp = device.xp
    touched = (g.array != 0).any(axis=tuple(range(g.array.ndim - rank)))
    count = int(touched.sum())
    if not count:
        return None, 0
    places = [device.asnumpy(xp.nonzero(touched)[axis]) for axis in range(rank)]
    return tuple((int(p.min()), int(p.max())) for p in places), count
