"""Damaged files of weights: what random changes, at several depths of a format, make of good ones.

`python -m tests.io.damage SEED COUNT FOLDER` makes COUNT of them, loads each, and prints what happened as JSON. It runs
in a process of its own, so that a crash, an endless loop or a gigabyte shows.
"""
import io
import json
import os
import random
import struct
import sys
import tempfile
import time
import zipfile

from tests.data_loading.archives import batch_pickle, pixels
from tests.io.torch_samples import FOLDER

LARGE = [b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\0" * 8, b"\xff\xff", b"\0\0\0\x40"]
CALLS = [b"cposix\nsystem\n(S'touch {canary}'\ntR", b"cbuiltins\nexec\n(S'open(\"{canary}\", \"w\")'\ntR",
         b"cbuiltins\nopen\n(S'{canary}'\nS'w'\ntR", b"csubprocess\ncall\n((lS'touch'\naS'{canary}'\natR"]


def good_files():
    """(suffix, bytes) of files that load."""
    import numpy as np

    import tinygrad_cnn as tg
    found = [(path.suffix, path.read_bytes()) for path in sorted(FOLDER.iterdir())]
    state = {"weight": tg.arange(12.0).reshape(3, 4), "steps": tg.tensor(7), "mask": tg.tensor([True, False])}
    for suffix in (".safetensors", ".npz"):
        found.append((suffix, _written(tg, state, f"state{suffix}")))
    found.append((".pkl", batch_pickle(pixels(1), np.array([3]))))
    return found


def _written(tg, state, name):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        tg.save(state, path)
        with open(path, "rb") as file:
            return file.read()


def damaged(draw, suffix, content, others, canary):
    """A damaged copy: (suffix, bytes)."""
    if content[:2] == b"PK" and draw.random() < 0.6:
        return suffix, _inside_zip(draw, content, others, canary)
    if suffix == ".safetensors" and draw.random() < 0.5:
        length = int.from_bytes(content[:8], "little")
        header = _changed(draw, content[8:8 + length], others, canary)
        return suffix, struct.pack("<Q", len(header)) + header + content[8 + length:]
    return suffix, _changed(draw, content, others, canary)


def _inside_zip(draw, content, others, canary):
    """One member changed, the checksum right again; sometimes all of them compressed."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = [(entry.filename, old.read(entry)) for entry in old.infolist()]
    pickles = [k for k, (name, _) in enumerate(members) if name.endswith(("data.pkl", ".npy"))]
    k = draw.choice(pickles) if pickles and draw.random() < 0.8 else draw.randrange(len(members))
    name, data = members[k]
    if draw.random() < 0.1:
        name = _changed(draw, name.encode(), others, canary).decode("latin-1")[:200] or "x"
    members[k] = name, _changed(draw, data, others, canary) if draw.random() < 0.95 else bytes(20_000_000)
    made = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if draw.random() < 0.1 else zipfile.ZIP_STORED
    with zipfile.ZipFile(made, "w", kind) as new:
        for name, data in members:
            new.writestr(zipfile.ZipInfo(name), data, kind)
    return made.getvalue()


def _changed(draw, content, others, canary):
    content = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 4, 16))):
        _change(draw, content, others, canary)
    return bytes(content)


def _change(draw, content, others, canary):
    """One change in place."""
    size = len(content)
    place = draw.randrange(size + 1)
    kind = draw.randrange(9)
    if kind == 0 and size:
        content[min(place, size - 1)] = draw.randrange(256)
    elif kind == 1 and size:
        content[min(place, size - 1)] ^= 1 << draw.randrange(8)
    elif kind == 2:
        del content[place:]
    elif kind == 3:
        del content[place:place + draw.choice((1, 4, 8, 64))]
    elif kind == 4:
        content[place:place] = draw.randbytes(draw.choice((1, 4, 8)))
    elif kind == 5:
        value = draw.choice(LARGE)
        content[place:place + len(value)] = value
    elif kind == 6:
        start = draw.randrange(size + 1)
        content[place:place] = content[start:start + draw.choice((4, 32, 256))] * draw.choice((1, 3, 50))
    elif kind == 7:
        other = draw.choice(others)[1]
        start = draw.randrange(len(other))
        content[place:place + 32] = other[start:start + draw.choice((8, 64, 512))]
    else:
        content[place:place] = draw.choice(CALLS).replace(b"{canary}", canary.encode())


def _load(path):
    """What a user would do with it; the exception's name, or "read"."""
    import tinygrad_cnn as tg
    from tinygrad_cnn.errors import TinygradError
    try:
        tg.load(path)
    except TinygradError as error:
        if "\n" in str(error) or len(str(error)) > 2000 or "load: " not in str(error):
            return f"unreadable message: {str(error)[:200]}"
        return type(error).__name__
    return "read"


def run(seed, count, folder):
    """Loads `count` damaged files; what happened, as a dict of counts and the worst time and memory."""
    import resource
    draw, files = random.Random(seed), good_files()
    canary = os.path.join(folder, "executed")
    for k, (suffix, content) in enumerate(files):
        with open(os.path.join(folder, f"good{suffix}"), "wb") as file:
            file.write(content)
        if _load(file.name) != "read":
            raise RuntimeError(f"good file {k} with {suffix} does not load")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcomes, slowest, wrong = {}, (0.0, ""), []
    for k in range(count):
        suffix, content = damaged(draw, *draw.choice(files), files, canary)
        path = os.path.join(folder, f"damaged{suffix}")
        with open(path, "wb") as file:
            file.write(content)
        begun = time.perf_counter()
        try:
            outcome = _load(path)
        except Exception as error:                          # what a damaged file may never raise: reported, not hidden
            outcome = f"{type(error).__name__}: {error}"[:300]
            wrong.append((k, suffix, outcome))
        if outcome.startswith("unreadable"):
            wrong.append((k, suffix, outcome))
        slowest = max(slowest, (time.perf_counter() - begun, f"{k}{suffix}"))
        name = outcome.partition(":")[0]
        outcomes[name] = outcomes.get(name, 0) + 1
        if os.path.exists(canary):
            wrong.append((k, suffix, "executed"))
            os.remove(canary)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"files": count, "outcomes": outcomes, "seconds": slowest[0], "slowest": slowest[1],
            "megabytes": grown / 1024, "wrong": wrong[:20]}


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
