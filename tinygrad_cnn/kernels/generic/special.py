"""erf, erfc, erfinv and the normal distribution, which NumPy does not have.

Coefficients: minimax functions fitted for this file in 40-digit arithmetic (least squares with Lawson's weights on
Chebyshev points).

    float64: erf = x R(x^2) for |x| < 1 (relative error of the fit 7e-19), else 1 - exp(-x^2) erfcx(|x|), where erfcx is
        a quotient of polynomials (2e-17); their coefficients are positive, so that no digits cancel. erf comes out
        within 5e-16 of its own size, erfc within 2e-15.
    float32: erf = 1 - exp(-x p(x)) for x > 0 (4e-9 of erf), by expm1, so that small x keep their digits; within 1.2e-7
        (one unit in the last place of 1).
"""
from .precision import in_float32

ERF_P = (1.1283791670955125747, 0.14350678356019853096, 0.045483629246843462573, 0.0018774156701865371867,
         0.00019688490996592130083, 7.7724672960573133437e-8)
ERF_Q = (1.0, 0.46051290890950265505, 0.093813119875689892911, 0.010693089194447553001, 0.00069249922426117563794,
         0.000020810303275695876979)
ERFCX_P = (989.32466034643444821, 2164.6198674499709777, 2324.2037689410754419, 1571.5067325340268823,
           727.33298533642331977, 236.13782638767063124, 52.925450827112923417, 7.6116084454685411951,
           0.56418958354837261467)
ERFCX_Q = (989.32463036056047744, 3280.9534796241899112, 5037.0371501747198393, 4718.4681960137476763,
           2987.94950348578021, 1335.5680974865834111, 425.28901253865643931, 94.307919118137665326,
           13.491224700921036627, 1.0)
EXPONENT_FLOAT32 = (1.1283791716110278, 0.63661938211287091, 0.10277782858287246, -0.019153055801519263,
                    -0.00016041224042373824, 0.0016670444994996077, -0.00063284653178796338, 0.00011764406086883566,
                    -9.2565840485243554e-6)
NORMAL_FLOAT32 = (-1.5957698835433378, -0.072666167689603278, 6.518841310442745e-5, 0.00011061310520775387,
                  -7.9296392518159411e-6, 2.6454032894243193e-7, -3.5127705922038622e-9)
LARGEST_FLOAT32 = 3.95      # erf of it is 1 - 2.3e-8, which rounds to 1
LARGEST = 28.0              # erfc of it is below the smallest float64


def polynomial(coefficients, x):
    """c0 + c1 x + c2 x^2 + ..., by Horner's rule."""
    y = coefficients[-1] * x + coefficients[-2]
    for c in coefficients[-3::-1]:
        y *= x
        y += c
    return y


@in_float32
def erf(device, x):
    """The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    xp = device.xp
    if x.dtype == xp.float32:
        size = xp.minimum(xp.absolute(x), LARGEST_FLOAT32)
        return xp.copysign(xp.expm1(polynomial(EXPONENT_FLOAT32, size) * -size), x)
    size = xp.absolute(x)
    return xp.where(size < 1, _erf_near_zero(xp, x), xp.copysign(1 - _erfc_far(xp, size), x))


@in_float32
def erfc(device, x):
    """1 - erf(x), without the loss of digits where erf is near 1."""
    xp = device.xp
    if x.dtype == xp.float32:
        return erfc(device, x.astype("float64")).astype("float32")
    far = _erfc_far(xp, xp.absolute(x))
    return xp.where(xp.absolute(x) < 1, 1 - _erf_near_zero(xp, x), xp.where(x < 0, 2 - far, far))


def _erf_near_zero(xp, x):
    """erf for |x| < 1 (elsewhere anything finite or NaN)."""
    z = xp.square(xp.minimum(xp.maximum(x, -1), 1))
    return polynomial(ERF_P, z) / polynomial(ERF_Q, z) * x


def _erfc_far(xp, x):
    """erfc for x >= 1 (below 1 anything finite or NaN).

    exp(-x^2) with x = a + b, where a has few enough digits that a^2 is exact: exp(-a^2) exp(-b (a + x)).
    """
    x = xp.minimum(xp.maximum(x, 1), LARGEST)
    a = x.astype("float32").astype("float64")
    return polynomial(ERFCX_P, x) / polynomial(ERFCX_Q, x) * xp.exp(-xp.square(a)) * xp.exp((a - x) * (a + x))


@in_float32
def normal(device, x):
    """The standard normal distribution's probability below x, (1 + erf(x / sqrt(2))) / 2.

    float32: 1 / (1 + exp(-x p(x^2))), within 1.2e-7 (the fit, on [-5.5, 5.5], 2.9e-8): 0.6 of the time that erf takes.
    """
    xp = device.xp
    if x.dtype != xp.float32:
        return erfc(device, x * -0.7071067811865476) * 0.5
    y = polynomial(NORMAL_FLOAT32, xp.minimum(xp.square(x), 30.25))
    y *= x
    y = xp.exp(y)
    y += 1
    return xp.reciprocal(y)


@in_float32
def erfinv(device, x):
    """The y with erf(y) = x, for x in [-1, 1]; infinite at the ends, NaN beyond.

    Winitzki's closed form (2008, within 2e-3) improved by three steps of Halley's method, each of which cubes the
    error; the error is taken from erfc where erf is near 1. Within 1e-15 of the truth, relatively.
    """
    xp = device.xp
    if x.dtype == xp.float32:
        return erfinv(device, x.astype("float64")).astype("float32")
    size = xp.absolute(x)
    log = xp.log1p(-size) + xp.log1p(size)
    middle = 4.330746750799873 + log / 2                 # 2 / (pi a) with Winitzki's a = 0.147
    y = xp.sqrt(xp.sqrt(xp.square(middle) - log / 0.147) - middle)
    for _ in range(3):
        error = xp.where(size < 0.5, erf(device, y) - size, (1 - size) - erfc(device, y))
        step = error * 0.886226925452758 * xp.exp(xp.square(y))
        y = y - step / (1 + y * step)
    y = xp.where(size < 1, y, xp.where(size == 1, float("inf"), float("nan")))
    return xp.copysign(y, x)
