"""What a file of torch.save may name, besides plain Python and NumPy: tensors, their storages, dtypes and sizes.

A tensor in such a file is a window (offset, size, stride, in elements) on a storage, a row of bytes that several
tensors may share; the storages lie outside of the pickle. Here they become tensors of ours with the same windows on
the same memory.
"""
import math
import re

import numpy as np

from .. import dtypes
from ..device import CPU
from ..errors import DataError
from ..tensor import Size, Tensor
from .pickle_names import PLAIN, Maker, Marker, Names

_STORAGES = {"FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16",
             "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16",
             "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool"}
_DTYPES = {"half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32",
           "long": "int64", **{dtype.name: dtype.name for dtype in dtypes.ALL}}
_ELEMENT = re.compile(r"(complex|u?int|qu?int|float|bits)\d\w*|cfloat|cdouble|chalf")
_LARGEST = 2**28                            # elements of a tensor that repeats those of a smaller storage


class Storage:
    """A row of elements outside of the pickle.

    Args: dtype: a NumPy dtype, or None for bytes whose tensors say what they are. size: its elements (bytes if there is
    no dtype). content: a function that gives its bytes' elements for a dtype.
    """

    def __init__(self, dtype, size, content):
        self.dtype, self.size, self._content = dtype, size, content
        self._rows, self._writes = {}, [0, None]

    def row(self, dtype, device):
        """All elements as a flat array on `device`; the same memory every time."""
        if self.dtype is not None and dtype != self.dtype:
            raise DataError(f"a tensor of {dtype} in it lies in a storage of {self.dtype}")
        if dtype not in self._rows:
            host = Tensor(self._content(dtype), CPU)
            self._rows[dtype] = host.to(device=device).array
        return self._rows[dtype]

    def window(self, dtype, offset, size, stride, device):
        """The Tensor of these sizes and strides (in elements) from `offset` on."""
        size, stride = _whole_numbers("size", size), _whole_numbers("stride", stride)
        offset, = _whole_numbers("offset", (offset,))
        row = self.row(dtype, device)
        if len(size) != len(stride) or len(size) > 32:
            raise DataError(f"a tensor in it has {len(size)} sizes and {len(stride)} strides")
        count = math.prod(size)
        last = offset + sum((n - 1) * s for n, s in zip(size, stride))
        if offset > row.size or count and last >= row.size:
            raise DataError(f"a tensor in it of size {size}, stride {stride} and offset {offset} reaches beyond the "
                            f"{row.size} elements of its storage")
        if count > max(row.size, _LARGEST):
            raise DataError(f"a tensor in it repeats {row.size} elements to {count}, more than {_LARGEST}")
        tensor = Tensor(_window(row, offset, size, stride, count, device), device)
        tensor.writes = self._writes                        # one memory, one count of writes
        return tensor


class TorchNames(Names):
    """The names of a torch file.

    Args: open_storage: a function (key, NumPy dtype or None, size) -> Storage. device: where the tensors go.
    Attributes: `storages`, those that were named, by key.
    """

    holds = "tensors, dicts, lists, tuples, sets, numbers and strings"
    cure = ("If it is a whole model or a training script's object, save its weights alone in PyTorch, "
            "torch.save(model.state_dict(), path), and load that into the model here")

    def __init__(self, open_storage, device=CPU):
        self._open_storage, self._device = open_storage, device
        self.storages = {}
        self.allowed = {**PLAIN, **_fixed_names(), **self._makers()}

    def _makers(self):
        utils = {"_rebuild_tensor": self._tensor, "_rebuild_tensor_v2": self._tensor,
                 "_rebuild_tensor_v3": self._untyped_tensor, "_rebuild_parameter": self._parameter,
                 "_rebuild_parameter_with_state": self._parameter}
        found = {("torch._utils", name): Maker(f"torch._utils.{name}", make) for name, make in utils.items()}
        return {**found, ("torch._tensor", "_rebuild_from_type_v2"): Maker("torch tensor", _with_attributes)}

    def find(self, module, name):
        if (module, name) not in self.allowed and module in ("torch", "torch.cuda", "torch.storage"):
            kind = "a storage" if name.endswith("Storage") else "an element type"
            if kind == "a storage" or _ELEMENT.fullmatch(name):
                raise DataError(f"it holds {module}.{name}, {kind} that this package has not. Convert those tensors in "
                                f"PyTorch to one of {', '.join(dtype.name for dtype in dtypes.ALL)} and save again")
        return super().find(module, name)

    def persistent(self, identity):
        """The Storage of a persistent id: ("storage", type, key, location, elements, [view])."""
        if type(identity) is not tuple or len(identity) not in (5, 6) or identity[0] != "storage":
            raise DataError("it points to data outside of the pickle that is not a storage of a tensor")
        _, kind, key, _, size, *view = identity
        if not isinstance(kind, _StorageType) or type(key) is not str:
            raise DataError("a storage in it has no type or no key")
        size, = _whole_numbers("storage size", (size,))
        if view and view[0] is not None:
            return self._part_of_storage(kind, key, size, view[0])
        dtype = None if kind.element is None else dtypes.of(kind.element).numpy
        if key not in self.storages:
            self.storages[key] = self._open_storage(key, dtype, size)
        found = self.storages[key]
        if found.dtype != dtype or found.size != size:
            raise DataError(f"storage {key!r} in it is named with two types or sizes")
        return found

    def _part_of_storage(self, kind, key, size, view):
        """PyTorch 0.3 and before: a storage that is a piece of another."""
        _, offset, length = view if type(view) is tuple and len(view) == 3 else (None, None, None)
        if kind.element is None:
            raise DataError("a piece of a storage in it has no element type")
        whole = self.persistent(("storage", kind, key, None, size))
        offset, length = _whole_numbers("storage view", (offset, length))
        if offset + length > size:
            raise DataError(f"a piece of storage {key!r} in it reaches beyond its end")
        return _Piece(whole, offset, length)

    def _tensor(self, storage, offset, size, stride, requires_grad=False, hooks=None, metadata=None):
        if not isinstance(storage, (Storage, _Piece)) or storage.dtype is None:
            raise DataError("a tensor in it has no storage")
        return self._finish(storage.window(storage.dtype, offset, size, stride, self._device), requires_grad, hooks,
                            metadata)

    def _untyped_tensor(self, storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None):
        if not isinstance(storage, Storage) or not isinstance(dtype, dtypes.DType):
            raise DataError("a tensor in it has no storage or no element type")
        return self._finish(storage.window(dtype.numpy, offset, size, stride, self._device), requires_grad, hooks,
                            metadata)

    def _parameter(self, tensor, requires_grad=True, hooks=None, state=None):
        """A parameter comes as a tensor that requires grad; attributes that were put on it are dropped."""
        if not isinstance(tensor, Tensor):
            raise DataError("a parameter in it has no tensor")
        return self._finish(tensor, requires_grad, hooks, None)

    def _finish(self, tensor, requires_grad, hooks, metadata):
        if hooks or metadata:
            raise DataError(f"a tensor in it carries {'hooks' if hooks else f'the marks {metadata!r:.60}'}, which are "
                            "not read. Save its clone().detach()")
        if type(requires_grad) is not bool:
            raise DataError("a tensor in it does not say whether it requires grad")
        if requires_grad and not tensor.dtype.is_floating_point:
            raise DataError(f"a tensor of {tensor.dtype} in it requires grad")
        return tensor.requires_grad_() if requires_grad else tensor


class _Piece:
    """Elements offset to offset + size of another storage."""

    def __init__(self, whole, offset, size):
        self.dtype, self.size, self._whole, self._offset = whole.dtype, size, whole, offset

    def window(self, dtype, offset, size, stride, device):
        offset, = _whole_numbers("offset", (offset,))
        return self._whole.window(dtype, self._offset + offset, size, stride, device)


class _StorageType(Marker):
    """torch.FloatStorage and the like; `element` is the name of its dtype, None for bytes."""
    __slots__ = ("element",)

    def __init__(self, name, element):
        super().__init__(name)
        self.element = element


def _with_attributes(make, kind, arguments, state):
    """A tensor of a subclass or with attributes of its own: the tensor, without them."""
    if not isinstance(make, Maker) or kind not in (_TENSOR, _PARAMETER) or type(arguments) is not tuple:
        raise DataError("a tensor in it is of a class of its own. Save its as_subclass(torch.Tensor)")
    return make.make(*arguments)


def _device_name(kind, index=None):
    """A torch.device comes as its name, "cuda:0"."""
    if type(kind) is not str or not (index is None or type(index) is int):
        raise DataError("a device in it has no name")
    return kind if index is None else f"{kind}:{index}"


def _size(sizes):
    return Size(_whole_numbers("size", sizes))


_TENSOR, _PARAMETER = Marker("torch.Tensor"), Marker("torch.nn.Parameter")


def _fixed_names():
    """The names that mean the same in every file."""
    storages = {(module, name): _StorageType(name, element) for name, element in _STORAGES.items()
                for module in ("torch", "torch.cuda")}
    return {**storages, ("torch.storage", "UntypedStorage"): _StorageType("UntypedStorage", None),
            **{("torch", name): dtypes.of(ours) for name, ours in _DTYPES.items()},
            ("torch", "Size"): Maker("torch.Size", _size), ("torch", "device"): Maker("torch.device", _device_name),
            ("torch", "Tensor"): _TENSOR, ("torch.nn.parameter", "Parameter"): _PARAMETER}


def _whole_numbers(what, values):
    if not isinstance(values, tuple) or not all(type(n) is int and 0 <= n < 2**62 for n in values):
        raise DataError(f"the {what} of a tensor in it is {values!r:.60}. Whole numbers from 0 on are wanted")
    return values


def _window(row, offset, size, stride, count, device):
    """The window as an array on the row's memory; a slice where it is contiguous, which is nearly always."""
    expected = 1
    for n, s in zip(reversed(size), reversed(stride)):
        if s != expected and n != 1:
            break
        expected *= n
    else:
        return row[offset:offset + count].reshape(size)
    if not count:
        return row[:0].reshape(size)
    xp = np if device is CPU else device.xp
    return xp.lib.stride_tricks.as_strided(row[offset:], size, tuple(s * row.dtype.itemsize for s in stride))
