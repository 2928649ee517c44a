"""How a model answers to an image moved, turned or scaled: f(T x) against T f(x), measured.

Where the output is a map, it should move with the image (equivariance); where it is a vector, it should stay
(invariance). The error is |f(T x) - T' f(x)| / |f(x)|, with T' the same motion on the scale of the map: a shift by s
pixels is one by s / stride places there. Shifts are circular, so what they show is the model: zero padding, strides and
pooling. Quarter turns and no interpolation are exact; other angles and scales mix neighbouring pixels, which the error
includes; it is taken over the places in the middle half of the map, where nothing comes from outside the image.
"""
from ..autograd import no_grad
from ..errors import ArgumentError
from ..ops import rot90
from .forward_pass import channels_and_axes, model_inputs
from .text_table import Printed, bar, lined_up
from .texts_layers import headings, say
from .untouched import untouched
from .warp import rotation, scaling, warp

__all__ = ["Equivariance", "equivariance"]


class Equivariance(Printed):
    """The measured errors: `shift`, `rotation` and `scale`, each a dict amount -> error.

    is_map: whether the output is a map (equivariance) or not (invariance). steps: the input pixels for each place of
    the map, per axis.
    """

    def __init__(self, is_map, steps, shift, rotation, scale, lang):
        self.is_map, self.steps, self.lang = is_map, steps, lang
        self.shift, self.rotation, self.scale = shift, rotation, scale

    def __str__(self):
        names = headings(self.lang, "equivariance.names")
        signs = ("{} px", "{} deg", "x {}")
        rows = [(name, sign.format(amount), _written(error), bar(error, 1.0, 30))
                for name, sign, found in zip(names, signs, (self.shift, self.rotation, self.scale))
                for amount, error in found.items()]
        title = say(self.lang, "equivariance.map" if self.is_map else "equivariance.vector")
        return "\n".join([title, "", *lined_up(headings(self.lang, "equivariance.head"), rows, left=4)])


def equivariance(model, images=None, shifts=(1, 2, 3, 4), angles=(90, 180, 45), scales=(0.75, 1.5), lang="both"):
    """The error of `model` under shifts (pixels, along the last axis), rotations (degrees) and scalings of `images`.

    Args: model: a Module or a function, (N, C, H, W) -> a map (N, K, OH, OW) or anything of (N, ...). images: a Tensor
    (N, C, H, W), or its shape; random ones of 32 x 32 for the model's first convolution if None. lang: "zh", "en" or
    "both".
    Returns: an `Equivariance`; a Module, in evaluation mode meanwhile, is left as it was.
    Raises: ArgumentError for images that are not (N, C, H, W), or not square where they are turned.
    Source: Li Hang, Machine Learning Methods, section 24.1.5.

    >>> import tinygrad_cnn as tg
    >>> conv = tg.nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular", dtype=tg.float64)
    >>> found = equivariance(conv, tg.rand(1, 1, 8, 8, dtype=tg.float64), shifts=(1, 2), angles=(90,), scales=())
    >>> max(found.shift.values()) < 1e-12, found.rotation[90] > 0.01
    (True, True)
    """
    if not hasattr(model, "modules"):
        return _measured(model, images, shifts, angles, scales, lang)
    if images is None:
        images = (1, channels_and_axes("equivariance", model, "images")[0], 32, 32)
    (images,) = model_inputs("equivariance", model, images)
    with untouched(model, training=False):
        return _measured(model, images, shifts, angles, scales, lang)


def _written(error):
    if error == 0:
        return "0"
    return f"{error:.0e}" if error < 0.005 else f"{error:.2f}"


def _measured(f, x, shifts, angles, scales, lang):
    if getattr(x, "ndim", 0) != 4:
        raise ArgumentError(f"equivariance: the images have shape {tuple(getattr(x, 'shape', ()))}. "
                            "Give (N, C, H, W).")
    if angles and x.shape[2] != x.shape[3]:
        raise ArgumentError(f"equivariance: images of {x.shape[2]}x{x.shape[3]} cannot be turned in place. Give square "
                            "images, or angles=().")
    with no_grad():
        y = f(x)
        is_map = y.ndim == 4 and min(y.shape[2:]) > 1
        steps = tuple(round(n / m) for n, m in zip(x.shape[2:], y.shape[2:])) if is_map else None
        shift = {s: _error(f(x.roll(s, 3)), *([y.roll(k, 3) for k in _near(s, steps[1])] if is_map else [y]))
                 for s in shifts}
        turn = {a: _turned(f, x, y, a, is_map) for a in angles}
        scale = {s: _warped(f, x, y, scaling(s), is_map) for s in scales}
    return Equivariance(is_map, steps, shift, turn, scale, lang)


def _near(s, step):
    """The whole shifts of the map nearest to s / step: the best of them counts."""
    return {s // step, -(-s // step)}


def _error(found, *expected):
    return min(((found - e).norm() / e.norm()).item() for e in expected)


def _turned(f, x, y, degrees, is_map):
    if degrees % 90:
        return _warped(f, x, y, rotation(degrees), is_map)
    turns = degrees // 90
    return _error(f(rot90(x, turns, (2, 3))), rot90(y, turns, (2, 3)) if is_map else y)


def _warped(f, x, y, matrix, is_map):
    found = f(warp(x, matrix))
    if not is_map:
        return _error(found, y)
    middle = tuple(slice(n // 4, n - n // 4) for n in y.shape[2:])
    return _error(found[(..., *middle)], warp(y, matrix)[(..., *middle)])
