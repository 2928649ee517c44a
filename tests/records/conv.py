"""Records of convolutions, transposed convolutions and fold."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, register
from tinygrad_cnn.errors import ArgumentError, DTypeError, ShapeError
from tinygrad_cnn.geometry import conv_geometry, conv_transpose_geometry
from tinygrad_cnn.testing import reference_conv as reference
from tinygrad_cnn.testing.strategies import conv_cases

CONV = {3: tg.conv1d, 4: tg.conv2d, 5: tg.conv3d}
CONV_TRANSPOSE = {3: tg.conv_transpose1d, 4: tg.conv_transpose2d, 5: tg.conv_transpose3d}


@st.composite
def convolutions(draw):
    x, w, b, options = draw(conv_cases(max_extra=2))
    if all(s == 1 for s in options["stride"]) and draw(st.booleans()):
        options["padding"] = draw(st.sampled_from(["same", "valid"]))
        if options["padding"] == "valid":
            x = draw(arrays((*x.shape[:2], *(d * (k - 1) + 2 for d, k in zip(options["dilation"], w.shape[2:])))))
    return (x, w, b), options


def conv(x, w, b, *, stride, padding, dilation, groups):
    geom = conv_geometry("conv", x.shape[2:], w.shape[2:], stride, padding, dilation, groups)
    return reference.conv_loops(x, w, b, geom=geom)


register(Record(
    "conv", ops="conv conv_dx conv_dw", function=lambda x, *args, **options: CONV[x.ndim](x, *args, **options),
    cases=convolutions(), reference=conv, wrong=[
        (lambda: tg.conv2d(tg.ones(8, 3, 32, 32), tg.ones(16, 4, 3, 3)), ShapeError,
         r"conv2d: input has 3 channels but weight expects 4 \(input \(8, 3, 32, 32\), weight \(16, 4, 3, 3\), "
         r"groups=1\)\. "
         r"Make weight.shape\[1\] equal input.shape\[1\] // groups"),
        (lambda: tg.conv2d(tg.ones(8, 3, 8, 8), tg.ones(4, 1, 3, 3), groups=2), ShapeError,
         r"conv2d: input has 3 channels but weight expects 2 .*Make groups a divisor of the channels"),
        (lambda: tg.conv2d(tg.ones(8, 4, 8, 8), tg.ones(3, 2, 3, 3), groups=2), ShapeError,
         r"conv2d: weight has 3 output channels, which 2 groups cannot share equally"),
        (lambda: tg.conv2d(tg.ones(8, 3, 32), tg.ones(16, 3, 3)), ShapeError, r"conv2d: weight has 3 dimensions \(16, "
                                                                              r"3, 3\) but must have 4"),
        (lambda: tg.conv2d(tg.ones(32, 32), tg.ones(16, 3, 3, 3)), ShapeError,
         r"conv2d: input has 2 dimensions \(32, 32\) but must be \(N, C, H, W\), or \(C, H, W\) without a batch"),
        (lambda: tg.conv1d(tg.ones(1, 2, 3, 4), tg.ones(1, 2, 3)), ShapeError, r"conv1d: input has 4 dimensions .*\(N, "
                                                                               r"C, L\)"),
        (lambda: tg.conv3d(tg.ones(1, 2, 3), tg.ones(1, 2, 3, 3, 3)), ShapeError, r"conv3d: input has 3 dimensions "
                                                                                  r".*\(N, C, D, H, W\)"),
        (lambda: tg.conv2d(tg.ones(1, 1, 4, 4), tg.ones(2, 1, 3, 3), tg.ones(3)), ShapeError,
         r"conv2d: bias has shape \(3,\) but there are 2 output channels.*shape \(2,\)"),
        (lambda: tg.conv2d(tg.ones(1, 1, 4, 4), tg.ones(2, 1, 5, 3)), ShapeError,
         r"conv2d: no window fits along H: floor\(\(4 \+ 0 \+ 0 - 1\*\(5 - 1\) - 1\)/1\) \+ 1 = 0"),
        (lambda: tg.conv2d(tg.ones(1, 1, 4, 4), tg.ones(2, 1, 3, 3), stride=0), ArgumentError, r"conv2d: stride=0 .*at "
                                                                                               r"least 1"),
        (lambda: tg.conv2d(tg.ones(1, 1, 4, 4).double(), tg.ones(2, 1, 3, 3)), DTypeError,
         r"conv2d: input is tinygrad_cnn.float64 but weight is tinygrad_cnn.float32. Convert one of them with "
         r".to\(dtype\)"),
        (lambda: tg.conv2d(tg.ones(1, 1, 4, 4).long(), tg.ones(2, 1, 3, 3).long()), DTypeError,
         r"conv2d: input is tinygrad_cnn.int64 but must be floating point"),
        (lambda: tg.conv2d(np.ones((1, 1, 4, 4)), tg.ones(2, 1, 3, 3)), DTypeError, r"conv2d: input must be a Tensor, "
                                                                                    r"got ndarray"),
        (lambda: tg.conv2d(tg.ones(1, 1, 4, 4), tg.ones(2, 1, 3, 3), 1.0), DTypeError, r"conv2d: bias must be a "
                                                                                       r"Tensor, got float"),
    ]))


@st.composite
def transposed(draw):
    rank = draw(st.integers(1, 3))
    drawn = [tuple(draw(st.integers(low, high)) for _ in range(rank)) for low, high in
             ((1, 3 if rank < 3 else 2), (1, 3), (1, 2), (0, 1), (1, 3 if rank < 3 else 2))]
    kernel, stride, dilation, padding, size = drawn
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation))
    size = tuple(n + 2 * p for n, p in zip(size, padding))
    groups, channels, features = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x = draw(arrays((draw(st.integers(1, 2)), groups * channels, *size)))
    w = draw(arrays((groups * channels, features, *kernel)))
    b = draw(st.none() | arrays((groups * features,)))
    return (x, w, b), dict(stride=stride, padding=padding, output_padding=extra, groups=groups, dilation=dilation)


def conv_transpose(x, w, b, *, stride, padding, output_padding, groups, dilation):
    geom = conv_transpose_geometry("conv_transpose", x.shape[2:], w.shape[2:], stride, padding, output_padding,
                                   dilation, groups)
    y = reference.conv_dx(x, w, geom=geom)
    return y if b is None else y + b.reshape(-1, *(1,) * geom.rank)


register(Record(
    "conv_transpose", ops="conv_dx", function=lambda x, *args, **options: CONV_TRANSPOSE[x.ndim](x, *args, **options),
    cases=transposed(), reference=conv_transpose, wrong=[
        (lambda: tg.conv_transpose2d(tg.ones(1, 3, 4, 4), tg.ones(4, 2, 3, 3)), ShapeError,
         r"conv_transpose2d: input has 3 channels but weight expects 4 .*Make weight.shape\[0\] equal "
         r"input.shape\[1\]"),
        (lambda: tg.conv_transpose2d(tg.ones(1, 3, 4, 4), tg.ones(3, 2, 3, 3), groups=2), ShapeError,
         r"conv_transpose2d: 3 channels cannot be shared equally by 2 groups"),
        (lambda: tg.conv_transpose1d(tg.ones(1, 3, 4), tg.ones(3, 2, 3), output_padding=1), ArgumentError,
         r"conv_transpose1d: output_padding \(1,\) is not smaller than stride \(1,\)"),
        (lambda: tg.conv_transpose1d(tg.ones(1, 3, 1), tg.ones(3, 2, 1), padding=1), ShapeError,
         r"conv_transpose1d: the output is empty along L: \(1 - 1\)\*1 - 2\*1"),
        (lambda: tg.conv_transpose3d(tg.ones(1, 3, 4), tg.ones(3, 2, 3)), ShapeError, r"conv_transpose3d: input has 3 "
                                                                                      r"dimensions"),
        (lambda: tg.conv_transpose2d(tg.ones(1, 3, 4, 4), tg.ones(3, 2, 3, 3), tg.ones(3)), ShapeError,
         r"conv_transpose2d: bias has shape \(3,\) but there are 2 output channels"),
    ]))


@st.composite
def single_kernels(draw, rank):
    batch = draw(st.sampled_from([(), (2,), (2, 1)]))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    size = tuple(k + draw(st.integers(0, 2)) for k in kernel)
    mode = draw(st.sampled_from(["full", "same", "valid"]))
    return (draw(arrays((*batch, *size))), draw(arrays(kernel))), {"mode": mode}


def correlation(rank, flipped):
    """Every window by loops, y[k] = sum of kernel[m] * x[k + m - before]; a convolution flips the kernel first."""
    def reference(x, kernel, *, mode):
        kernel = np.flip(kernel) if flipped else kernel
        before = {"full": [k - 1 for k in kernel.shape], "valid": [0] * rank,
                  "same": [k // 2 if flipped else (k - 1) // 2 for k in kernel.shape]}[mode]
        size = x.shape[-rank:]
        change = {"full": 1, "same": 0, "valid": -1}[mode]
        y = np.zeros((*x.shape[:-rank], *(n + change * (k - 1) for n, k in zip(size, kernel.shape))))
        for place in np.ndindex(*y.shape[-rank:]):
            for tap in np.ndindex(*kernel.shape):
                at = tuple(p + t - b for p, t, b in zip(place, tap, before))
                if all(0 <= i < n for i, n in zip(at, size)):
                    y[(..., *place)] += kernel[tap] * x[(..., *at)]
        return y
    return reference


for rank, name, function in ((1, "correlate1d", tg.correlate1d), (2, "correlate2d", tg.correlate2d),
                             (1, "convolve1d", tg.convolve1d), (2, "convolve2d", tg.convolve2d)):
    register(Record(name, ops="conv", function=function, cases=single_kernels(rank),
                    reference=correlation(rank, name.startswith("convolve")), wrong=[
                        (lambda f=function, r=rank: f(tg.ones(*(4,) * r), tg.ones(*(2,) * r), "all"), ArgumentError,
                         f"{name}: mode='all' is not known. Give 'full', 'same' or 'valid'"),
                        (lambda f=function, r=rank: f(tg.ones(*(4,) * r), tg.ones(*(2,) * (r + 1))), ShapeError,
                         f"{name}: input has shape .* but the kernel must have {rank}"),
                        (lambda f=function, r=rank: f(tg.ones(*(2,) * r), tg.ones(*(3,) * r), "valid"), ShapeError,
                         f"{name}: no window fits")]))


@st.composite
def windows(draw):
    kernel = tuple(draw(st.integers(1, 2)) for _ in range(2))
    options = {name: tuple(draw(st.integers(low, 2)) for _ in range(2))
               for name, low in (("dilation", 1), ("padding", 0), ("stride", 1))}
    size = tuple(max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 2))
                 for k, d, p in zip(kernel, options["dilation"], options["padding"]))
    return draw(st.integers(1, 2)), draw(st.integers(1, 2)), size, kernel, options


@st.composite
def images(draw):
    n, c, size, kernel, options = draw(windows())
    return (draw(arrays((n, c, *size))),), {"kernel_size": kernel, **options}


@st.composite
def columns(draw):
    n, c, size, kernel, options = draw(windows())
    geom = conv_geometry("fold", size, kernel, options["stride"], options["padding"], options["dilation"])
    shape = (n, c * geom.taps, geom.output[0] * geom.output[1])
    return (draw(arrays(shape)),), {"output_size": size, "kernel_size": kernel, **options}


def unfold(x, *, kernel_size, dilation, padding, stride):
    return reference.im2col_loops(x, geom=conv_geometry("unfold", x.shape[2:], kernel_size, stride, padding, dilation))


def fold(x, *, output_size, kernel_size, dilation, padding, stride):
    """The adjoint of unfold, one column entry at a time."""
    geom = conv_geometry("fold", output_size, kernel_size, stride, padding, dilation)
    taps = x.reshape(len(x), -1, geom.taps, x.shape[2])
    y = np.zeros((*taps.shape[:2], *output_size))
    for k, tap in enumerate(np.ndindex(*kernel_size)):
        for w, place in enumerate(np.ndindex(*geom.output)):
            i, j = (p * s + t * d - b for p, s, t, d, b in zip(place, stride, tap, dilation, padding))
            if 0 <= i < output_size[0] and 0 <= j < output_size[1]:
                y[:, :, i, j] += taps[:, :, k, w]
    return y


register(Record("unfold", ops="im2col col2im", function=tg.unfold, cases=images(), reference=unfold, wrong=[
    (lambda: tg.unfold(tg.ones(2, 2), 2), ShapeError, r"unfold: input has 2 dimensions"),
    (lambda: tg.unfold(tg.ones(1, 1, 2, 2), 3), ShapeError, r"unfold: no window fits along H"),
    (lambda: tg.unfold(tg.ones(1, 1, 2, 2).long(), 1), DTypeError, r"unfold: input is tinygrad_cnn.int64"),
    (lambda: tg.unfold(tg.ones(1, 1, 2, 2), (1, 1, 1)), ArgumentError, r"unfold: kernel_size=\(1, 1, 1\) must be a "
                                                                       r"positive integer or a pair"),
    (lambda: tg.unfold(tg.ones(1, 1, 2, 2), 1, padding="same"), ArgumentError, r"unfold: padding='same' must be an "
                                                                               r"integer or a pair")]))
register(Record("fold", ops="col2im im2col", function=tg.fold, cases=columns(), reference=fold, wrong=[
    (lambda: tg.fold(tg.ones(1, 4, 5), (3, 3), 2), ShapeError,
     r"fold: input \(1, 4, 5\) has 4 rows and 5 columns, but a kernel \(2, 2\) over an output \(3, 3\) needs a "
     r"multiple of 4 rows and 2\*2 = 4"),
    (lambda: tg.fold(tg.ones(4), (3, 3), 2), ShapeError, r"fold: input has 1 dimensions"),
    (lambda: tg.fold(tg.ones(1, 4, 4), (3, 0), 2), ArgumentError, r"fold: output_size=\(3, 0\) must be a positive "
                                                                  r"integer or a pair")]))
