"""The adjoint of a strided convolution without scattering: one stride-1 convolution for each phase of the stride."""
from functools import lru_cache
from itertools import product
from math import gcd

from ...geometry import CACHED, ConvGeometry


@lru_cache(CACHED)
def phases(geometry):
    """The adjoint of a strided convolution as stride-1 convolutions: a tuple of (places, taps, ConvGeometry).

    Per axis, the input positions i0, i0 + s, i0 + 2s, ... are read through the same taps only: those with
    `t * dilation = i0 + before (mod s)`. So dx at these places is an ordinary convolution of g with those taps, last
    tap first, and nothing is scattered. `places` and `taps` are tuples of slices (of dx and of the kernel); taps and
    geometry are None where no tap reaches the places, whose gradient is zero.
    """
    axes = [_axis_phases(*numbers) for numbers in zip(
        geometry.size, geometry.kernel, geometry.stride, geometry.dilation, geometry.before, geometry.output)]
    found = []
    for phase in product(*axes):
        places = tuple(p[0] for p in phase)
        if any(p[1] is None for p in phase):
            found.append((places, None, None))
            continue
        kernel, dilation, before, output = (tuple(p[i] for p in phase) for i in (2, 3, 4, 5))
        ones = (1,) * len(phase)
        found.append((places, tuple(p[1] for p in phase),
                      ConvGeometry(geometry.output, kernel, ones, dilation, before, output, geometry.groups)))
    return tuple(found)


def _axis_phases(size, kernel, stride, dilation, before, output):
    """For one axis, (places, taps, number of taps, dilation, before, number of places) for each remainder."""
    step = stride // gcd(stride, dilation)              # taps of one remainder are this far apart
    for first in range(min(stride, size)):
        places = slice(first, None, stride)
        start = next((t for t in range(min(step, kernel)) if (first + before - t * dilation) % stride == 0), None)
        if start is None:
            yield places, None, 0, 1, 0, 0
            continue
        count = (kernel - 1 - start) // step + 1
        last = start + (count - 1) * step
        taps = slice(last, start - step if start >= step else None, -step)
        window = (first + before - last * dilation) // stride     # the window that reads `first` through its last tap
        yield places, taps, count, step * dilation // stride, -window, -(-(size - first) // stride)
