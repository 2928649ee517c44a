"""Small files of torch.save, kept in tests/data/torch_files, and what is in them.

`python -m tests.io.torch_samples` writes them again; it needs PyTorch, reading them does not.
"""
import pathlib
from collections import OrderedDict

import numpy as np

FOLDER = pathlib.Path(__file__).parents[1] / "data" / "torch_files"
ELEMENTS = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


def numbers(kind):
    """The 6 numbers of a tensor of each element type, (2, 3); bfloat16 as float32, which holds them exactly."""
    values = np.array([[0, 1, 2.5], [-3, 64, 0.125]])
    if kind == "bool":
        return values > 1
    return np.abs(values).astype(kind) if kind == "uint8" else values.astype("float32" if kind == "bfloat16" else kind)


def objects(torch):
    """name -> an object to save, made with PyTorch."""
    def tensor(kind):
        values = torch.from_numpy(numbers(kind))
        return values.bfloat16() if kind == "bfloat16" else values

    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.125, momentum=0.5)
    model(torch.ones(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    state = OrderedDict((f"module.{name}", value) for name, value in model.state_dict().items())
    return {
        "elements": {kind: tensor(kind) for kind in ELEMENTS},
        "views": {"whole": base, "row": base[1], "column": base[:, 2], "transposed": base.t(), "steps": base[::2, 1::2],
                  "repeated": base[0, :2].expand(3, 2), "empty": base[:0], "number": base[2, 3],
                  "channels_last": base.reshape(1, 2, 3, 4).to(memory_format=torch.channels_last)},
        "checkpoint": {"epoch": 3, "best_acc": 0.75, "arch": "tiny", "args": ["--lr", 0.125], "done": None,
                       "state_dict": state, "optimizer": optimizer.state_dict(),
                       "shape": torch.Size([2, 3]), "kind": torch.float16, "where": torch.device("cpu"),
                       "history": np.arange(3.0), "last": np.float64(0.5)},
        "parameters": {"weight": torch.nn.Parameter(torch.ones(2)), "frozen": torch.nn.Parameter(torch.ones(2), False)},
        "tensor": base,
    }


def write(folder=FOLDER):
    """Each object in the zip container (.pt) and in the legacy one (.th)."""
    import torch
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in objects(torch).items():
        torch.save(value, folder / f"{name}.pt")
        torch.save(value, folder / f"{name}.th", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    write()
