"""The double's arrays refuse what CuPy refuses, count what makes the host wait, and compute what NumPy computes."""
import copy
import operator
import pickle

import numpy as np
import pytest

from tests.strict import SilentlyWrong, StrictArray, counting, xp

HOST = np.ones((2, 3), np.float32)


@pytest.fixture
def a():
    return xp.asarray(np.arange(6, dtype=np.float32).reshape(2, 3))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "eq", "ge"])
def test_operators_compute_what_numpy_computes(a, name):
    function = getattr(operator, name)
    b = xp.asarray(HOST + 1)
    np.testing.assert_array_equal(function(a, b).get(), function(a.get(), b.get()))
    np.testing.assert_array_equal(function(a, 2).get(), function(a.get(), 2))


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv"])
def test_in_place_operators_write_to_the_same_memory(a, name):
    view, expected = a[0], getattr(operator, name)(a.get(), np.float32(3))
    same = getattr(operator, name)(a, 3)
    assert same is a
    np.testing.assert_array_equal(view.get(), expected[0])


@pytest.mark.parametrize("mix", [
    lambda a: a + HOST, lambda a: HOST + a, lambda a: HOST * a, lambda a: a == HOST, lambda a: a @ HOST.T,
    lambda a: xp.add(a, HOST), lambda a: xp.where(a > 0, a, HOST), lambda a: xp.concatenate([a, HOST]),
    lambda a: a[np.array([0, 1])], lambda a: a.__setitem__(0, HOST[0]), lambda a: a.__setitem__(..., HOST),
    lambda a: operator.iadd(a, HOST), lambda a: xp.add(a, np.array(1.0)), lambda a: xp.sum(HOST)])
def test_a_numpy_array_mixed_in_is_refused(a, mix):
    with pytest.raises(TypeError):
        mix(a)


@pytest.mark.parametrize("convert", [
    np.asarray, np.array, np.sum, np.exp, lambda a: np.add(HOST, a), lambda a: np.concatenate([HOST, a]),
    memoryview, lambda a: HOST.copy().__setitem__(..., a), lambda a: HOST.dot(a), np.float32,
    lambda a: np.stack([a, a])])
def test_implicit_conversion_to_the_host_is_refused(a, convert):
    with pytest.raises(TypeError):
        convert(a)


@pytest.mark.parametrize("name", ["__index__", "__contains__", "__array_interface__", "ctypes", "setflags", "resize",
                                  "data"])
def test_attributes_that_would_leak_or_that_cupy_lacks_are_absent(a, name):
    assert not hasattr(a, name)


def test_a_device_array_is_no_index_of_a_python_list():
    with pytest.raises(TypeError):
        [1, 2][xp.asarray(1)]


@pytest.mark.parametrize(("read", "value"), [
    (lambda a: a.get(), None), (lambda a: a[0, 1].item(), 1.0), (lambda a: float(a[0, 1]), 1.0), (xp.asnumpy, None),
    (lambda a: int(a[1, 2]), 5), (lambda a: bool(a[0, 0]), False), (lambda a: a[0].tolist(), [0.0, 1.0, 2.0])])
def test_every_read_back_counts_as_one_synchronisation(a, read, value):
    with counting() as count:
        found = read(a)
    assert count.synchronisations == 1
    assert value is None or found == value


def test_a_synchronisation_is_counted_with_the_line_that_made_it(a):
    with counting() as count:
        float(a.sum())
    assert count.where == [where for where in count.where if where.startswith("float()")]


@pytest.mark.parametrize("quiet", [
    lambda a: a.sum(), lambda a: a[0], lambda a: a.reshape(3, 2), lambda a: a.T @ a, lambda a: xp.where(a > 1, a, 0),
    lambda a: a.astype(xp.float64), lambda a: len(a), lambda a: [row for row in a], lambda a: a.argmax(axis=1),
    lambda a: a[xp.asarray([0, 1])], lambda a: xp.add.at(a, xp.asarray([0]), 1.0), lambda a: repr(a.shape)])
def test_work_that_stays_on_the_device_counts_no_synchronisation(a, quiet):
    with counting() as count:
        quiet(a)
    assert count.synchronisations == 0


@pytest.mark.parametrize("waits", [
    lambda a: a[a > 2], lambda a: a.__setitem__(a > 2, 0.0), lambda a: xp.nonzero(a), lambda a: a.nonzero(),
    lambda a: xp.unique(a), lambda a: xp.repeat(a, xp.asarray([1, 2]), axis=0), lambda a: xp.where(a > 2),
    lambda a: xp.bincount(a.astype(xp.int64).ravel()),
    lambda a: a.__setitem__((slice(None), xp.asarray([True, False, True])), 0.0)])
def test_results_whose_size_depends_on_values_count_a_synchronisation(a, waits):
    with counting() as count:
        waits(a)
    assert count.synchronisations >= 1


@pytest.mark.parametrize("reduce", [lambda a: a.sum(), lambda a: a.mean(), lambda a: a.max(), lambda a: xp.all(a > 0),
                                    lambda a: a[0, 0], lambda a: xp.allclose(a, a), lambda a: xp.count_nonzero(a),
                                    lambda a: a[0] @ a[0], lambda a: xp.linalg.norm(a), lambda a: a[0, 0] + 1])
def test_single_numbers_are_zero_dimensional_arrays_of_the_device(a, reduce):
    result = reduce(a)
    assert type(result) is StrictArray
    assert result.shape == ()


def test_integers_and_slices_give_views(a):
    a[0, 1][...] = 7
    a[1][1:] = 9
    np.testing.assert_array_equal(a.get(), [[0, 7, 2], [3, 9, 9]])


@pytest.mark.parametrize(("view", "shares"), [
    (lambda a: a.T, True), (lambda a: a.reshape(6), True), (lambda a: a.T.reshape(6), False), (xp.copy, False),
    (lambda a: xp.moveaxis(a, 0, 1), True), (lambda a: xp.broadcast_to(a, (4, 2, 3)), True), (xp.ravel, True),
    (lambda a: a[xp.asarray([0, 1])], False), (lambda a: xp.expand_dims(a, 1), True),
    (lambda a: a.astype(xp.float32, copy=False), True)])
def test_memory_is_shared_where_numpy_shares_it(a, view, shares):
    assert xp.shares_memory(a, view(a)) is shares


def test_a_view_knows_the_array_it_was_cut_from(a):
    assert a[0].base.shape == a.reshape(6).base.shape
    assert a.copy().base is None


def test_an_index_array_out_of_bounds_says_that_cupy_would_wrap_it_round(a):
    with pytest.raises(SilentlyWrong, match="out of bounds .* shape \\(2, 3\\); CuPy would wrap"):
        a[xp.asarray([0, 2])]
    with pytest.raises(SilentlyWrong):
        a[:, xp.asarray([-4])] = 0
    with pytest.raises(SilentlyWrong):
        a.take(xp.asarray([9]))
    with pytest.raises(SilentlyWrong):
        xp.take_along_axis(a, xp.asarray([[3]]), axis=1)
    with pytest.raises(SilentlyWrong):
        xp.add.at(a, xp.asarray([5]), 1.0)


def test_an_integer_out_of_bounds_is_an_index_error_as_in_cupy(a):
    with pytest.raises(IndexError):
        a[2]
    with pytest.raises(IndexError):
        a[xp.asarray([0]), 3]


def test_writing_one_place_twice_with_different_values_is_refused(a):
    with pytest.raises(SilentlyWrong, match="one place twice"):
        a[xp.asarray([0, 0]), xp.asarray([1, 1])] = xp.asarray(np.float32([1, 2]))
    a[xp.asarray([0, 0])] = 5.0
    np.testing.assert_array_equal(a.get()[0], [5, 5, 5])


def test_a_write_to_overlapping_elements_is_refused(a):
    windows = xp.lib.stride_tricks.as_strided(a, (2, 2, 2), (12, 4, 4))
    for write in (lambda: windows.__setitem__(..., 0.0), lambda: xp.add(windows, 1, out=windows),
                  lambda: operator.iadd(xp.broadcast_to(a, (2, 2, 3)), 1), lambda: windows.fill(0)):
        with pytest.raises(SilentlyWrong, match="share memory"):
            write()


def test_a_view_outside_the_memory_of_the_array_is_refused(a):
    with pytest.raises(SilentlyWrong, match="12 bytes outside"):
        xp.lib.stride_tricks.as_strided(a, (3, 3), (12, 4))
    inside = xp.lib.stride_tricks.as_strided(a[:, 1:], (2, 2), (12, 4))
    np.testing.assert_array_equal(inside.get(), a.get()[:, 1:])


def test_copies_and_pickles_are_new_arrays_of_the_device(a):
    for other in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert type(other) is StrictArray
        assert not xp.shares_memory(a, other)
        np.testing.assert_array_equal(other.get(), a.get())


def test_bytes_are_counted_until_the_memory_is_freed():
    with counting() as count:
        big = xp.zeros((1000, 10), xp.float32)
        view = big[1:]
        held = xp.get_default_memory_pool().used_bytes()
        del big
        assert xp.get_default_memory_pool().used_bytes() == held
        del view
    assert count.total_bytes == 40000
    assert xp.get_default_memory_pool().used_bytes() == held - 40000
