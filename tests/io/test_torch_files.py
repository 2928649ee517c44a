"""Files of torch.save read without PyTorch: both containers, every element type, views, checkpoints, and refusals."""
import io
import pickle
import shutil
import tracemalloc
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.io.torch_samples import ELEMENTS, FOLDER, numbers, objects
from tests.real_data import real_file
from tinygrad_cnn.errors import DataError, StateDictError

CONTAINERS = pytest.mark.parametrize("suffix", [".pt", ".th"], ids=["zip", "legacy"])
BASE = np.arange(24, dtype=np.float32).reshape(4, 6)


def load(name, suffix, **options):
    return tg.load(FOLDER / f"{name}{suffix}", **options)


@CONTAINERS
@pytest.mark.parametrize("kind", ELEMENTS)
def test_every_element_type_comes_back_as_it_was(kind, suffix):
    if kind == "bfloat16":
        pytest.importorskip("ml_dtypes", reason="needs ml_dtypes: pip install 'tinygrad_cnn[bfloat16]'")
    found = load("elements", suffix)[kind]
    assert found.dtype is getattr(tg, kind) and not found.requires_grad
    assert np.array_equal(found.numpy().astype(numbers(kind).dtype), numbers(kind))


@CONTAINERS
@pytest.mark.parametrize("mmap", [False, True], ids=["read", "mapped"])
def test_views_come_back_with_their_values_and_strides(suffix, mmap):
    found = load("views", suffix, mmap=mmap)
    expected = {"whole": BASE, "row": BASE[1], "column": BASE[:, 2], "transposed": BASE.T, "steps": BASE[::2, 1::2],
                "repeated": np.broadcast_to(BASE[0, :2], (3, 2)), "empty": BASE[:0], "number": BASE[2, 3],
                "channels_last": BASE.reshape(1, 2, 3, 4)}
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert np.array_equal(found[name].numpy(), values), name
    assert found["transposed"].stride() == (1, 6) and found["steps"].stride() == (12, 2)
    assert found["repeated"].stride() == (0, 1) and found["channels_last"].stride() == (24, 1, 8, 2)


@CONTAINERS
@pytest.mark.parametrize("mmap", [False, True], ids=["read", "mapped"])
def test_tensors_that_shared_a_storage_share_memory_and_the_file_does_not(suffix, mmap, tmp_path):
    path = tmp_path / f"views{suffix}"
    shutil.copy(FOLDER / path.name, path)
    before = path.read_bytes()
    found = tg.load(path, mmap=mmap)
    found["whole"].fill_(7)
    assert found["row"].tolist() == [7] * 6 and found["transposed"].sum().item() == 7 * 24
    assert path.read_bytes() == before


@CONTAINERS
def test_a_checkpoint_comes_with_everything_that_is_no_code(suffix):
    found = load("checkpoint", suffix)
    assert (found["epoch"], found["best_acc"], found["arch"], found["args"], found["done"]) == (
        3, 0.75, "tiny", ["--lr", 0.125], None)
    assert found["shape"] == (2, 3) and found["kind"] is tg.float16 and found["where"] == "cpu"
    assert np.array_equal(found["history"], np.arange(3.0)) and found["last"] == 0.5
    assert isinstance(found["state_dict"], OrderedDict) and found["optimizer"]["param_groups"][0]["lr"] == 0.125
    assert found["optimizer"]["state"][0]["momentum_buffer"].shape == (2, 1, 3, 3)


@CONTAINERS
def test_the_state_dict_in_a_checkpoint_goes_into_a_module_without_its_prefix(suffix):
    model = tg.nn.Sequential(tg.nn.Conv2d(1, 2, 3), tg.nn.BatchNorm2d(2))
    state = tg.io.load_weights(FOLDER / f"checkpoint{suffix}")
    model.load_state_dict(state)
    assert model[0].weight.tolist() == load("checkpoint", suffix)["state_dict"]["module.0.weight"].tolist()
    assert model[1].num_batches_tracked.item() == 1


@CONTAINERS
def test_parameters_come_as_tensors_that_require_grad_or_not(suffix):
    found = load("parameters", suffix)
    assert found["weight"].requires_grad and not found["frozen"].requires_grad


@CONTAINERS
def test_a_single_tensor_is_an_object_too(suffix):
    assert np.array_equal(load("tensor", suffix).numpy(), BASE)


@pytest.mark.oracle
@CONTAINERS
def test_what_this_pytorch_writes_reads_as_the_files_that_are_kept(suffix, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
    for name, value in objects(torch).items():
        path = tmp_path / f"{name}{suffix}"
        torch.save(value, path, _use_new_zipfile_serialization=suffix == ".pt")
        ours, theirs = tg.load(path), torch.load(path, weights_only=False)
        pairs = [(name, ours, theirs)]
        while pairs:
            where, mine, other = pairs.pop()
            if isinstance(other, torch.Tensor):
                assert tuple(mine.stride()) == other.stride() and mine.requires_grad == other.requires_grad, where
                assert np.array_equal(mine.detach().float().numpy(), other.detach().float().numpy()), where
            elif isinstance(other, dict):
                assert list(mine) == list(other), where
                pairs += [(f"{where}.{key}", mine[key], other[key]) for key in other]
            elif isinstance(other, (torch.dtype, torch.device)):
                assert str(mine).rpartition(".")[2] == str(other).rpartition(".")[2], where
            else:
                assert np.array_equal(mine, other), where


@pytest.mark.oracle
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_that_pytorch_can_be_told_to_write_is_read(protocol, tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
    torch.save({"w": torch.arange(3.0)}, tmp_path / "a.pt", pickle_protocol=protocol)
    assert tg.load(tmp_path / "a.pt")["w"].tolist() == [0, 1, 2]


@pytest.mark.oracle
def test_a_large_file_is_mapped_so_that_only_what_is_used_takes_memory(tmp_path):
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install torch==2.13.0")
    torch.save({f"w{k}": torch.full((4_000_000,), float(k)) for k in range(8)}, tmp_path / "a.pt")     # 128 MB
    tracemalloc.start()
    found = tg.load(tmp_path / "a.pt", mmap=True)
    assert found["w5"][:3].tolist() == [5, 5, 5]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("name, layers", [("resnet20-12fca82f.th", 19), ("resnet32-d509ac18.th", 31),
                                          ("resnet44-014dd654.th", 43), ("resnet56-4bfd9763.th", 55)])
def test_published_checkpoints_are_read_and_fit_their_model(name, layers):
    path = real_file(name)
    checkpoint = tg.load(path)
    assert set(checkpoint) == {"best_prec1", "state_dict"}
    assert all(key.startswith("module.") for key in checkpoint["state_dict"])
    state = tg.io.load_weights(path)
    assert len(state) == 5 * layers + 2                     # a convolution and four rows of batch norm each; linear
    missing, unexpected = tg.nn.models.get_model(name.partition("-")[0]).load_state_dict(state)
    assert not missing and not unexpected


def test_weights_that_do_not_fit_are_refused_in_one_message_and_change_nothing():
    state = tg.io.load_weights(FOLDER / "checkpoint.pt")
    model = tg.nn.Sequential(tg.nn.Conv2d(1, 2, 5), tg.nn.BatchNorm2d(2), tg.nn.Linear(2, 2))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state["extra"] = state.pop("1.bias")
    with pytest.raises(StateDictError) as caught:
        model.load_state_dict(state)
    for part in ("1.bias", "2.weight", "extra", "0.weight", "(2, 1, 3, 3)", "(2, 1, 5, 5)"):
        assert part in str(caught.value)
    assert all(tg.equal(value, before[name]) for name, value in model.state_dict().items())


class Hostile:
    """Its pickle asks for a call of the system."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        import os
        return os.system, (self.command,)


def with_pickle(path, source, change):
    """A copy of a zip container whose data.pkl went through `change`, with the right checksum."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, change(content) if entry.filename.endswith("data.pkl") else content)


@pytest.mark.parametrize("suffix", [".pt", ".th", ".pkl", ".bin"])
def test_a_file_that_carries_code_is_refused_by_name_and_not_run(suffix, tmp_path):
    program = pickle.dumps({"weights": Hostile(f"touch {tmp_path / 'ran'}")}, 2)
    path = tmp_path / f"evil{suffix}"
    if suffix == ".pt":
        with_pickle(path, FOLDER / "tensor.pt", lambda old: program)
    else:
        path.write_bytes(program)
    with pytest.raises(DataError, match=r"'evil.*' is not .* (posix|nt)\.system.*not run"):
        tg.load(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["torch.hub load", "builtins eval", "torch.nn.modules.linear Linear", "os system",
                                  "torch.storage _load_from_bytes", "numpy load", "functools partial"])
def test_every_other_name_is_refused_by_name(name, tmp_path):
    module, attribute = name.split()
    with_pickle(tmp_path / "a.pt", FOLDER / "tensor.pt",
                lambda old: b"\x80\x02c" + f"{module}\n{attribute}\n".encode() + b")R.")
    with pytest.raises(DataError, match=f"it asks for {module}.{attribute}, which".replace(".", r"\.")):
        tg.load(tmp_path / "a.pt")


def archive(path, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in members.items():
            made.writestr(name, content)


@pytest.mark.parametrize("members, message", [
    ({"a/data.pkl": b"\x80\x02N.", "../a/data/0": b""}, "leads elsewhere"),
    ({"a/data.pkl": b"\x80\x02N.", "/etc/x": b""}, "leads elsewhere"),
    ({"a/data.pkl": b"\x80\x02N.", "b/data.pkl": b"\x80\x02N."}, "no data.pkl of torch.save"),
    ({"a/data.pkl": b"\x80\x02N.", "a/constants.pkl": b""}, "TorchScript archive"),
    ({"x.npy": b""}, "npz file"),
    ({"readme": b""}, "no data.pkl"),
], ids=["traversal", "absolute", "two", "script", "npz", "other"])
def test_zip_files_that_are_not_of_torch_save_are_refused(members, message, tmp_path):
    archive(tmp_path / "a.pt", members)
    with pytest.raises(DataError, match=message):
        tg.load(tmp_path / "a.pt")


def test_a_zip_bomb_is_refused_because_torch_compresses_nothing(tmp_path):
    archive(tmp_path / "a.pt", {"a/data.pkl": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    with pytest.raises(DataError, match="compressed"):
        tg.load(tmp_path / "a.pt")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("program, message", [
    (b"\x80\x02" + b"]" * 3_000_000 + b".", "2000000 steps"),
    (b"\x80\x02]q\x00h\x00a.", "contains itself"),
    (b"\x80\x02\x8e" + (2**62).to_bytes(8, "little") + b"x.", "bytes are promised"),
    (b"\x80\x02" + b"(" * 10 + b".", "damaged"),
], ids=["endless", "circle", "huge", "marks"])
def test_a_pickle_that_would_cost_too_much_is_refused(program, message, tmp_path):
    with_pickle(tmp_path / "a.pt", FOLDER / "tensor.pt", lambda old: program)
    with pytest.raises(DataError, match=message):
        tg.load(tmp_path / "a.pt")


def test_a_few_bytes_that_unfold_to_a_million_million_values_are_refused(tmp_path):
    program = b"\x80\x02]" + b"".join(b"q" + bytes([k]) + b"0](" + 12 * (b"h" + bytes([k])) + b"e" for k in range(12))
    with_pickle(tmp_path / "a.pt", FOLDER / "tensor.pt", lambda old: program + b".")
    with pytest.raises(DataError, match="unfold"):
        tg.load(tmp_path / "a.pt")


@CONTAINERS
def test_every_truncation_is_refused(suffix, tmp_path):
    content = (FOLDER / f"views{suffix}").read_bytes()
    path = tmp_path / f"a{suffix}"
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match="load: 'a"):
            tg.load(path)


@pytest.mark.parametrize("content, message", [
    (b"", "neither a zip file nor a pickle"), (b"<!DOCTYPE html><html>", "web page"), (b"\x89HDF\r\n", "HDF5"),
    (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"), (b"\x1f\x8b\x08", "gzip"),
], ids=["empty", "web page", "hdf5", "git lfs", "gzip"])
def test_other_files_are_named_for_what_they_are(content, message, tmp_path):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(DataError, match=message):
        tg.load(tmp_path / "a.pth")


def test_a_wrong_checksum_in_the_zip_is_noticed(tmp_path):
    content = bytearray((FOLDER / "tensor.pt").read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        entry = next(e for e in found.infolist() if e.filename.endswith("data/0"))
    place = content.index(BASE.tobytes(), entry.header_offset)
    content[place] ^= 1
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(DataError, match="checksum"):
        tg.load(tmp_path / "a.pt")
