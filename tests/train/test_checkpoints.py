"""Checkpoint files: what was written comes back, what is no checkpoint is refused, the oldest go."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import DataError
from tinygrad_cnn.train import Checkpoints, read_checkpoint

TENSORS = {"model/weight": tg.tensor([[1.0, float("nan")]]), "optimizer/0/step": tg.tensor(3.0)}
RECORD = {"epoch": 1, "rows": [{"loss": 0.1}], "random": {"state": 2**127 + 1}, "text": "数字"}


def test_tensors_and_record_come_back_as_they_were(tmp_path):
    tensors, record = read_checkpoint(Checkpoints(tmp_path / "new").write(1, 20, TENSORS, RECORD))
    assert record == RECORD
    assert {name: value.numpy().tobytes() for name, value in tensors.items()} == {
        name: value.numpy().tobytes() for name, value in TENSORS.items()}


def test_a_checkpoint_is_an_ordinary_safetensors_file(tmp_path):
    reader = pytest.importorskip("safetensors.numpy", reason="needs safetensors: pip install safetensors")
    found = reader.load_file(Checkpoints(tmp_path).write(1, 20, TENSORS, RECORD))
    np.testing.assert_array_equal(found["model/weight"], TENSORS["model/weight"].numpy())


def test_the_oldest_go_and_positions_sort_as_numbers(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for position in ((9, 0), (9, 1500), (10, 0), (10, 30)):
        checkpoints.write(*position, TENSORS, RECORD)
    assert [path.name for path in checkpoints.paths()] == ["epoch-0010-step-000000.safetensors",
                                                           "epoch-0010-step-000030.safetensors"]


def test_the_best_stays_when_it_is_old(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=1)
    checkpoints.write(1, 0, TENSORS, {**RECORD, "epoch": 1}, best=True)
    for epoch in (2, 3):
        checkpoints.write(epoch, 0, TENSORS, {**RECORD, "epoch": epoch})
    assert read_checkpoint(tmp_path / "best.safetensors")[1]["epoch"] == 1


def test_weights_alone_are_no_checkpoint(tmp_path):
    tg.save(TENSORS, tmp_path / "weights.safetensors")
    with pytest.raises(DataError, match=r"holds no 'record\.json', so it is no checkpoint"):
        read_checkpoint(tmp_path / "weights.safetensors")


def test_a_damaged_record_is_named(tmp_path):
    tg.save({**TENSORS, "record.json": tg.tensor([123, 34], dtype=tg.uint8)}, tmp_path / "c.safetensors")
    with pytest.raises(DataError, match=r"the record in 'c\.safetensors' is damaged"):
        read_checkpoint(tmp_path / "c.safetensors")


def test_where_there_is_none_the_newest_is_none(tmp_path):
    assert Checkpoints(tmp_path / "nothing").newest() is None
