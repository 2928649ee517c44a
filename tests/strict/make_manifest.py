"""Writes tests/data/cupy_api_14.2.0.json: what the cupy-cuda13x 14.2.0 wheel offers, read from the wheel without a GPU.

    python -m venv /somewhere && /somewhere/bin/pip install cupy-cuda13x==14.2.0 ml_dtypes
    /somewhere/bin/python tests/strict/make_manifest.py                # writes the file
    /somewhere/bin/python tests/strict/make_manifest.py --check        # exits 1 if the file would change

One line a name: its kind, then its parameters in order. `axis=` has a default, `*` starts the keyword-only ones,
`*args` and `**kwargs` take any number. Compiled functions carry their signature in the docstring's first line.
"""
import importlib
import inspect
import json
import pathlib
import re
import sys

VERSION = "14.2.0"
TARGET = pathlib.Path(__file__).parents[1] / "data" / f"cupy_api_{VERSION}.json"
MODULES = ("cupy", "cupy.random", "cupy.linalg", "cupy.fft", "cupy.lib.stride_tricks", "cupy.cuda", "cupyx",
           "cupyx.scipy.special")
# Methods that Python 3.12 shows and 3.11 does not.
OF_PYTHON_3_12 = frozenset({"__buffer__", "__release_buffer__"})
# Names in CuPy's modules that are imports of theirs.
SKIPPED_MODULES = frozenset({"numpy", "sys", "functools", "warnings", "contextlib", "annotations"})


def parameters_of(signature):
    """The parameters of an inspect.Signature in the file's notation, without `self`."""
    words, starred = [], False
    for p in signature.parameters.values():
        if p.name == "self":
            continue
        if p.kind is p.VAR_POSITIONAL:
            words.append("*" + p.name)
            starred = True
            continue
        if p.kind is p.VAR_KEYWORD:
            words.append("**" + p.name)
            continue
        if p.kind is p.KEYWORD_ONLY and not starred:
            words.append("*")
            starred = True
        words.append(p.name + ("" if p.default is p.empty else "="))
    return " ".join(words)


def parameters_from_docstring(function, name):
    """The same, from a docstring's first line: `_ndarray_base.take(self, indices, axis=None, out=None)`."""
    first = (function.__doc__ or "").strip().split("\n")[0]
    found = re.match(rf"(?:\w+\.)?{re.escape(name)}\((.*)\)(?:\s*->.*)?$", first)
    if found is None:
        return "*args **kwargs"
    words = []
    for part in re.sub(r"\([^()]*\)", "()", found.group(1)).split(","):
        declared, equals, _ = part.partition("=")
        word = declared.split(":")[0].split()[-1] if declared.split() else ""
        if word and word not in ("self", "/"):
            words.append(word + ("=" if equals else ""))
    return " ".join(words)


def describe_callable(thing, name):
    try:
        return parameters_of(inspect.signature(thing))
    except (TypeError, ValueError):
        return parameters_from_docstring(thing, name)


def describe(thing, name):
    """One entry: the kind, and for what can be called its parameters; None for what is no part of the interface."""
    kind = type(thing).__name__
    if kind == "ufunc":
        return f"ufunc {thing.nin} {thing.nout}" + (f" at:{thing._scatter_op}" if thing._scatter_op else "")
    if isinstance(thing, type):
        return "class"
    if inspect.ismodule(thing) or kind == "_LazyModule":
        return None
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return "constant"
    if callable(thing):
        return ("function " + describe_callable(thing, name)).strip()
    return "object"


def describe_class(cls):
    """Every attribute of a class: methods with their parameters, the rest as properties."""
    entries = {}
    inherited = set(dir(object)) - {"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"}
    for name in sorted(set(dir(cls)) - inherited):
        special = name.startswith("__") and name.endswith("__")
        if name in OF_PYTHON_3_12 or name.startswith("__pyx") or name.startswith("_") and not special:
            continue
        thing = getattr(cls, name)
        if name.startswith("__") or not callable(thing):
            entries[name] = "special" if name.startswith("__") else "property"
        else:
            entries[name] = ("method " + describe_callable(thing, name)).strip()
    return entries


def build():
    """The whole manifest as a dict of sections."""
    cupy = importlib.import_module("cupy")
    if cupy.__version__ != VERSION:
        raise SystemExit(f"make_manifest: this is CuPy {cupy.__version__}; the manifest is of {VERSION}.")
    manifest = {}
    for path in MODULES:
        module = importlib.import_module(path)
        entries = {}
        for name in sorted(dir(module)):
            if name.startswith("_") or name in SKIPPED_MODULES:
                continue
            entry = describe(getattr(module, name), name)
            if entry is not None:
                entries[name] = entry
        manifest[path] = entries
    manifest["cupy.ndarray"] = describe_class(cupy.ndarray)
    manifest["cupy.ufunc"] = describe_class(cupy.ufunc)
    manifest["cupy.random.Generator"] = describe_class(importlib.import_module("cupy.random").Generator)
    return manifest


def main(arguments):
    here = pathlib.Path(__file__).resolve().parent      # its array.py and random.py are not Python's
    sys.path[:] = [path for path in sys.path if pathlib.Path(path or ".").resolve() != here]
    text = json.dumps(build(), indent=0, sort_keys=True) + "\n"
    if "--check" in arguments:
        if TARGET.read_text(encoding="utf-8") != text:
            raise SystemExit(f"make_manifest: {TARGET.name} differs from what this wheel offers. Run without --check.")
    else:
        TARGET.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
