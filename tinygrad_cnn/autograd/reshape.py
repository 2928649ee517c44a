"""Another shape in place: x.unsqueeze_(0) and its like, which lay x's own memory out in another way.

x takes the array and the edge of the view that the plain function makes of it. Nothing is written, but what a rule has
saved of x has another shape now, so it counts as a write; a view made before starts from a shape that x has no longer,
and says so where its path would be followed (views.py).
"""
from ..errors import InPlaceError
from .graph import move_retained
from .inplace import check_history
from .modes import is_grad_enabled


def reshape_inplace(name, function, x, *args, **options):
    """Give x the shape of function(x, ...), one of its views; returns x.

    Raises: InPlaceError where autograd must refuse: for a leaf that requires grad, and for history under no_grad.
    """
    check_history(name, x)
    holder = getattr(x, "holder", None)
    if x.edge is not None and not is_grad_enabled() or holder is not None and holder.grad is not None:
        raise InPlaceError(f"{name}: this tensor has a gradient to come or to keep, which would no longer have its "
                           f"shape. Use the out-of-place form, x = x.{name[:-1]}(...).")
    y = function(x, *args, **options)
    x.wrote(name)
    if x.source is not None:
        x.path, x.tracked = y.path, y.tracked
    x.array = y.array
    if holder is not None:
        holder.shape = y.array.shape
    if x.edge is not None:
        move_retained(x, x.edge, y.edge)
        x.edge = y.edge
    return x
