"""The rules of the house, held by reading the source: who imports whom, what is documented, what is not written.

The package is a stack of layers; a module imports only from layers above its own (LAYERS, top first). The modules are
read as syntax trees, so the rules hold for code that no test runs.
"""
import ast
import importlib
import inspect
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest

import tinygrad_cnn

ROOT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tinygrad_cnn"
LAYERS = (
    {"errors", "version"},
    {"dtypes"},
    {"geometry"},
    {"kernels"},
    {"device", "generator"},
    {"tensor"},
    {"autograd"},
    {"ops"},
    {"printing"},
    {"reprs"},
    {"protocols"},
    {"operators"},
    {"nn", "optim", "io"},
    {"data", "figures"},
    {"testing"},
    {"teach", "train"},
    {"cli"},
    {"__main__"},
)
# Doors that only hand on what the rooms hold; they stand below the core, and no room uses them.
FACES = {"__init__", "accelerator", "backends", "utils", "cuda", "linalg"}
# A device owns a generator, and a generator is told its device.
SIBLINGS = {("device", "generator"), ("generator", "device")}
# autograd.functional has its name from PyTorch; it is a client of the ops, loaded when first used.
CLIENTS = {("tinygrad_cnn.autograd.functional", "ops")}
OPTIONAL = ("cupy", "hypothesis", "matplotlib", "tqdm", "PIL", "safetensors", "ml_dtypes", "torch", "scipy", "pytest")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}
FACES_OF_PYTORCH = {PACKAGE / "utils", PACKAGE / "nn" / "utils"}
LONGEST_FILE, LONGEST_LINE = 400, 120
WRITTEN_FOR_TORCH = ROOT / "tests" / "nn" / "models" / "written_for_torch"      # other people's style

SOURCES = sorted(PACKAGE.rglob("*.py"))
ALL_SOURCES = sorted(path for folder in ("tinygrad_cnn", "tests", "examples") for path in (ROOT / folder).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in ALL_SOURCES}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def room(module):
    """The part of the package a module belongs to: tinygrad_cnn.ops.conv -> ops."""
    return module.split(".")[1] if "." in module else "__init__"


def layer(name):
    for depth, names in enumerate(LAYERS):
        if name in names:
            return depth
    return None


def imported_modules(path, node):
    """The modules of this package that one import statement in the file names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name.split(".")[0] == "tinygrad_cnn"]
    base = node.module or ""
    if node.level:
        parents = path.relative_to(ROOT).parts[:-1]
        above = parents[:len(parents) - node.level + 1]
        base = ".".join([*above, base] if base else above)
    if base.split(".")[0] != "tinygrad_cnn":
        return []
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names]


def imports(path, *, also_in_functions):
    """(line, module of this package) for every import in the file; those in functions run later and are optional."""
    found, waiting = [], [TREES[path]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found += [(node.lineno, module) for module in imported_modules(path, node)]
        if also_in_functions or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return found


def where(path, line):
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_room_stands_in_a_layer():
    rooms = {room(module) for module in MODULES}
    assert not rooms - FACES - set().union(*LAYERS), "name the new room in LAYERS or FACES"


def test_a_module_imports_only_from_layers_above_its_own():
    wrong = []
    for module, path in MODULES.items():
        here = room(module)
        if here in FACES:
            continue
        for line, other in imports(path, also_in_functions=True):
            there = room(other)
            if here == there or (here, there) in SIBLINGS or (module, there) in CLIENTS:
                continue
            if there in FACES or layer(there) >= layer(here):
                wrong.append(f"{where(path, line)}: {here} imports {there}")
    assert not wrong, "\n".join(wrong)


def test_no_import_cycles():
    edges = {module: {other for _, other in imports(path, also_in_functions=False) if other != module} & set(MODULES)
             for module, path in MODULES.items()}
    done = set()
    while len(done) < len(edges):
        ready = {module for module, others in edges.items() if module not in done and others <= done}
        assert ready, "import cycle among " + ", ".join(sorted(set(edges) - done))
        done |= ready


def test_only_numpy_and_the_standard_library_are_imported_by_the_core():
    wrong = []
    for path in SOURCES:
        if path.relative_to(PACKAGE).parts[0] == "testing":
            continue                                        # its strategies are hypothesis's
        for node in TREES[path].body:
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            else:
                continue
            wrong += [f"{where(path, node.lineno)}: {name}" for name in names
                      if name.split(".")[0] not in sys.stdlib_module_names | {"numpy"}]
    assert not wrong, "\n".join(wrong)


def test_import_of_the_package_loads_no_optional_package():
    program = f"import sys, tinygrad_cnn; print(*[name for name in {OPTIONAL} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_import_of_the_package_loads_no_kernel_and_no_room_below_the_core():
    rooms = [f"tinygrad_cnn.{name}" for names in LAYERS[layer("nn"):] for name in sorted(names)]
    rooms += [f"tinygrad_cnn.kernels.{name}" for name in ("generic", "cpu", "cuda")]
    program = f"import sys, tinygrad_cnn; print(*[name for name in {rooms} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_every_module_says_what_lives_in_it():
    silent = [str(path.relative_to(ROOT)) for path in SOURCES
              if path.stat().st_size and not ast.get_docstring(TREES[path])]
    assert not silent, "\n".join(silent)


def public_objects():
    """(where it is public, object) for every function and class the package exports."""
    names = [info.name for info in pkgutil.walk_packages([str(PACKAGE)], "tinygrad_cnn.")]
    for name in ["tinygrad_cnn", *names]:
        if name.endswith("__main__") or room(name) == "kernels":
            continue
        module = importlib.import_module(name)
        exported = getattr(module, "__all__", None)
        if exported is None:
            exported = [key for key, value in vars(module).items() if not key.startswith("_")
                        and getattr(value, "__module__", None) == name]
        for key in exported:
            value = getattr(module, key)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{name}.{key}", value


def test_every_public_name_is_documented():
    silent = [name for name, value in public_objects() if not (value.__doc__ or "").strip()]
    assert not silent, "\n".join(silent)


@pytest.mark.parametrize("name", ["tinygrad_cnn", "tinygrad_cnn.nn", "tinygrad_cnn.teach", "tinygrad_cnn.testing"])
def test_a_list_of_names_shows_no_private_one(name):
    module = importlib.import_module(name)
    names = dir(module)
    assert not [name for name in names if name.startswith("_") and not name.startswith("__")]
    assert all(hasattr(module, name) for name in names)


def test_every_public_method_of_tensor_is_documented():
    names = [name for name in dir(tinygrad_cnn.Tensor) if not name.startswith("_")]
    methods = [(name, getattr(tinygrad_cnn.Tensor, name)) for name in names]
    silent = [name for name, value in methods if callable(value) and not (value.__doc__ or "").strip()]
    assert not silent, ", ".join(silent)


def test_every_folder_of_modules_is_a_package():
    bare = {str(path.parent.relative_to(ROOT)) for path in SOURCES if not (path.parent / "__init__.py").exists()}
    assert not bare, "setuptools would leave it out of an installation"


def test_no_module_has_a_vague_name():
    vague = [str(path.relative_to(ROOT)) for path in ALL_SOURCES
             if VAGUE_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)
             and not any(face in path.parents for face in FACES_OF_PYTORCH)]
    assert not vague


def test_no_file_is_too_long_to_read():
    long = {str(path.relative_to(ROOT)): lines for path in ALL_SOURCES
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE}
    assert not long


def test_no_line_is_too_long_to_read():
    long = [where(path, number) for path in ALL_SOURCES if WRITTEN_FOR_TORCH not in path.parents
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if len(line) > LONGEST_LINE]
    assert not long


def test_nothing_is_left_for_later():
    marks = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
    left = [where(path, number) for path in ALL_SOURCES
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if marks.search(line)]
    assert not left


def test_no_path_of_one_persons_machine_is_written_down():
    private = re.compile(r"(?<![\w.])/(home|root|Users)/\w|[A-Z]:\\Users")
    texts = [*ALL_SOURCES, *ROOT.glob("*.md"), *ROOT.glob("*.cfg"), *ROOT.glob("*.toml")]
    found = [where(path, number) for path in texts
             for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if private.search(line)]
    assert not found


def test_no_bare_except_and_no_assertion_that_cannot_fail():
    wrong = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                wrong.append(f"{where(path, node.lineno)}: bare except")
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant) and node.test.value:
                wrong.append(f"{where(path, node.lineno)}: an assertion of a constant")
    assert not wrong, "\n".join(wrong)


def test_every_skip_gives_its_reason():
    wrong = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else None
            if name in ("pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "pytest.skip"):
                keywords = {keyword.arg for keyword in node.keywords}
                if "reason" not in keywords and not (name == "pytest.skip" and node.args):
                    wrong.append(where(path, node.lineno))
    assert not wrong


def test_text_files_are_opened_with_their_encoding():
    wrong = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            keywords = {keyword.arg for keyword in node.keywords}
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
            plain_open = called == "open" and isinstance(node.func, ast.Name)
            binary = plain_open and len(node.args) > 1 and "b" in ast.unparse(node.args[1])
            text_file = plain_open and not binary or called in ("read_text", "write_text")
            if text_file and "encoding" not in keywords:
                wrong.append(where(path, node.lineno))
    assert not wrong, "a Windows machine would use its code page: " + ", ".join(wrong)
