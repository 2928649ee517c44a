"""What the strict device refuses, and in whose words.

`Refused` is CuPy's own TypeError for what CuPy rejects. `SilentlyWrong` is for what CuPy would accept and answer with
something else than NumPy: an index that wraps round, a write whose order is undefined, a read outside an array. It is
no ValueError, IndexError or TypeError, so that code which turns NumPy's errors into ours cannot catch it by accident:
on a GPU there would be nothing to catch.
"""
import numpy as np


class Refused(TypeError):
    """CuPy raises here."""


class SilentlyWrong(RuntimeError):
    """CuPy would go on here, with a result that differs from NumPy's or is undefined."""


def refuse_host_array(value):
    raise Refused(f"Unsupported type {type(value)}: a NumPy array of shape {np.shape(value)} met a device array. "
                  "Move it with device.xp.asarray first.")


def refuse_conversion():
    raise Refused("Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array "
                  "explicitly.")


def refuse_name(section, name):
    raise AttributeError(f"{section} has no attribute {name!r} in CuPy 14.2.0")

