"""Files as the data sets are published, made small: CIFAR's two forms and their archives, IDX files."""
import gzip
import io
import pickle
import struct
import tarfile

import numpy as np


def pixels(count, seed=0):
    """uint8 (count, 3, 32, 32)."""
    return np.random.default_rng(seed).integers(256, size=(count, 3, 32, 32)).astype(np.uint8)


def records(images, *labels):
    """The binary form: for each image its label bytes, then its planes."""
    columns = [np.asarray(one, np.uint8)[:, None] for one in labels]
    return np.hstack([*columns, images.reshape(len(images), -1)]).tobytes()


def batch_pickle(images, labels, key="labels", protocol=2):
    """The Python form, with the keys as bytes, as Python 3 reads what Python 2 wrote."""
    content = {b"data": images.reshape(len(images), -1), key.encode(): list(map(int, labels)), b"batch_label": b"part",
               b"filenames": [b"a.png"] * len(images)}
    return pickle.dumps(content, protocol)


def batch_pickle_of_python_2(images, labels):
    """The Python form as it was published: protocol 2 of Python 2, whose strings are bytes."""
    def text(content):
        short = len(content) < 256
        return (b"U" + struct.pack("<B", len(content)) if short else b"T" + struct.pack("<i", len(content))) + content

    raw = images.reshape(len(images), -1)
    shape = b"M" + struct.pack("<H", len(raw)) + b"M" + struct.pack("<H", raw.shape[1]) + b"\x86"
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R(K\x03" + text(b"|") + b"NNN" + 2 * (
        b"J" + struct.pack("<i", -1)) + b"K\x00tb"
    array = (b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + b"K\x00\x85" + text(b"b") + b"\x87R"
             + b"(K\x01" + shape + dtype + b"\x89" + text(raw.tobytes()) + b"tb")
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return (b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + text(b"batch_label")
            + text(b"testing batch 1 of 1") + b"u.")


def cifar10_files(form, per_file=4):
    """name -> bytes of the six files, and the images and labels of (training, test)."""
    images, labels = pixels(6 * per_file), np.arange(6 * per_file) % 10
    names = [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]
    files = {}
    for k, name in enumerate(names):
        rows = slice(k * per_file, (k + 1) * per_file)
        content = (records if form == "bin" else batch_pickle)(images[rows], labels[rows])
        files[name + (".bin" if form == "bin" else "")] = content
    cut = 5 * per_file
    return files, (images[:cut], labels[:cut]), (images[cut:], labels[cut:])


def write_folder(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def write_tar(path, folder, files):
    """A .tar.gz with the files in a folder of that name."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            add(archive, f"{folder}/{name}" if folder else name, content)


def add(archive, name, content=b"", **fields):
    """One member, with fields such as type and linkname."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    archive.addfile(info, io.BytesIO(content))


def idx(array, kind=0x08):
    """An array as an IDX file."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, kind, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_mnist(folder, train=5, test=3, packed=True):
    """The four files; returns the images and labels of (training, test)."""
    folder.mkdir(parents=True, exist_ok=True)
    draw, found = np.random.default_rng(1), []
    for part, count in (("train", train), ("t10k", test)):
        images = draw.integers(256, size=(count, 28, 28)).astype(np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            content = idx(array)
            (folder / (name + (".gz" if packed else ""))).write_bytes(gzip.compress(content) if packed else content)
        found.append((images, labels))
    return found
