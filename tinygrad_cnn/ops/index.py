"""Indexing, `x[...]` and `x[...] = value`: NumPy's manner, with PyTorch's rules where they differ.

Numbers, slices, None and `...` give a view (ops/slices.py). Integer tensors and masks read a copy: what remains of the
index is first made a view, then the positions along some of its axes are read by one op, `index`, whose adjoint
`index_sum` adds up what was read from each place. A number beside an integer tensor is taken first (in NumPy it is part
of it).
Shapes: (..., A, ...) read along A by an index of shape S -> (..., *S, ...).
"""
from ..autograd import Op
from ..autograd.inplace import check_writable
from ..errors import ShapeError
from ..tensor import Tensor
from .index_plan import Plan, as_tuple, basic, outside_axes
from .slices import getitem_op
from .write import as_tensor_of, as_value, copy_op, has_history, refused, with_at_most, write_in_graph

__all__ = []                                            # methods of Tensor only

index_op = Op("index", "x index", attrs="dims", promote=None)
index_sum = Op("index_sum", "g index", attrs="dims shape", promote=None)
index_op.rules(x=lambda g, index, x_shape, dims: index_sum(g, index, dims=dims, shape=x_shape))
index_sum.rules(g=lambda u, index, dims: index_op(u, index, dims=dims))

index_put_op = Op("index_put", "x value index", attrs="dims", promote=None)
index_put_op.rules(x=lambda g, index, dims: index_put_op(g, 0.0, index, dims=dims),
                   value=lambda g, index, dims: index_op(g, index, dims=dims))

masked_select_op = Op("masked_select", "x mask", promote=None)
masked_place = Op("masked_place", "g mask", attrs="shape", promote=None)
masked_select_op.rules(x=lambda g, mask, x_shape: masked_place(g, mask, shape=x_shape))
masked_place.rules(g=lambda u, mask: masked_select_op(u, mask))


def getitem(x, index):
    """x[index]: a view for numbers, slices, None and `...`; a copy for integer tensors and masks.

    Raises: TensorIndexError for a position outside its axis, too many indices, or an index of another kind;
    ArgumentError for a slice with a step below 1.
    """
    if type(index) is not tuple:
        index = as_tuple(index)
        only = index[0]
        if (isinstance(only, Tensor) and only.array.dtype.kind == "i" and only.array.ndim and only.device is x.device
                and x.array.ndim):
            try:
                return index_op(x, only, dims=(0,))     # the everyday case, without a plan
            except (IndexError, ShapeError):
                pass                                    # the plan says why
    found = basic(index)
    if found is not None:
        try:
            return getitem_op(x, index=found)
        except IndexError:
            raise outside_axes(x.array.shape, index) from None
    plan = Plan(x, index)
    part = plan.part(x)
    if plan.mask is not None:
        return masked_select_op(part, plan.mask)
    if plan.dims is None:
        return part
    try:
        return index_op(part, plan.positions, dims=plan.dims)
    except IndexError:
        raise plan.outside(part) from None


def setitem(x, index, value):
    """x[index] = value: writes into x's memory, with its history; `value` is broadcast and converted to x's dtype.

    Raises: as for reading; ShapeError if `value` does not fit; InPlaceError where autograd must refuse the write.
    """
    index = as_tuple(index)
    value = as_value("setitem", x, value)
    found = basic(index)
    if has_history(x, value):
        _set_in_graph(x, index, found, value)
        return
    check_writable("setitem", x, (value,))
    plan = Plan(x, index) if found is None else None
    array = value.array if isinstance(value, Tensor) else value
    try:
        if plan is None:
            x.device.write(x.array, found, array)
        else:
            plan.write(x, array)
    except IndexError:
        raise outside_axes(x.array.shape, index) if plan is None else plan.outside(plan.part(x)) from None
    except (ValueError, OverflowError) as error:
        raise refused("setitem", x, value, error) from None
    x.wrote("setitem")


def _set_in_graph(x, index, found, value):
    """Write where a graph has to know of it: into a view, or at positions of one."""
    plan = Plan(x, index, by_mask=False) if found is None else None
    part = getitem(x, found) if plan is None else plan.part(x)
    if plan is None or plan.dims is None:
        write_in_graph("setitem", x, copy_op, part, as_tensor_of(x, with_at_most(part.array.ndim, value)))
        x.writes[1] = "setitem"
        return
    selected = part.array.ndim - len(plan.dims) + plan.positions.array.ndim - (len(plan.dims) > 1)
    try:
        write_in_graph("setitem", x, index_put_op, part, with_at_most(selected, value), plan.positions, dims=plan.dims)
        x.writes[1] = "setitem"
    except IndexError:
        raise plan.outside(part) from None
