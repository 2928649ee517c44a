"""Code that runs on every device uses only what NumPy and CuPy 14.2.0 both have; seen in the source, without a GPU."""
import pathlib

import numpy as np
import pytest

from tests.strict import manifest, static_check
from tinygrad_cnn.kernels.ufuncs import UFUNCS

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "tinygrad_cnn"
ROOMS = ("kernels/generic", "ops", "autograd", "nn", "optim")
GENERIC = sorted(path for room in ROOMS for path in (PACKAGE / room).rglob("*.py"))
# Where data of the host comes in or goes out: NumPy arrays are what these modules are about.
HOST_DOORS = {"autograd/arguments.py", "ops/creation.py", "ops/convert.py", "ops/index_plan.py", "nn/init.py",
              "nn/resize.py"}


def sources(paths):
    return [(str(path.relative_to(PACKAGE)).replace("\\", "/"), path.read_text(encoding="utf-8")) for path in paths]


def problems(check, paths):
    return [message for path, source in sources(paths) for message in check(path, source)]


def test_every_name_and_keyword_of_the_array_library_is_in_cupy_and_in_numpy():
    assert not problems(static_check.array_library_names, GENERIC)


def test_every_plain_function_of_the_array_library_is_in_cupy_and_in_numpy():
    cupy = manifest.load()["cupy"]
    assert not [name for name in UFUNCS.values() if name not in cupy or not hasattr(np, name)]


def test_shared_kernels_do_not_import_numpy():
    shared = sources(path for path in GENERIC if "generic" in path.parts)
    assert not [message for path, source in shared for message in static_check.imports_of("numpy", path, source)]


def test_ops_layers_and_optimizers_make_no_numpy_arrays():
    inside = [path for path in GENERIC if str(path.relative_to(PACKAGE)).replace("\\", "/") not in HOST_DOORS]
    assert not problems(static_check.numpy_arrays, inside)


def test_cupy_is_imported_only_where_the_gpu_is_the_subject():
    allowed = {PACKAGE / "device.py", PACKAGE / "cuda.py", *(PACKAGE / "kernels" / "cuda").rglob("*.py"),
               *(PACKAGE / "cli").rglob("*.py")}
    elsewhere = [path for path in PACKAGE.rglob("*.py") if path not in allowed]
    assert not [message for package in ("cupy", "cupyx", "cupy_backends") for path, source in sources(elsewhere)
                for message in static_check.imports_of(package, path, source)]


@pytest.mark.parametrize(("line", "complaint"), [
    ("xp.vecdot(a, b)", "CuPy 14.2.0 has no such name"),
    ("device.xp.errstate(all='ignore')", "CuPy 14.2.0 has no such name"),
    ("xp.linalg.vecdot(a, b)", "CuPy 14.2.0 has no such name"),
    ("xp.lib.array_utils.byte_bounds(a)", "CuPy 14.2.0 has no such name"),
    ("xp.add.resolve_dtypes(a)", "CuPy 14.2.0 has no such name"),
    ("xp.RawKernel('', '')", "NumPy has no such name"),
    ("xp.max(a, initial=0)", "CuPy takes no initial"),
    ("xp.add(a, b, where=mask)", "CuPy takes no where"),
    ("xp.take(a, i, mode='clip')", "CuPy takes no mode"),
    ("xp.sum(a, 0, None, None, True, 0)", "at most 5 arguments by position"),
])
def test_the_check_finds_a_planted_wrong_name(line, complaint):
    [message] = static_check.array_library_names("planted.py", f"import x\n{line}\n")
    assert message.startswith("planted.py:2: xp.")
    assert complaint in message


@pytest.mark.parametrize("line", ["xp.sum(a, axis=0, keepdims=True)", "device.xp.lib.stride_tricks.as_strided(a, s, t)",
                                  "xp.add.at(a, i, v)", "x.device.xp.float32", "xp.random.default_rng(0)", "xp.newaxis",
                                  "other.vecdot(a)", "xp.concatenate(arrays, axis=1)", "xp.linalg.norm(a, axis=0)"])
def test_the_check_accepts_what_both_libraries_have(line):
    assert static_check.array_library_names("planted.py", line) == []


@pytest.mark.parametrize(("source", "count"), [("import numpy as np", 1), ("from numpy.linalg import norm", 1),
                                               ("def f():\n    import numpy", 1), ("from .numpy import x", 0)])
def test_imports_are_found_inside_functions_too(source, count):
    assert len(static_check.imports_of("numpy", "planted.py", source)) == count


def test_numpy_arrays_are_told_from_numpy_types():
    source = "np.zeros(3); np.dtype('f'); isinstance(x, np.ndarray); np.linalg.norm(x)"
    messages = static_check.numpy_arrays("planted.py", source)
    assert [message.split()[1] for message in messages] == ["np.zeros", "np.linalg"]
