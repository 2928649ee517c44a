"""The double's module offers CuPy 14.2.0's names and arguments, with CuPy's deviations from NumPy."""
import importlib.util
import json

import numpy as np
import pytest

from tests.strict import StrictArray, counting, cupyx, make_manifest, manifest, xp


def strict(values, dtype=np.float32):
    return xp.asarray(np.asarray(values, dtype))


@pytest.mark.parametrize("name", ["errstate", "vecdot", "block", "insert", "einsum_path", "geomspace", "unstack"])
def test_names_that_cupy_lacks_are_absent(name):
    with pytest.raises(AttributeError, match=f"cupy has no attribute '{name}' in CuPy 14.2.0"):
        getattr(xp, name)


@pytest.mark.parametrize("call", [
    lambda a: xp.sum(a, where=a > 0), lambda a: xp.max(a, initial=0), lambda a: a.sum(initial=0),
    lambda a: xp.add(a, a, where=a > 0), lambda a: xp.take(a, 0, mode="clip"), lambda a: xp.var(a, correction=1),
    lambda a: xp.exp(a, order="C"), lambda a: xp.sum(a, 0, None, None, True, 0),
    lambda a: xp.empty((2,), device="cpu"), lambda a: a.argmax(foo=1)])
def test_arguments_that_cupy_does_not_take_are_refused(call):
    with pytest.raises(TypeError):
        call(strict([1, 2]))


@pytest.mark.parametrize("call", [
    lambda: xp.exp([1.0]), lambda: xp.add([1], [2]), lambda: xp.sum([1, 2]), lambda: xp.prod((2, 3)),
    lambda: xp.exp("x"), lambda: xp.asarray(["text"]), lambda: xp.asarray([None])])
def test_lists_and_foreign_values_are_refused_where_cupy_refuses_them(call):
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bool", "uint8", "int64"])
def test_empty_memory_holds_nothing_that_could_pass_for_a_result(dtype):
    for made in (xp.empty((2, 2), dtype), xp.empty_like(xp.zeros((2, 2), dtype)), xp.ndarray((2, 2), dtype)):
        host = made.get()
        assert np.isnan(host).all() if host.dtype.kind == "f" else host.all()


def channels_last():
    return xp.moveaxis(xp.asarray(np.random.default_rng(0).standard_normal((2, 4, 4, 3)).astype(np.float32)), -1, 1)


@pytest.mark.parametrize("call", [
    lambda a: a + 1, xp.exp, lambda a: xp.add(a, a), lambda a: a.max(axis=2), lambda a: xp.where(a > 0, a, 0),
    lambda a: -a, lambda a: xp.concatenate([a, a]), lambda a: xp.clip(a, 0, 1)])
def test_results_do_not_keep_the_memory_order_of_their_input(call):
    assert call(channels_last()).flags.c_contiguous


@pytest.mark.parametrize("call", [xp.empty_like, xp.copy, lambda a: a.astype(xp.float64), xp.zeros_like])
def test_copies_in_k_order_do_keep_it(call):
    assert call(channels_last()).transpose(0, 2, 3, 1).flags.c_contiguous


def test_out_is_written_and_returned():
    a, out = channels_last(), xp.empty_like(channels_last())
    assert xp.exp(a, out=out) is out
    assert xp.add(a, a, out) is out
    np.testing.assert_array_equal(out.get(), 2 * a.get())


def test_out_of_another_shape_is_refused_where_numpy_would_broadcast():
    with pytest.raises(ValueError, match="Out shape is mismatched"):
        xp.exp(strict([1.0]), out=xp.empty((3,), xp.float32))


@pytest.mark.parametrize("call", [
    lambda a: xp.maximum.reduce(a), lambda a: xp.maximum.accumulate(a), lambda a: xp.multiply.at(a, 0, 2.0),
    lambda a: xp.maximum.reduceat(a, xp.asarray([0]))])
def test_ufunc_methods_that_cupy_lacks_are_refused(call):
    with pytest.raises(NotImplementedError):
        call(strict([1, 2, 3]))


def test_ufunc_methods_that_cupy_has_work():
    a, index = strict([1, 2, 3]), xp.asarray([0, 0, 2])
    xp.add.at(a, index, strict([1, 1, 1]))
    cupyx.scatter_add(a, index, 1.0)
    xp.maximum.at(a, index, 4.0)
    np.testing.assert_array_equal(a.get(), [5, 2, 5])
    assert float(xp.add.reduce(a)) == 12
    np.testing.assert_array_equal(xp.add.accumulate(a).get(), [5, 7, 12])
    assert xp.multiply.outer(a, a).shape == (3, 3)


@pytest.mark.parametrize("dtype", ["int8", "int16", "uint8", "bool"])
def test_atomic_adds_refuse_dtypes_without_an_atomic(dtype):
    with pytest.raises(TypeError, match=f"add.at does not support {dtype}"):
        xp.add.at(xp.zeros((3,), dtype), xp.asarray([0]), 1)


def test_bfloat16_has_cupys_gaps():
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    a = xp.ones((2, 2, 2), ml_dtypes.bfloat16)
    assert xp.exp(a).dtype == ml_dtypes.bfloat16
    assert xp.where(a > 0, a, a).dtype == np.float32
    assert xp.matmul(a[0], a[0]).dtype == ml_dtypes.bfloat16
    for call in (lambda: xp.matmul(a, a), lambda: a @ a, lambda: xp.sort(a), lambda: a.cumsum(axis=0)):
        with pytest.raises(TypeError, match="bfloat16"):
            call()


@pytest.mark.parametrize("kind", ["quicksort", "mergesort"])
def test_sorting_kinds_that_cupy_lacks_are_refused(kind):
    with pytest.raises(NotImplementedError):
        xp.argsort(strict([2, 1]), kind=kind)


def test_sorting_is_stable_and_in_place_sorting_wants_contiguous_memory():
    a = strict([[2, 1], [1, 1]])
    np.testing.assert_array_equal(xp.argsort(a, axis=1).get(), [[1, 0], [0, 1]])
    with pytest.raises(NotImplementedError, match="non-contiguous"):
        a.T.sort()


def test_data_of_the_host_enters_by_asarray_and_is_counted():
    with counting() as count:
        a = xp.asarray(np.ones(3))
        b = xp.array([1.0, 2.0])
        assert xp.asarray(a) is a
    assert type(b) is StrictArray
    assert count.uploads == 2
    assert count.synchronisations == 0


def test_uploads_never_share_memory_with_the_host():
    host = np.ones(3)
    a = xp.asarray(host)
    host[0] = 7
    assert float(a[0]) == 1


@pytest.mark.parametrize("name", ["normal", "shuffle", "permutation", "choice", "standard_cauchy"])
def test_the_generator_lacks_what_cupys_lacks(name):
    with pytest.raises(AttributeError, match=f"cupy.random.Generator has no attribute '{name}'"):
        getattr(xp.random.default_rng(0), name)


def test_the_generator_draws_device_arrays_of_the_dtype_asked_for():
    rng = xp.random.default_rng(0)
    out = xp.empty((3,), xp.float32)
    assert rng.random(out=out, dtype=xp.float32) is out
    for drawn, dtype in ((rng.random((2,), xp.float16), "float16"), (rng.uniform(0, 1, (2,), xp.float32), "float32"),
                         (rng.standard_normal((2,), xp.float32), "float32"), (rng.integers(0, 5, (2,)), "int64"),
                         (rng.exponential(1.0, (2,)), "float64"), (out, "float32")):
        assert type(drawn) is StrictArray
        assert drawn.dtype == dtype
    assert rng.random().shape == ()
    with pytest.raises(TypeError, match="Unsupported dtype float16"):
        rng.standard_normal((2,), np.float16)


def test_every_name_in_the_manifest_parses():
    sections = manifest.load()
    assert len(sections["cupy"]) > 400
    assert all(entry.kind in ("function", "ufunc", "class", "constant", "object", "method", "property", "special")
               for entries in sections.values() for entry in entries.values())


def test_the_manifest_is_small_enough_to_read_in_a_diff():
    assert manifest.PATH.stat().st_size < 70_000


def test_an_argument_whose_place_differs_from_numpys_must_be_named():
    a = strict([1, 2])
    assert int(xp.argmax(a, axis=0, keepdims=False)) == 1
    with pytest.raises(TypeError, match="argument 3 by position means 'dtype' in CuPy"):
        xp.argmax(a, 0, None)


@pytest.mark.skipif(importlib.util.find_spec("cupy") is None, reason="needs the cupy wheel: pip install cupy-cuda13x")
def test_the_manifest_is_what_the_installed_wheel_offers():
    import cupy
    if cupy.__version__ != make_manifest.VERSION:
        pytest.skip(f"the manifest is of {make_manifest.VERSION}, CuPy here is {cupy.__version__}")
    assert json.loads(manifest.PATH.read_text(encoding="utf-8")) == make_manifest.build()
