"""Print what this machine offers: versions, BLAS and its threads, devices, extras.

Each section is a generator of lines, so that a part that fails tells its own story and hides no other.
"""
import importlib.metadata
import os
import platform
import sys

from .exit_codes import DONE

_EXTRAS = {
    "train": ("tqdm", "matplotlib"),
    "bfloat16": ("ml_dtypes",),
    "images": ("pillow",),
    "test": ("pytest", "hypothesis", "safetensors"),
}


def add_arguments(parser):
    """`doctor` takes no arguments."""


def run(arguments):
    """Print the report; returns 0."""
    for title, section in (("Versions", versions), ("BLAS", blas), ("Devices", devices), ("Extras", extras)):
        print(title)
        for line in section():
            print(f"  {line}")
    return DONE


def versions():
    """Python, the system, NumPy and this package."""
    import numpy as np

    from ..version import __version__
    yield f"Python        {platform.python_version()} ({sys.executable})"
    yield f"System        {platform.system()} {platform.machine()}, {os.cpu_count()} logical cores"
    yield f"NumPy         {np.__version__}"
    yield f"tinygrad_cnn  {__version__} ({os.path.dirname(os.path.dirname(os.path.abspath(__file__)))})"


def blas():
    """The libraries behind NumPy's matrix product and the threads each may use."""
    import numpy as np
    import threadpoolctl
    np.ones((2, 2)) @ np.ones((2, 2))                       # the library is loaded by now at the latest
    libraries = [entry for entry in threadpoolctl.threadpool_info() if entry["user_api"] == "blas"]
    for entry in libraries:
        kernels = f", kernels for {entry['architecture']}" if "architecture" in entry else ""
        name = f"{entry['internal_api']} {entry['version'] or '(version unknown)'}"
        yield f"{name}: {entry['num_threads']} threads{kernels}"
    if not libraries:
        yield "none that threadpoolctl knows (on macOS: Accelerate, which sets its own threads)"


def devices():
    """The CPU, and each GPU or what is missing for one."""
    from ..device import get_num_threads, import_cupy
    from ..errors import DeviceError
    yield f"cpu           {platform.processor() or platform.machine()}, kernels on {get_num_threads()} threads"
    try:
        cupy = import_cupy()
    except DeviceError as error:
        yield f"cuda          not available: {str(error).removeprefix('cuda: ')}"
        return
    for index in range(cupy.cuda.runtime.getDeviceCount()):
        found = cupy.cuda.runtime.getDeviceProperties(index)
        yield (f"cuda:{index}        {found['name'].decode()}, {found['totalGlobalMem'] / 2 ** 30:.0f} GiB, "
               f"CuPy {cupy.__version__}")


def extras():
    """Which optional packages are installed, and the command for those that are not."""
    for extra, packages in _EXTRAS.items():
        found = {name: _version(name) for name in packages}
        line = ", ".join(f"{name} {version or 'missing'}" for name, version in found.items())
        cure = "" if all(found.values()) else f"   -> pip install 'tinygrad_cnn[{extra}]'"
        yield f"{extra:<13} {line}{cure}"


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
