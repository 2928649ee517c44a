"""safetensors and npz files made to harm: they are refused with a clear error, quickly and in little memory."""
import io
import json
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import DataError


def refused(path, message, megabytes=8):
    """Loading `path` raises DataError with this message, within a second and so much memory."""
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(DataError, match=message):
        tg.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < megabytes * 2**20 and time.process_time() - begun < 2


def npy(shape, descr="<f4"):
    """A member's header alone."""
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": descr, "fortran_order": False, "shape": shape})
    return made.getvalue()


def zeros_npz(path, megabytes):
    """An npz of zeros, a thousandth as large."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("w.npy", "w", force_zip64=True) as member:
        member.write(npy((megabytes * 2**18,)))
        for _ in range(megabytes):
            member.write(bytes(2**20))


def test_an_npz_bomb_is_refused_unpacked(tmp_path):
    zeros_npz(tmp_path / "a.npz", 300)
    assert (tmp_path / "a.npz").stat().st_size < 400_000
    refused(tmp_path / "a.npz", "load: 'a.npz'")


def test_ordinary_zeros_that_were_compressed_are_read(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", w=np.zeros(100_000, np.float32))
    assert tg.load(tmp_path / "a.npz")["w"].shape == (100_000,)


@pytest.mark.parametrize("name", ["../w.npy", "/w.npy", "a/../../w.npy", "..\\w.npy"])
def test_an_npz_with_a_path_that_leads_elsewhere_is_refused(name, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as made:
        made.writestr(name, npy((1,)) + bytes(4))
    refused(tmp_path / "a.npz", "load: 'a.npz'")


def safetensors(path, header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)


def entry(start, stop, shape=(1,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


@pytest.mark.parametrize("header, data, message", [
    ({"a": entry(0, 4), "b": entry(0, 4)}, bytes(4), "overlap"),
    ({"a": entry(0, 4), "b": entry(8, 12)}, bytes(12), "gap"),
    ({"a": entry(0, 4)}, bytes(8), "promises 4 bytes of data, 8 are there"),
    ({"a": entry(0, 8, (2**61, 2**61))}, bytes(8), "says shape"),
    ({"a": entry(0, 4, (-1, -1))}, bytes(4), "has the shape"),
    ({"a": entry(0, 4, (1.0,))}, bytes(4), "has the shape"),
    ({"a": 3}, b"", "is not a type, a shape and two offsets"),
    ([1], b"", "not a JSON object"),
    (b"[" * 100_000, b"", "no JSON"),
    (b'{"a":{},"a":{}}', b"", "a name twice"),
    (b"\xff\xfe", b"", "no JSON"),
], ids=["overlap", "gap", "long", "huge", "negative", "float", "number", "list", "deep", "twice", "bytes"])
def test_a_safetensors_header_that_cannot_be_right_is_refused(header, data, message, tmp_path):
    safetensors(tmp_path / "a.safetensors", header, data)
    refused(tmp_path / "a.safetensors", message)


@pytest.mark.parametrize("length", [17 * 2**20, 2**31, 2**63, 2**64 - 1])
def test_a_safetensors_header_that_says_it_is_huge_is_not_read(length, tmp_path):
    safetensors(tmp_path / "a.safetensors", {"a": entry(0, 4)}, bytes(4), length)
    refused(tmp_path / "a.safetensors", f"header is said to have {length} bytes")
