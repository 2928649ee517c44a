"""One convolution computed in four ways: Python loops, im2col, Winograd, and PyTorch where it is installed.

The same numbers, in very different times, and not quite the same: each is compared with the sum in float64. The loops
are the formula itself; im2col lays the windows out as rows of one matrix product; Winograd's algorithm needs fewer
multiplications and pays with rounding errors; PyTorch chooses for itself. All on the CPU.
"""
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter

import numpy as np

from ..autograd import no_grad
from ..errors import ArgumentError, ShapeError
from ..generator import Generator
from ..geometry import conv_geometry
from ..kernels.cpu.choice import algorithm
from ..nn.functional import conv2d
from ..ops import rand, randn
from .text_table import Printed, bar, lined_up, told
from .texts_layers import headings, say

__all__ = ["FourWays", "Way", "four_ways"]

MOST_LOOPS = 2_000_000                                  # products that are computed one by one in Python


class Way:
    """One way: `name`, `output` (N, O, OH, OW) as a NumPy array, `seconds` (the best of a few runs), `error` (largest
    deviation from float64, relative to the largest output), or `missing`, why there is none."""

    def __init__(self, name, output=None, seconds=None, error=None, missing=None):
        self.name, self.output, self.seconds, self.error, self.missing = name, output, seconds, error, missing


class FourWays(Printed):
    """The four ways, `exact` (the sum in float64) and the layer's description; `[name]` is one of the ways."""

    def __init__(self, ways, exact, products, layer, lang):
        self.ways, self.exact, self.products, self.layer, self.lang = ways, exact, products, layer, lang

    def __getitem__(self, name):
        for way in self.ways:
            if way.name == name:
                return way
        raise ArgumentError(f"four_ways: there is no way {name!r}. Use one of {', '.join(w.name for w in self.ways)}.")

    def __str__(self):
        slowest = max(np.log10(way.seconds * 1e6) for way in self.ways if way.seconds)
        rows = []
        for way in self.ways:
            if way.missing:
                rows.append((way.name, "-", "-", way.missing))
            else:
                rows.append((way.name, _duration(way.seconds), f"{way.error:.0e}",
                             bar(np.log10(way.seconds * 1e6), slowest, 30)))
        return "\n".join([*told(say(self.lang, "ways.title", layer=self.layer, products=f"{self.products:,}")), "",
                          *lined_up(headings(self.lang, "ways.head"), rows, left=4), "", say(self.lang, "ways.end")])


def four_ways(x=(1, 16, 16, 16), weight=(16, 16, 3, 3), padding=1, repeats=3, lang="both"):
    """One convolution layer told four ways: the same numbers, each with its time and its error.

    Args: x: images (N, C, H, W), float32, or their shape. weight: kernels (O, C, 3, 3) or (O, C, 5, 5), or their shape
    (random numbers are drawn, the same ones every time). padding: as conv2d's. repeats: the best of so many runs counts
    (the loops run once). lang: "zh", "en" or "both".
    Returns: a `FourWays`. Without PyTorch the fourth says so.
    Raises: ShapeError for shapes that do not fit; ArgumentError for kernels of another size than 3x3 and 5x5, or for
    more than 2,000,000 products, which Python loops would take too long for.

    >>> ways = four_ways((1, 8, 6, 6), (8, 8, 3, 3))
    >>> all(way.error < 1e-5 for way in ways.ways if not way.missing)
    True
    """
    x, w = _given(x, 1), _given(weight, 2)
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1]:
        raise ShapeError(f"four_ways: images {tuple(x.shape)} and weight {tuple(w.shape)} do not fit. Give "
                         "(N, C, H, W) and (O, C, KH, KW) with the same C.")
    geometry = conv_geometry("four_ways", tuple(x.shape[2:]), tuple(w.shape[2:]), 1, padding)
    if geometry.kernel not in ((3, 3), (5, 5)):
        raise ArgumentError(f"four_ways: the kernel is {geometry.kernel}, and Winograd's algorithm is here for 3x3 and "
                            "5x5. Give a weight (O, C, 3, 3) or (O, C, 5, 5).")
    products = x.shape[0] * w.numel() * geometry.output[0] * geometry.output[1]
    if products > MOST_LOOPS:
        raise ArgumentError(f"four_ways: {products:,} products are too many for Python loops. Give smaller shapes, of "
                            f"at most {MOST_LOOPS:,}.")
    images, kernels = x.numpy(), w.numpy()
    exact = _by("blocks", x.double(), w.double(), padding)
    ways = [_timed("loops", lambda: _loops(images, kernels, geometry), 1, exact),
            _timed("im2col", lambda: _by("blocks", x, w, padding), repeats, exact),
            _timed("Winograd", lambda: _by("winograd", x, w, padding), repeats, exact),
            _pytorch(images, kernels, padding, repeats, exact, lang)]
    layer = f"{tuple(x.shape)} * {tuple(w.shape)} -> {exact.shape}"
    return FourWays(ways, exact, products, layer, lang)


def _given(value, seed):
    if hasattr(value, "array"):
        return value.detach().float()
    draw = rand if seed == 1 else randn
    return draw(tuple(value), generator=Generator().manual_seed(seed))


def _loops(x, w, geometry):
    """The formula, one product at a time, in float32."""
    (N, C, H, W), (O, _, KH, KW), (OH, OW) = x.shape, w.shape, geometry.output
    top, left = geometry.before
    y = np.zeros((N, O, OH, OW), np.float32)
    for n, o, k, l in np.ndindex(N, O, OH, OW):
        total = np.float32(0)
        for c, u, v in np.ndindex(C, KH, KW):
            i, j = k + u - top, l + v - left
            if 0 <= i < H and 0 <= j < W:
                total += x[n, c, i, j] * w[o, c, u, v]
        y[n, o, k, l] = total
    return y


def _by(name, x, w, padding):
    with no_grad(), algorithm(name):
        return conv2d(x, w, padding=padding).numpy()


def _pytorch(x, w, padding, repeats, exact, lang):
    if find_spec("torch") is None:
        return Way("PyTorch", missing=say("zh" if lang == "zh" else "en", "ways.missing"))
    torch = import_module("torch")
    tensors = torch.tensor(np.ascontiguousarray(x)), torch.tensor(np.ascontiguousarray(w))
    with torch.no_grad():
        return _timed("PyTorch", lambda: torch.nn.functional.conv2d(*tensors, padding=padding).numpy(), repeats, exact)


def _timed(name, function, repeats, exact):
    output = function() if repeats > 1 else None        # the first run is for warming up
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        output = function()
        seconds.append(perf_counter() - start)
    error = float(np.abs(output - exact).max() / np.abs(exact).max())
    return Way(name, output, min(seconds), error)


def _duration(seconds):
    return f"{seconds * 1e3:,.3g} ms" if seconds < 1 else f"{seconds:.2f} s"
