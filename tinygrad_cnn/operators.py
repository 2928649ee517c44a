"""The table that gives Tensor its methods and operators: each is a function of ops/ (or of the engine) under a name.

`name_` in INPLACE is the in-place form of the function `name`: the same value, written into the tensor's own memory
with its history (autograd/inplace.py). Those in RESHAPED_INPLACE write nothing: the tensor gets the view's shape
(autograd/reshape.py).
"""
from importlib import import_module
from weakref import ref

from . import autograd, ops, protocols
from .autograd.graph import watchers
from .autograd.inplace import inplace
from .autograd.reshape import reshape_inplace
from .errors import ArgumentError, DTypeError, GradError
from .ops.constructor import construct
from .ops.refusal import asking
from .tensor import Leaf, Tensor

METHODS = {
    "elementwise": "abs absolute acos acosh add addcdiv addcmul arccos arccosh arcsin arcsinh arctan arctan2 arctanh "
                   "asin asinh atan atan2 atanh ceil cos cosh deg2rad div divide erf erfc erfinv exp exp2 expm1 fix "
                   "floor floor_divide fmod frac hypot lerp log log10 log1p log2 logaddexp logit mul multiply "
                   "nan_to_num neg negative positive pow rad2deg reciprocal remainder round rsqrt sgn sigmoid sign "
                   "sin sinh sqrt square sub subtract tan tanh true_divide trunc xlogy",
    "compare": "allclose bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor clamp "
               "clamp_max clamp_min clip eq equal fmax fmin ge greater greater_equal gt heaviside isclose isfinite "
               "isinf isnan le less less_equal logical_and logical_not logical_or logical_xor lt maximum minimum ne "
               "not_equal signbit",
    "reduce": "all amax amin aminmax any argmax argmin count_nonzero cumprod cumsum max mean median min nanmean "
              "nansum norm prod std sum var",
    "activation": "hardshrink prelu relu",
    "shape": "adjoint broadcast_to expand expand_as flatten moveaxis movedim permute ravel reshape reshape_as "
             "squeeze swapaxes swapdims t transpose unflatten unsqueeze",
    "slices": "as_strided chunk diag_embed diagonal narrow select split tensor_split unbind unfold",
    "layout": "clone contiguous data_ptr is_contiguous is_same_size storage_offset stride view view_as",
    "join": "diag flip fliplr flipud repeat roll rot90 tile tril triu",
    "gather": "gather index_add index_copy index_fill index_put index_select repeat_interleave scatter scatter_add "
              "take take_along_dim",
    "scattering": "scatter_reduce",
    "masked": "argwhere masked_fill masked_scatter masked_select nonzero",
    "write": "copy_ fill_ zero_",
    "sort": "argsort bincount kthvalue msort sort topk unique",
    "matmul": "addmm addmv addr baddbmm bmm cross dot inner kron matmul mm mv outer trace vdot",
    "softmax": "log_softmax logsumexp softmax",
    "random": "bernoulli bernoulli_ exponential_ multinomial normal_ random_ uniform_",
    "questions": "element_size get_device is_complex is_inference is_nonzero is_signed ndimension nelement",
    "creation": "new_empty new_full new_ones new_tensor new_zeros size",
}

INPLACE = {
    "elementwise": "abs_ absolute_ acos_ acosh_ add_ addcdiv_ addcmul_ arccos_ arcsin_ arctan_ asin_ asinh_ atan_ "
                   "atan2_ atanh_ ceil_ cos_ cosh_ deg2rad_ div_ divide_ erf_ erfc_ erfinv_ exp_ exp2_ expm1_ fix_ "
                   "floor_ floor_divide_ fmod_ frac_ hypot_ lerp_ log_ log10_ log1p_ log2_ logit_ mul_ multiply_ "
                   "nan_to_num_ neg_ negative_ pow_ rad2deg_ reciprocal_ remainder_ round_ rsqrt_ sgn_ sigmoid_ "
                   "sign_ sin_ sinh_ sqrt_ square_ sub_ subtract_ tan_ tanh_ true_divide_ trunc_ xlogy_",
    "compare": "bitwise_and_ bitwise_left_shift_ bitwise_not_ bitwise_or_ bitwise_right_shift_ bitwise_xor_ clamp_ "
               "clamp_max_ clamp_min_ clip_ eq_ ge_ gt_ le_ logical_and_ logical_not_ logical_or_ logical_xor_ lt_ ne_",
    "reduce": "cumprod_ cumsum_",
    "activation": "relu_",
    "join": "tril_ triu_",
    "gather": "index_add_ index_copy_ index_fill_ index_put_ scatter_ scatter_add_",
    "scattering": "scatter_reduce_",
    "masked": "masked_fill_ masked_scatter_",
}

RESHAPED_INPLACE = "squeeze_ swapaxes_ swapdims_ t_ transpose_ unsqueeze_"

CONVERSIONS = "bfloat16_ bool_ byte char cpu cuda_ double_ float_ half_ int_ long_ short_ to type_ type_as"

OPERATORS = {
    "__add__": "add", "__sub__": "sub", "__mul__": "mul", "__truediv__": "div", "__floordiv__": "floor_divide",
    "__mod__": "remainder", "__pow__": "pow", "__matmul__": "matmul",
    "__eq__": "eq", "__ne__": "ne", "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge",
    "__and__": "bitwise_and", "__or__": "bitwise_or", "__xor__": "bitwise_xor",
    "__lshift__": "bitwise_left_shift", "__rshift__": "bitwise_right_shift",
}
REFLECTED = {
    "__radd__": "add", "__rsub__": "sub", "__rmul__": "mul", "__rtruediv__": "div", "__rfloordiv__": "floor_divide",
    "__rmod__": "remainder", "__rpow__": "pow", "__rmatmul__": "matmul",
    "__rand__": "bitwise_and", "__ror__": "bitwise_or", "__rxor__": "bitwise_xor",
    "__rlshift__": "bitwise_left_shift", "__rrshift__": "bitwise_right_shift",
}
UPDATES = {
    "__iadd__": "add", "__isub__": "sub", "__imul__": "mul", "__itruediv__": "div", "__ifloordiv__": "floor_divide",
    "__imod__": "remainder", "__ipow__": "pow",
    "__iand__": "bitwise_and", "__ior__": "bitwise_or", "__ixor__": "bitwise_xor",
}
UNARY = {"__neg__": "neg", "__pos__": "positive", "__abs__": "abs", "__invert__": "bitwise_not"}
PROTOCOLS = ("numpy item tolist __array__ __dlpack__ __dlpack_device__ __bool__ __float__ __int__ __index__ __len__ "
             "__iter__ __contains__ __format__ __repr__ _repr_html_ _repr_svg_ __deepcopy__ __reduce_ex__")


def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """Add this tensor's gradients to the `.grad` of the leaves it was computed from; see `tg.autograd.backward`."""
    autograd.backward(self, gradient, retain_graph, create_graph, inputs)


def register_hook(self, hook):
    """Call hook(gradient) whenever this tensor's gradient is computed; what it returns, if not None, replaces it.

    Returns a handle with `remove()`. Raises: GradError if the tensor does not require grad.
    """
    edge = self.edge
    if edge is None:
        raise GradError("register_hook: this tensor does not require grad, so it will have no gradient to show.")
    return watchers(edge).add(hook)


def register_post_accumulate_grad_hook(self, hook):
    """Call hook(tensor) each time this leaf's `.grad` has been added to; returns a handle with `remove()`."""
    if not isinstance(self.edge, Leaf):
        raise GradError("register_post_accumulate_grad_hook: only a leaf that requires grad has a .grad to add to.")
    if not self.edge.after:
        self.edge.after = []
    tensor = ref(self)
    return autograd.Hook(self.edge.after, lambda: tensor() is not None and hook(tensor()))


def retain_grad(self):
    """Keep the gradient of this computed tensor in `.grad` (leaves always do)."""
    edge = self.edge
    if edge is None:
        raise GradError("retain_grad: this tensor does not require grad, so it will have no gradient to keep.")
    if not isinstance(edge, Leaf) and watchers(edge).retained is None:
        self.holder = edge.watch.retained = Leaf(self.array)


def retains_grad(self):
    """Whether `.grad` of this computed tensor will be kept."""
    edge = self.edge
    return not self.is_leaf and edge.watch is not None and edge.watch.retained is not None


def where(self, condition, other):
    """This tensor where the condition holds, `other` elsewhere; see `tg.where`."""
    return ops.where(condition, self, other)


def detach_(self):
    """Take this tensor out of the graph, in place; returns it."""
    if self.source is not None:
        raise GradError("detach_: a view cannot leave the graph its source is in. Use detach().")
    edge = self.edge
    if isinstance(edge, autograd.Node) and edge.plan is not None and edge.plan.keeps_y and edge.saved:
        edge.writes = self.writes, self.writes[0]
    if isinstance(edge, Leaf):
        edge.asks = False
    self.edge = None
    return self


def _data(self):
    return autograd.detach(self)


def _set_data(self, other):
    if not isinstance(other, Tensor):
        raise ArgumentError(f"data: expected a Tensor, got {type(other).__name__}. Make one with tg.tensor(...).")
    if self.requires_grad and not other.dtype.is_floating_point:
        raise DTypeError(f"data: this tensor requires grad, so its data cannot be {other.dtype}. "
                         "Convert it with .float().")
    self.array, self.device = other.array, other.device
    for holder in {self.edge, getattr(self, "holder", None)}:
        if isinstance(holder, Leaf):
            holder.shape, holder.dtype = other.array.shape, other.array.dtype
    self.wrote("data")


def _inplace(name, function):
    op = autograd.OPS.get(name[:-1])                    # the plain op, where nothing but its inputs is given

    def method(self, *args, **kwargs):
        plain = op is not None and not op.attrs and not kwargs and len(args) + 1 == len(op.inputs)
        return inplace(op if plain else function, self, *args, **kwargs)
    method.__name__ = name
    method.__doc__ = f"In-place form of `{name[:-1]}`: writes the result into this tensor and returns it."
    return method


def _reshaped(name, function):
    def method(self, *args, **kwargs):
        return reshape_inplace(name, function, self, *args, **kwargs)
    method.__name__ = name
    method.__doc__ = f"In-place form of `{name[:-1]}`: this tensor gets that shape, and is returned."
    return method


def _update(name):
    """The operator that writes back: `x += y` is x.add_(y)."""
    op = autograd.OPS[name]

    def update(self, other):
        return inplace(op, self, other)
    return update


def _operator(name):
    """The operator of the op called `name`; for None, strings and lists Python asks the other operand."""
    op = autograd.OPS[name]

    def operator(self, other):
        if isinstance(other, Tensor):
            return op(self, other)
        if other is None or type(other) in (str, list, tuple):
            return NotImplemented
        return op(self, other)
    return operator


def _reflected(name):
    op = autograd.OPS[name]

    def operator(self, other):
        return op(other, self)
    return operator


def _bind():
    """Give Tensor everything in the tables above; a name that does not exist fails here, at import."""
    for family, names in METHODS.items():
        module = import_module(f"{ops.__name__}.{family}")
        for name in names.split():
            method = getattr(module, name)
            setattr(Tensor, name, method if family in ops._STRAIGHT else asking(method, 1))
    for family, names in INPLACE.items():
        module = import_module(f"{ops.__name__}.{family}")
        for name in names.split():
            setattr(Tensor, name, _inplace(name, asking(getattr(module, name[:-1]), 1)))
    for name in RESHAPED_INPLACE.split():
        setattr(Tensor, name, _reshaped(name, asking(getattr(ops.shape, name[:-1]), 1)))
    for name in CONVERSIONS.split():
        setattr(Tensor, name.rstrip("_"), getattr(ops.convert, name))
    for method, name in OPERATORS.items():
        setattr(Tensor, method, _operator(name))
    for method, name in REFLECTED.items():
        setattr(Tensor, method, _reflected(name))
    for method, name in UPDATES.items():
        setattr(Tensor, method, _update(name))
    for method, name in UNARY.items():
        setattr(Tensor, method, getattr(ops, name))
    for name in PROTOCOLS.split():
        setattr(Tensor, name, getattr(protocols, name))
    for function in (backward, register_hook, register_post_accumulate_grad_hook, retain_grad, detach_,
                     where):
        setattr(Tensor, function.__name__, function)
    Tensor.mH = property(ops.shape.mT)
    for name in ("T", "mT", "H"):
        setattr(Tensor, name, property(getattr(ops.shape, name)))
    for name in ("is_cpu", "is_cuda", "itemsize", "nbytes"):
        setattr(Tensor, name, property(getattr(ops.questions, name)))
    Tensor.__getitem__, Tensor.__setitem__ = ops.index.getitem, ops.index.setitem
    Tensor.detach, Tensor._construct = autograd.detach, construct
    Tensor.retains_grad = property(retains_grad)
    Tensor.data = property(_data, _set_data)


_bind()
