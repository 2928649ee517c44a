"""Tensors as text, in PyTorch's form.

All numbers of one tensor get one format: "1." if every value is whole, four digits after the point otherwise, and
scientific notation if the values span more than three orders of magnitude. Tensors of more than `threshold` elements
show `edgeitems` at each end of each dimension.
"""
import math

import numpy as np

from . import dtypes
from .errors import ArgumentError

_DEFAULTS = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}
_PROFILES = {"default": _DEFAULTS, "short": {**_DEFAULTS, "precision": 2, "edgeitems": 2},
             "full": {**_DEFAULTS, "threshold": math.inf}}
_options = dict(_DEFAULTS)


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """Set how tensors print; what is not given stays as it is.

    Args: precision: digits after the point. threshold: number of elements above which the middle is left out.
        edgeitems: how many are shown at each end. linewidth: characters a line. profile: "default", "short" or "full".
        sci_mode: True or False to force scientific notation on or off.
    Raises: ArgumentError for an unknown profile.
    """
    if profile is not None:
        if profile not in _PROFILES:
            raise ArgumentError(f"set_printoptions: there is no profile {profile!r}. "
                                f"Use one of {', '.join(_PROFILES)}.")
        _options.update(_PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({k: v for k, v in given.items() if v is not None})
    _options["sci_mode"] = sci_mode


def get_printoptions():
    """The present print options, a dict."""
    return dict(_options)


class _Format:
    """One format for all elements of a tensor, chosen from those that will be shown."""

    def __init__(self, values, floating):
        self.floating, self.scientific, self.whole, self.width = floating, False, True, 1
        if not floating:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        numbers = values[np.isfinite(values) & (values != 0)]       # zeros, inf and NaN do not widen the column
        if numbers.size:
            sizes = np.abs(numbers)
            high, low = float(sizes.max()), float(sizes.min())
            self.whole = bool((numbers == np.ceil(numbers)).all())
            self.scientific = high / low > 1000.0 or high > 1e8 or (not self.whole and low < 1e-4)
        if _options["sci_mode"] is not None:
            self.scientific = bool(_options["sci_mode"])
        self.width = max((len(self.text(v)) for v in numbers), default=1)

    def text(self, value):
        if not self.floating:
            return str(value)
        if not math.isfinite(value):
            return str(float(value))
        if self.scientific:
            return f"{value:.{_options['precision']}e}"
        if self.whole:
            return f"{value:.0f}."
        return f"{value:.{_options['precision']}f}"

    def __call__(self, value):
        return self.text(value).rjust(self.width)


def _shown(array, summarize):
    """The elements of `array` that will be shown, flat."""
    if summarize:
        n = _options["edgeitems"]
        for axis, size in enumerate(array.shape):
            if size > 2 * n:
                array = np.take(array, [*range(n), *range(size - n, size)], axis=axis)
    return array.reshape(-1)


def _rows(array, form, indent, summarize):
    if array.ndim == 0:
        return form(array[()])
    n, edge = len(array), _options["edgeitems"]
    cut = summarize and n > 2 * edge
    if array.ndim == 1:
        head, tail = (array[:edge], array[n - edge:]) if cut else (array, array[:0])
        items = [form(v) for v in head] + [" ..."] * cut + [form(v) for v in tail]
        per_line = max(1, (_options["linewidth"] - indent) // (form.width + 2))
        lines = [items[i:i + per_line] for i in range(0, len(items), per_line)] or [[]]
        return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
    parts = [array[i] for i in (range(edge) if cut else range(n))]
    texts = [_rows(a, form, indent + 1, summarize) for a in parts]
    if cut:
        texts += ["..."] + [_rows(array[i], form, indent + 1, summarize) for i in range(n - edge, n)]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(texts) + "]"


def format_array(array, indent=0):
    """The elements of a host array as nested brackets, continued lines indented by `indent` spaces."""
    floating = dtypes.of(array.dtype).is_floating_point
    summarize = array.size > _options["threshold"]
    shown = _shown(array, summarize)
    if floating:
        array, shown = array.astype(np.float64), shown.astype(np.float64)
    return _rows(array, _Format(shown, floating), indent, summarize)


def format_tensor(tensor, name="tensor"):
    """The whole text of a tensor: its elements, then what is not the default about it."""
    array = tensor.device.asnumpy(tensor.array)
    suffixes = []
    if array.size == 0 and array.ndim != 1:
        suffixes.append(f"size={tuple(array.shape)}")
    if tensor.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool) or \
            array.size == 0 and tensor.dtype is not dtypes.get_default_dtype():
        suffixes.append(f"dtype={tensor.dtype}")
    if tensor.device.type != "cpu":
        suffixes.append(f"device='{tensor.device}'")
    node = tensor.grad_fn
    if node is not None:
        suffixes.append(f"grad_fn=<{node.name()}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    body = "[]" if array.size == 0 else format_array(array, len(name) + 1)
    return _followed(f"{name}({body}", suffixes, len(name) + 1) + ")"


def _followed(text, suffixes, indent):
    """The text with its suffixes, each on a new line where the present one is full."""
    width = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if width + len(suffix) + 2 > _options["linewidth"]:
            text += f",\n{' ' * indent}{suffix}"
            width = indent + len(suffix)
        else:
            text += f", {suffix}"
            width += len(suffix) + 2
    return text
