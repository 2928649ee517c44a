"""Random numbers: tensors of them, tensors filled with them, draws from distributions.

The one idea: every function draws from one generator, the device's own or the one given as `generator=`, so a program
that calls `tg.manual_seed` first gives the same numbers every time on one kind of device. Nothing here depends
smoothly on its inputs: a tensor filled in place leaves the graph of what it was.

Dropout is in dropout.py.
"""
from .. import dtypes
from ..autograd.inplace import attach, check_writable
from ..autograd.op import quiet
from ..device import CPU, Device
from ..errors import ArgumentError, DeviceError, DTypeError, ShapeError
from ..generator import Generator
from ..tensor import Tensor
from .dims import sizes

__all__ = ["bernoulli", "multinomial", "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
           "randperm"]


def _drawn(op, kernel, device, generator, *args, **kwargs):
    """What the device's kernel draws from the generator, as an array."""
    if generator is None:
        generator = device.generator
    elif not isinstance(generator, Generator):
        raise ArgumentError(f"{op}: generator is {type(generator).__name__}. Give a tg.Generator, or None for the "
                            "device's.")
    elif generator.device is not device:
        raise DeviceError(f"{op}: the generator is on {generator.device} but the tensor on {device}. "
                          f"Make one with tg.Generator({str(device)!r}), or pass device=.")
    return quiet.run(device.kernel(kernel), generator.native, *args, **kwargs)


def _made(op, kernel, shape, dtype, device, generator, requires_grad, *args):
    """A new tensor drawn on the device given, or the CPU."""
    device = CPU if device is None else Device(device)
    x = Tensor(_drawn(op, kernel, device, generator, shape, dtype.numpy, *args), device)
    return x.requires_grad_() if requires_grad else x


def _shape(op, size):
    """Sizes given as `f(2, 3)` or as `f((2, 3))`."""
    return sizes(op, size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size, negative=False)


def _floating(op, dtype):
    dtype = dtypes.get_default_dtype() if dtype is None else dtypes.of(dtype)
    if not dtype.is_floating_point:
        raise DTypeError(f"{op}: {dtype} is not floating point. Use randint for integers.")
    return dtype


def rand(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Numbers drawn evenly from [0, 1), in a tensor of the given sizes (numbers, or one tuple).

    Raises: DTypeError for integer dtypes, ShapeError for negative sizes, DeviceError for a generator of another device.

    >>> rand(2, 3).shape
    tinygrad_cnn.Size([2, 3])
    """
    return _made("rand", "draw_uniform", _shape("rand", size), _floating("rand", dtype), device, generator,
                 requires_grad, 0.0, 1.0)


def randn(*size, generator=None, dtype=None, device=None, requires_grad=False):
    """Numbers of the normal distribution with mean 0 and variance 1. Arguments and Raises as rand."""
    return _made("randn", "draw_normal", _shape("randn", size), _floating("randn", dtype), device, generator,
                 requires_grad, 0.0, 1.0)


def randint(low=0, high=None, size=None, *, generator=None, dtype=dtypes.int64, device=None, requires_grad=False):
    """Integers drawn evenly from [low, high): `randint(high, size)` or `randint(low, high, size)`.

    Raises: ArgumentError for an empty range, or one that the dtype cannot hold.

    >>> randint(5, (2, 3)).shape
    tinygrad_cnn.Size([2, 3])
    """
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise ArgumentError("randint: size is not given. Write randint(high, size) or randint(low, high, size).")
    dtype = dtypes.of(dtype)
    low, high = _range("randint", low, high, dtype)
    return _made("randint", "draw_integers", sizes("randint", size, negative=False), dtype, device, generator,
                 requires_grad, low, high)


def _range(op, low, high, dtype):
    """The two ends of [low, high) as integers that fit the dtype."""
    if not all(hasattr(n, "__index__") for n in (low, high)):
        raise ArgumentError(f"{op}: low={low!r} and high={high!r} must be integers.")
    low, high = low.__index__(), high.__index__()
    if low >= high:
        raise ArgumentError(f"{op}: there is no integer from {low} up to but not including {high}. "
                            "Give a high above low.")
    if not dtype.is_floating_point:
        least, most = (0, 1) if dtype is dtypes.bool else (dtypes.iinfo(dtype).min, dtypes.iinfo(dtype).max)
        if low < least or high - 1 > most:
            raise ArgumentError(f"{op}: {dtype} holds {least} to {most}, not {low} to {high - 1}. "
                                "Choose a wider dtype.")
    return low, high


def randperm(n, *, generator=None, dtype=dtypes.int64, device=None, requires_grad=False):
    """The integers from 0 to n - 1 in random order: (n,).

    Raises: ArgumentError if n is not a number of elements.
    """
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 0:
        raise ArgumentError(f"randperm: n={n!r} is not a number of elements. Give an integer of at least 0.")
    return _made("randperm", "draw_permutation", n.__index__(), dtypes.of(dtype), device, generator, requires_grad)


def rand_like(input, *, generator=None, dtype=None, device=None, requires_grad=False):
    """`rand` with the shape, dtype and device of `input`, where these are not given."""
    return rand(tuple(input.shape), generator=generator, dtype=dtype or input.dtype, device=device or input.device,
                requires_grad=requires_grad)


def randn_like(input, *, generator=None, dtype=None, device=None, requires_grad=False):
    """`randn` with the shape, dtype and device of `input`, where these are not given."""
    return randn(tuple(input.shape), generator=generator, dtype=dtype or input.dtype, device=device or input.device,
                 requires_grad=requires_grad)


def randint_like(input, low=0, high=None, *, generator=None, dtype=None, device=None, requires_grad=False):
    """`randint` in the shape, dtype and device of `input`: `randint_like(x, high)` or `randint_like(x, low, high)`."""
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high, tuple(input.shape), generator=generator, dtype=dtype or input.dtype,
                   device=device or input.device, requires_grad=requires_grad)


def normal(mean=0.0, std=1.0, size=None, *, generator=None, dtype=None, device=None, requires_grad=False):
    """Numbers of normal distributions: mean and std are Tensors that broadcast, or numbers (both with `size`).

    Returns: the shape the Tensors broadcast to, or `size`; the Tensors' dtype. The result is outside the graph.
    Raises: ArgumentError for a negative std, or without Tensors and `size`.

    >>> import tinygrad_cnn as tg
    >>> normal(tg.tensor([0.0, 10.0]), 0.0)
    tensor([ 0., 10.])
    """
    if not isinstance(std, Tensor) and not std >= 0:
        raise ArgumentError(f"normal: std is {std}. Give a number of at least 0.")
    given = [t for t in (mean, std) if isinstance(t, Tensor)]
    if given and size is not None or not given and size is None:
        raise ArgumentError("normal: give mean and std as Tensors, or as numbers together with size.")
    if not given:
        shape = sizes("normal", size, negative=False)
        return _made("normal", "draw_normal", shape, _floating("normal", dtype), device, generator, requires_grad,
                     float(mean), float(std))
    shape = _broadcast("normal", [tuple(t.shape) for t in given])
    dtype = given[0].dtype if len(given) == 1 else dtypes.promote_types(mean.dtype, std.dtype)
    mean, std = (t.array if isinstance(t, Tensor) else float(t) for t in (mean, std))
    return _made("normal", "draw_normal", shape, _floating("normal", dtype), given[0].device, generator, requires_grad,
                 mean, std)


def _broadcast(op, shapes):
    rank = max(map(len, shapes))
    result = []
    for lengths in zip(*((1,) * (rank - len(s)) + s for s in shapes)):
        wide = {n for n in lengths if n != 1}
        if len(wide) > 1:
            raise ShapeError(f"{op}: shapes {' and '.join(map(str, shapes))} cannot be broadcast together. "
                             "Sizes must be equal or 1, counted from the last axis.")
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def bernoulli(input, p=None, *, generator=None):
    """1 with the probability in each element of `input` (or with probability p), else 0; the input's shape and dtype.

    Raises: ArgumentError for a probability outside [0, 1] (for a Tensor on a GPU it counts as the nearest of 0 and 1).

    >>> import tinygrad_cnn as tg
    >>> bernoulli(tg.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    if not isinstance(input, Tensor):
        raise DTypeError(f"bernoulli: expected a Tensor, got {type(input).__name__}. Make one with tg.tensor(...).")
    if p is None and not input.dtype.is_floating_point:
        raise DTypeError(f"bernoulli: probabilities are floating point, the input is {input.dtype}. "
                         "Convert it with .float().")
    p = input.array if p is None else _probability("bernoulli", p)
    array = _drawn("bernoulli", "draw_bernoulli", input.device, generator, p, tuple(input.shape), input.array.dtype)
    return Tensor(array, input.device)


def _probability(op, p):
    if not 0 <= p <= 1:
        raise ArgumentError(f"{op}: p is {p}. A probability is a number from 0 to 1.")
    return float(p)


def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Indices drawn with the weights in each row of `input`, which need not sum to 1: (C,) or (N, C) -> (S,) or (N, S).

    Returns: int64. Raises: DTypeError, ShapeError; ArgumentError for weights that S indices cannot be drawn from (on
    a GPU the result is then undefined).

    >>> import tinygrad_cnn as tg
    >>> multinomial(tg.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    if not isinstance(input, Tensor) or not input.dtype.is_floating_point:
        raise DTypeError("multinomial: weights are a floating-point Tensor. Convert them with .float().")
    if input.ndim not in (1, 2) or not input.shape[-1]:
        raise ShapeError(f"multinomial: weights have shape {tuple(input.shape)}. Give (C,), or (N, C).")
    if not hasattr(num_samples, "__index__") or num_samples < 1 or not replacement and num_samples > input.shape[-1]:
        raise ArgumentError(f"multinomial: {num_samples} samples cannot be drawn from {input.shape[-1]} weights"
                            f"{'' if replacement else ' without replacement'}. Give a number from 1"
                            f"{' up' if replacement else f' to {input.shape[-1]}'}.")
    rows = input.array.reshape(-1, input.shape[-1])
    drawn = _drawn("multinomial", "draw_categories", input.device, generator, rows, num_samples.__index__(),
                   bool(replacement))
    return Tensor(drawn if input.ndim == 2 else drawn[0], input.device)


def _fill(op, self, kernel, generator, *args, floating=True):
    """Write what is drawn into a tensor's memory, under autograd's rules for in-place writes."""
    if not isinstance(self, Tensor):
        raise DTypeError(f"{op}: expected a Tensor to write into, got {type(self).__name__}.")
    if floating and not self.dtype.is_floating_point:
        raise DTypeError(f"{op}: the tensor is {self.dtype}, the numbers drawn are floating point. "
                         "Use random_ for integers.")
    return _replace(op, self, kernel, generator, tuple(self.shape), self.array.dtype, *args)


def _replace(op, self, kernel, generator, *args):
    """Draw into the tensor's memory; what it was before has no part in what it is now."""
    check_writable(op, self)
    self.device.write(self.array, ..., _drawn(op, kernel, self.device, generator, *args))
    attach(op, self, Tensor(self.array, self.device))
    return self


def normal_(self, mean=0.0, std=1.0, *, generator=None):
    """Fill with numbers of the normal distribution; returns the tensor.

    Raises: ArgumentError for a negative std, DTypeError for integers, InPlaceError where autograd must refuse.
    """
    if not std >= 0:
        raise ArgumentError(f"normal_: std is {std}. Give a number of at least 0.")
    return _fill("normal_", self, "draw_normal", generator, float(mean), float(std))


def uniform_(self, low=0.0, to=1.0, *, generator=None):
    """Fill with numbers drawn evenly from [low, to); returns the tensor.

    Raises: as normal_, ArgumentError if low > to.
    """
    if not low <= to:
        raise ArgumentError(f"uniform_: there is no number from {low} to {to}. Give the smaller one first.")
    return _fill("uniform_", self, "draw_uniform", generator, float(low), float(to))


def exponential_(self, lambd=1.0, *, generator=None):
    """Fill with numbers of the exponential distribution with mean 1 / lambd; returns the tensor. Raises: as normal_."""
    if not lambd > 0:
        raise ArgumentError(f"exponential_: lambd is {lambd}. Give a number greater than 0.")
    return _fill("exponential_", self, "draw_exponential", generator, float(lambd))


def random_(self, low=None, to=None, *, generator=None):
    """Fill with integers drawn evenly from [low, to), or [0, low) for one number; returns the tensor.

    Without numbers: every value an integer dtype has from 0 up, or every integer a floating-point dtype holds exactly.
    Raises: ArgumentError for an empty range, InPlaceError where autograd must refuse.
    """
    if to is None:
        low, to = 0, _integers_of(self.dtype) if low is None else low
    low, to = _range("random_", low, to, self.dtype)
    return _fill("random_", self, "draw_integers", generator, low, to, floating=False)


def _integers_of(dtype):
    if dtype is dtypes.bool:
        return 2
    if not dtype.is_floating_point:
        return int(dtypes.iinfo(dtype).max) + 1
    return 2 ** {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}[dtype.name] + 1


def bernoulli_(self, p=0.5, *, generator=None):
    """Fill with 1 (probability p: a number, or a Tensor that broadcasts) and 0; returns the tensor.

    Raises: ArgumentError for a probability outside [0, 1], InPlaceError where autograd must refuse.
    """
    if isinstance(p, Tensor):
        p = p.array
    else:
        p = _probability("bernoulli_", p)
    return _replace("bernoulli_", self, "draw_bernoulli", generator, p, tuple(self.shape), self.array.dtype)
