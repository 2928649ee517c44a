"""What can be seen of device-generic code without running it: names CuPy lacks, arguments it does not take, NumPy used.

A check takes (path, source) and gives messages "path:line: what is wrong". It follows expressions that begin with `xp`
or end their head in `.xp` (`device.xp.exp`); methods of arrays are left to the strict device.
"""
import ast
import inspect

import numpy as np

from . import manifest

# numpy functions and classes that make or compute arrays are forbidden in device-generic code; these are no arrays.
HARMLESS_NUMPY = frozenset({
    "dtype", "ndarray", "generic", "number", "integer", "floating", "bool", "bool_", "float16", "float32", "float64",
    "int8", "int16", "int32", "int64", "intp", "uint8", "finfo", "iinfo", "inf", "nan", "pi", "e", "newaxis",
    "result_type", "promote_types", "can_cast", "broadcast_shapes", "ufunc", "random", "seterr", "issubdtype"})


def _dotted(node):
    """("xp", "linalg", "norm") for xp.linalg.norm or device.xp.linalg.norm; None for anything else."""
    names = []
    while isinstance(node, ast.Attribute) and node.attr != "xp":
        names.append(node.attr)
        node = node.value
    at_head = isinstance(node, ast.Name) and node.id == "xp" or isinstance(node, ast.Attribute) and node.attr == "xp"
    return tuple(reversed(names)) if at_head and names else None


def _entry(names):
    """The manifest's Entry for a dotted name; None if it is a section itself, "missing" if CuPy has no such thing."""
    sections = manifest.load()
    for split in range(len(names), -1, -1):
        section = ".".join(("cupy", *names[:split]))
        if section in sections or section == "cupy.lib":
            rest = names[split:]
            if not rest:
                return None
            if section == "cupy.lib":
                return "missing"
            entry = sections[section].get(rest[0], "missing")
            if len(rest) > 1 and entry != "missing":
                return _method(entry, rest[1:])
            return entry
    return "missing"


def _method(entry, rest):
    """Attributes of ufuncs (xp.add.at) are known; those of other things are not followed."""
    if entry.kind == "ufunc":
        return manifest.load()["cupy.ufunc"].get(rest[0], "missing")
    return None


def _numpy_has(names):
    thing = np
    for name in names:
        thing = getattr(thing, name, None)
        if thing is None:
            return names in (("newaxis",),)
    return True


def _numpy_keywords(names):
    """Keywords NumPy's function takes, or None where its signature cannot be read or takes any."""
    thing = np
    for name in names:
        thing = getattr(thing, name)
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    if isinstance(thing, np.ufunc) or any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return {p.name for p in parameters}


def _call_problems(name, names, entry, call):
    given = {keyword.arg for keyword in call.keywords if keyword.arg}
    if entry.keywords is not None and given - entry.keywords:
        yield f"{name}: CuPy takes no {', '.join(sorted(given - entry.keywords))}"
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    if entry.positional is not None and not starred and len(call.args) > entry.positional:
        yield f"{name}: CuPy takes at most {entry.positional} arguments by position"
    known = _numpy_keywords(names)
    if known is not None and given - known:
        yield f"{name}: NumPy takes no {', '.join(sorted(given - known))}"


def array_library_names(path, source):
    """Messages for every `xp.<name>` and keyword that CuPy 14.2.0 or NumPy does not have."""
    tree = ast.parse(source)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or id(node) in inner:
            continue
        names = _dotted(node)
        if names is None:
            continue
        name, entry = "xp." + ".".join(names), _entry(names)
        if entry == "missing":
            found.append(f"{path}:{node.lineno}: {name}: CuPy 14.2.0 has no such name")
        elif not _numpy_has(names):
            found.append(f"{path}:{node.lineno}: {name}: NumPy has no such name")
        elif entry is not None and entry.kind in ("function", "ufunc", "method") and id(node) in called:
            found += [f"{path}:{node.lineno}: {problem}"
                      for problem in _call_problems(name, names, entry, called[id(node)])]
    return found


def _imported(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def imports_of(package, path, source):
    """Messages for every import of `package` (also inside functions)."""
    return [f"{path}:{node.lineno}: import of {name}" for node in ast.walk(ast.parse(source))
            for name in _imported(node) if name.split(".")[0] == package]


def numpy_arrays(path, source):
    """Messages for every `np.<name>` that makes or computes an array."""
    return [f"{path}:{node.lineno}: np.{node.attr} works on the host; use the device's xp"
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy")
            and node.attr not in HARMLESS_NUMPY]
