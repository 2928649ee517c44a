"""`tg.save` and `tg.load`: everything comes back as it was, and what is not a file of arrays is refused."""
import io
import os
import pickle
import struct
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_cnn as tg

SUFFIXES = (".safetensors", ".npz")
both = pytest.mark.parametrize("suffix", SUFFIXES)

DTYPES = st.sampled_from(["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"])
LETTERS = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"])
NAMES = st.text(LETTERS, min_size=1, max_size=12).filter(
    lambda name: name != "__metadata__" and name[0] not in "/\\" and ".." not in name)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))


def equal(loaded, saved):
    ours, theirs = loaded.detach().numpy(), saved.detach().numpy()
    return (loaded.dtype is saved.dtype and loaded.shape == saved.shape
            and np.array_equal(ours, theirs, equal_nan=saved.dtype.is_floating_point))


@both
@given(state=st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_a_state_dict_comes_back_as_it_was(suffix, state, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / f"state{suffix}"
    tensors = {name: tg.from_numpy(array) for name, array in state.items()}
    tg.save(tensors, path)
    loaded = tg.load(path)
    assert loaded.keys() == tensors.keys()
    assert all(equal(loaded[name], tensor) for name, tensor in tensors.items())


@both
@pytest.mark.parametrize("view", [lambda x: x.T, lambda x: x[::2], lambda x: x[:, 1:2], lambda x: x.flip(0)],
                         ids=["transposed", "strided", "column", "reversed"])
def test_views_are_saved_by_value(suffix, view, tmp_path):
    x = view(tg.arange(12.0).reshape(4, 3))
    tg.save({"x": x}, tmp_path / f"x{suffix}")
    assert tg.load(tmp_path / f"x{suffix}")["x"].tolist() == x.tolist()


@both
def test_loaded_tensors_are_writable_and_require_no_grad(suffix, tmp_path):
    tg.save({"w": tg.ones(2, requires_grad=True)}, tmp_path / f"w{suffix}")
    loaded = tg.load(tmp_path / f"w{suffix}")["w"]
    assert not loaded.requires_grad
    loaded.add_(1)
    assert loaded.tolist() == [2, 2]


@both
def test_a_module_goes_through_a_file(suffix, tmp_path):
    model, other = tg.nn.Linear(3, 2), tg.nn.Linear(3, 2)
    tg.save(model.state_dict(), tmp_path / f"linear{suffix}")
    other.load_state_dict(tg.load(tmp_path / f"linear{suffix}"))
    assert equal(other.weight, model.weight)
    assert equal(other.bias, model.bias)


def test_bfloat16_goes_through_safetensors(tmp_path):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    x = tg.tensor([1.0, 2.5, -3.0], dtype=tg.bfloat16)
    tg.save({"x": x}, tmp_path / "x.safetensors")
    loaded = tg.load(tmp_path / "x.safetensors")["x"]
    assert loaded.dtype is tg.bfloat16
    assert loaded.float().tolist() == [1.0, 2.5, -3.0]


def test_bfloat16_in_npz_is_refused_with_the_way_out(tmp_path):
    pytest.importorskip("ml_dtypes", reason="bfloat16 needs ml_dtypes")
    with pytest.raises(tg.errors.DTypeError, match=r"'x' is bfloat16.*\.safetensors"):
        tg.save({"x": tg.ones(2, dtype=tg.bfloat16)}, tmp_path / "x.npz")
    assert os.listdir(tmp_path) == []


@both
def test_big_endian_arrays_are_saved_by_value(suffix, tmp_path):
    tg.save({"x": np.array([1.0, 2.0], ">f4")}, tmp_path / f"x{suffix}")
    loaded = tg.load(tmp_path / f"x{suffix}")["x"]
    assert loaded.dtype is tg.float32
    assert loaded.tolist() == [1, 2]


def test_an_npz_of_numpys_own_is_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", w=np.asfortranarray(np.arange(6.0).reshape(2, 3)), n=np.int64(3))
    loaded = tg.load(tmp_path / "a.npz")
    assert loaded["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert loaded["n"].item() == 3


def test_our_npz_is_read_by_numpy(tmp_path):
    tg.save({"file": tg.ones(2)}, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        assert archive["file"].tolist() == [1, 1]


@both
def test_equal_state_dicts_give_equal_files(suffix, tmp_path):
    for name in ("a", "b"):
        tg.save({"x": tg.arange(5), "y": tg.zeros(2)}, tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".PTH"])
def test_the_suffix_of_a_pickle_is_not_written(suffix, tmp_path):
    with pytest.raises(tg.errors.ArgumentError, match=r"save: 'weights.*can run code.*\.safetensors"):
        tg.save({}, tmp_path / f"weights{suffix}")


class Bomb:
    """Notices being unpickled."""

    went_off = False

    def __reduce__(self):
        return (setattr, (Bomb, "went_off", True))


@both
def test_a_pickle_under_another_name_is_refused_unread(suffix, tmp_path):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(tg.errors.DataError, match="weights"):
        tg.load(path)
    assert not Bomb.went_off


def test_an_object_array_in_npz_is_refused_unread(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([Bomb()], object))
    with pytest.raises(tg.errors.DataError, match=r"'x.npy' holds pickled Python objects"):
        tg.load(tmp_path / "a.npz")
    assert not Bomb.went_off


def npz_with_member(path, name, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, content)


def npy_header(shape):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return header.getvalue()


def test_an_npz_header_that_promises_more_than_there_is_takes_no_memory(tmp_path):
    npz_with_member(tmp_path / "a.npz", "x.npy", npy_header((10 ** 6, 10 ** 6)) + bytes(8))
    with pytest.raises(tg.errors.DataError, match=r"4000000000000 bytes, but has 8"):
        tg.load(tmp_path / "a.npz")


def test_a_zip_of_something_else_is_refused(tmp_path):
    npz_with_member(tmp_path / "a.npz", "../readme.txt", b"hello")
    with pytest.raises(tg.errors.DataError, match=r"'../readme.txt' is not an array"):
        tg.load(tmp_path / "a.npz")


def test_a_safetensors_header_that_promises_more_than_there_is_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", 10 ** 12) + b"{}")
    with pytest.raises(tg.errors.DataError, match=r"'a.safetensors' is not a whole safetensors file"):
        tg.load(tmp_path / "a.safetensors")


@both
@given(data=st.data())
def test_a_truncated_file_is_refused(suffix, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / f"state{suffix}"
    tg.save({"weight": tg.arange(20.0), "bias": tg.ones(3)}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:data.draw(st.integers(0, len(whole) - 1), label="length")])
    with pytest.raises(tg.errors.DataError, match="state"):
        tg.load(path)


@both
@given(data=st.data())
def test_a_damaged_file_is_refused_or_still_holds_arrays(suffix, data, tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / f"state{suffix}"
    tg.save({"weight": tg.arange(20.0), "bias": tg.ones(3)}, path)
    whole = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4), label="places"):
        whole[place] ^= data.draw(st.integers(1, 255), label="flip")
    path.write_bytes(whole)
    try:
        loaded = tg.load(path)
    except tg.errors.DataError:
        return
    assert all(isinstance(value, tg.Tensor) for value in loaded.values())


def test_a_zip_whose_directory_points_before_its_start_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    tg.save({"x": tg.ones(2)}, path)
    whole = bytearray(path.read_bytes())
    end = whole.rindex(b"PK\x05\x06")                        # the end record: the directory's size and offset
    (offset,) = struct.unpack("<I", whole[end + 16:end + 20])
    whole[end + 16:end + 20] = struct.pack("<I", offset + 256)
    path.write_bytes(whole)
    with pytest.raises(tg.errors.DataError, match="'a.npz' is not a whole npz file"):
        tg.load(path)


def test_an_element_type_we_do_not_have_is_named(tmp_path):
    np.savez(tmp_path / "a.npz", z=np.ones(2, np.complex64))
    with pytest.raises(tg.errors.DataError, match="'z' as complex64"):
        tg.load(tmp_path / "a.npz")


def test_an_element_type_of_safetensors_that_we_do_not_have_is_named(tmp_path):
    from safetensors.numpy import save_file
    save_file({"u": np.ones(2, np.uint32)}, tmp_path / "a.safetensors")
    with pytest.raises(tg.errors.DataError, match=r"'u' as U32.*It reads BOOL, U8"):
        tg.load(tmp_path / "a.safetensors")


def test_an_unknown_suffix_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(tg.errors.ArgumentError, match=r"'weights.dat' does not say its format.*\.safetensors or \.npz"):
        tg.save({}, tmp_path / "weights.dat")


def test_a_missing_file_raises_with_where_it_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file .*nothing.npz"):
        tg.load(tmp_path / "nothing.npz")


@pytest.mark.parametrize("value", [3, [1.0], {"w": 1}, None, "text"])
def test_what_is_not_a_tensor_is_refused_before_a_file_is_made(value, tmp_path):
    with pytest.raises(tg.errors.ArgumentError, match=f"entry 'epoch' is {type(value).__name__}"):
        tg.save({"epoch": value}, tmp_path / "a.npz")
    assert os.listdir(tmp_path) == []


def test_a_tensor_alone_is_refused(tmp_path):
    with pytest.raises(tg.errors.ArgumentError, match="Tensor is not a state dict"):
        tg.save(tg.ones(2), tmp_path / "a.npz")


@pytest.mark.parametrize("name", [3, "", None])
def test_a_key_that_is_no_name_is_refused(name, tmp_path):
    with pytest.raises(tg.errors.ArgumentError, match="is not a name"):
        tg.save({name: tg.ones(2)}, tmp_path / "a.npz")


def test_safetensors_files_need_no_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    tg.save({"x": tg.ones(2)}, tmp_path / "x.safetensors")
    assert tg.load(tmp_path / "x.safetensors")["x"].tolist() == [1, 1]


@both
def test_a_refused_save_leaves_the_file_that_was_there(suffix, tmp_path):
    path = tmp_path / f"x{suffix}"
    tg.save({"x": tg.ones(2)}, path)
    before = path.read_bytes()
    with pytest.raises(tg.errors.ArgumentError):
        tg.save({"x": 1}, path)
    assert path.read_bytes() == before


@both
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits of this kind")
def test_a_saved_file_is_as_readable_as_any_new_file(suffix, tmp_path):
    (tmp_path / "plain").touch()
    tg.save({"x": tg.ones(2)}, tmp_path / f"x{suffix}")
    assert (tmp_path / f"x{suffix}").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_map_location_puts_the_tensors_on_a_device(tmp_path):
    tg.save({"x": tg.ones(2)}, tmp_path / "x.npz")
    assert tg.load(tmp_path / "x.npz", map_location="cpu")["x"].device == tg.device("cpu")


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int64", "bool"])
def test_pytorch_reads_our_safetensors_and_we_read_its(dtype, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
    from safetensors.torch import load_file, save_file
    tg.save({"x": tg.tensor([0, 1, 3], dtype=getattr(tg, dtype))}, tmp_path / "ours.safetensors")
    theirs = load_file(tmp_path / "ours.safetensors")
    assert theirs["x"].dtype is getattr(torch, dtype)
    save_file(theirs, tmp_path / "theirs.safetensors")
    assert tg.load(tmp_path / "theirs.safetensors")["x"].tolist() == theirs["x"].tolist()
