"""How far a place of a feature map looks, by calculation on the graph: formula (24.19), and boxes followed backward.

The formula goes forward, R' = R + (F - 1) J and J' = J S, with J the product of the strides so far; where branches
meet the larger R counts. The boxes go backward: the places one unit sees, the places those see, and so on to the input;
a window sees the same along an axis wherever it lies on the others, so a set of places for each axis is enough. Neither
looks at a single weight.
"""
from ..tensor import Leaf
from .locality import ADAPTIVE, EVERYTHING, SAME, UNKNOWN, view_of

__all__ = ["NO_FORMULA", "box_of", "reaches", "source"]

NO_FORMULA = "no formula"


def source(edge):
    """What an edge stands for in the dicts here: its node, or the Leaf itself."""
    return edge if isinstance(edge, Leaf) else edge.origin


def reaches(nodes, start, rank):
    """By (24.19), what each node sees of the input whose Leaf is `start`.

    Returns: dict node -> ((R, J), ...) one pair an axis, or EVERYTHING, UNKNOWN, NO_FORMULA; nodes that do not
    depend on the input are not in it.
    """
    found = {start: ((1, 1),) * rank}
    for node in nodes:
        views = [_through(view_of(node, i, rank), found[source(edge)], edge.shape[-rank:] == node.shape[-rank:])
                 for i, edge in enumerate(node.edges) if edge is not None and source(edge) in found]
        if views:
            found[node] = _joined(views)
    return found


def _through(view, before, full):
    """(what is seen through one input, whether that input has the output's resolution)."""
    if EVERYTHING in (view, before) or view == SAME and not full:       # one place for all: what it saw, all see
        return EVERYTHING, full
    if UNKNOWN in (view, before):
        return UNKNOWN, full
    if before == NO_FORMULA or view == ADAPTIVE or getattr(view, "turned", False):
        return NO_FORMULA, full
    if view == SAME:
        return before, full
    return tuple((r + d * (k - 1) * j, j * s) for (r, j), k, s, d in
                 zip(before, view.kernel, view.stride, view.dilation)), True


def _joined(views):
    for kind in (EVERYTHING, UNKNOWN, NO_FORMULA):
        if any(view == kind for view, _ in views):
            return kind
    return tuple((max(r for r, _ in pairs), max(j for _, j in pairs)) for pairs in zip(*(view for view, _ in views)))


def box_of(nodes, start, target, unit, rank, clip):
    """The input places that `unit` of the map made by node `target` sees: ((low, high), ...), one pair an axis.

    Args: nodes: oldest first. start: the input's Leaf. unit: one index an axis. clip: whether places outside of maps
    (padding) are left out on the way; else the box goes on as if the image had no end.
    Returns: None if the unit sees nothing of the input.
    """
    boxes = {target: [{u} for u in unit]}
    for node in reversed(nodes):
        box = boxes.pop(node, None)
        for i, edge in enumerate(node.edges if box is not None else ()):
            if edge is None:
                continue
            seen = _seen(node, i, box, rank)
            if clip and seen is not EVERYTHING:
                seen = [{i for i in places if 0 <= i < n} for places, n in zip(seen, edge.shape[-rank:])]
            if seen is EVERYTHING or all(seen):
                key = source(edge)
                boxes[key] = _united(boxes[key], seen) if key in boxes else seen
    found = boxes.get(start)
    return None if found is None else tuple((min(places), max(places)) for places in found)


def _seen(node, position, box, rank):
    """The places of one input of a node that a box of its output sees; EVERYTHING where an input has no places."""
    size = node.edges[position].shape
    view = EVERYTHING if box is EVERYTHING else view_of(node, position, rank)
    if view in (EVERYTHING, UNKNOWN):
        return EVERYTHING if len(size) <= rank else [set(range(n)) for n in size[-rank:]]
    if view == ADAPTIVE:
        windows = [node.extras["geom"].windows(axis) for axis in range(rank)]
        return [{i for o in places if 0 <= o < len(w) for i in range(*w[o])} for w, places in zip(windows, box)]
    if view == SAME:
        spread = [n == 1 < m for n, m in zip(size[-rank:], node.shape[-rank:])]         # broadcast along these axes
        return [{0} if wide else places for wide, places in zip(spread, box)]
    return [view.seen(axis, places) for axis, places in enumerate(box)]


def _united(one, other):
    if EVERYTHING in (one, other):
        return EVERYTHING
    return [a | b for a, b in zip(one, other)]
