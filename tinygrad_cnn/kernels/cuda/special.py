"""erf, erfc, erfinv and the exact GELU by CUDA's own functions, in one launch; the polynomials of the shared kernels
would take twenty. CUDA's erf and erfc are within 2 units in the last place in float32, erfinv within 4."""
from ..generic import activation, special
from .elementwise import keeping_order
from .sources import Elementwise

COMPUTED = "efd"                                        # dtypes of CUDA text; the others take the shared kernels

ERF = Elementwise("erf", "T x", "T y", "y = T(erf(wide<T>::type(x)));")
ERFC = Elementwise("erfc", "T x", "T y", "y = T(erfc(wide<T>::type(x)));")
ERFINV = Elementwise("erfinv", "T x", "T y", "y = T(erfinv(wide<T>::type(x)));")

GELU = Elementwise("gelu", "T x", "T y", """
    typedef wide<T>::type W;
    const W v = x;
    y = T(v * W(0.5) * (W(1) + erf(v * W(0.70710678118654752440))));
""")

GELU_AND_SLOPE = Elementwise("gelu_and_slope", "T x", "T y, S slope", """
    typedef wide<T>::type W;
    const W v = x;
    const W below = W(0.5) * (W(1) + erf(v * W(0.70710678118654752440)));
    y = T(v * below);
    slope = S(below + v * W(0.39894228040143267794) * exp(W(-0.5) * v * v));
""")


def _kernel(source, shared):
    """The kernel of a source, in its input's memory order; `shared` for dtypes the text does not know."""
    def run(device, *arrays):
        if any(a.dtype.char not in COMPUTED for a in arrays):
            return shared(device, *arrays)
        return source(*arrays)
    run.__name__, run.__wrapped__ = shared.__name__, shared
    return keeping_order(run)


erf, erfc, erfinv = _kernel(ERF, special.erf), _kernel(ERFC, special.erfc), _kernel(ERFINV, special.erfinv)


@keeping_order
def gelu(device, x, wants=frozenset()):
    """As in kernels/generic/activation.py."""
    if x.dtype.char not in COMPUTED:
        return activation.gelu(device, x, wants)
    if "slope" not in wants:
        return GELU(x), None
    y, slope = device.xp.empty_like(x), device.xp.empty_like(x, dtype="float32" if x.itemsize == 2 else x.dtype)
    GELU_AND_SLOPE(x, y, slope)
    return y, slope
