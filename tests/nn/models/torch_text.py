"""Programs written for PyTorch, run on PyTorch and, with the imports changed and nothing else, on this package."""
import pathlib
import re
from types import SimpleNamespace

FOLDER = pathlib.Path(__file__).parent / "written_for_torch"
IMPORTS = ((re.compile(r"^import torch$", re.MULTILINE), "import tinygrad_cnn as torch"),
           (re.compile(r"^import torch\.", re.MULTILINE), "import tinygrad_cnn."),
           (re.compile(r"^from torch\b", re.MULTILINE), "from tinygrad_cnn"))


def with_imports_changed(text):
    """The program with each import of torch, at the start of a line, turned into one of tinygrad_cnn."""
    for pattern, replacement in IMPORTS:
        text = pattern.sub(replacement, text)
    return text


def run_text(name, ours):
    """What the program `name` defines, run on this package or on PyTorch."""
    path = FOLDER / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    defined = {"__name__": f"written_for_torch.{name}"}
    exec(compile(with_imports_changed(text) if ours else text, str(path), "exec"), defined)
    return SimpleNamespace(**defined)
