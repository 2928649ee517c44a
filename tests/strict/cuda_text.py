"""The CUDA text of kernels/cuda without a GPU: as a .cu file for nvcc, and as a C++ loop that runs on the CPU.

Both wrap a source's operation in a function over pointers, with concrete types for its type letters. They show that the
text compiles and that its arithmetic is right for one element after another; not races, launch sizes or speed.
"""
import ctypes
import shutil
import subprocess
import sys

import numpy as np

from tinygrad_cnn.kernels.cuda.sources import WIDE

C_NAMES = {"float16": "__half", "float32": "float", "float64": "double", "int64": "long long", "int32": "int",
           "bool": "bool", "uint8": "unsigned char"}


class Parameter:
    """One parameter of a source: `name`, `type` (a letter or a dtype name), `raw`, `is_array`."""

    def __init__(self, text):
        words = text.split()
        self.raw, self.type, self.name = words[0] == "raw", words[-2], words[-1]
        self.is_array = self.type not in C_NAMES or self.raw


def parameters(text):
    return [Parameter(part) for part in text.split(",") if part.strip()]


def body(source, types):
    """(declarations of the function's parameters, lines that set up one element) of a source."""
    declared, element = [], []
    for outputs, text in ((False, source.inputs), (True, source.outputs)):
        for p in parameters(text):
            const = "" if outputs else "const "
            c_type = p.type if p.type in types else C_NAMES[p.type]
            if p.raw:
                declared.append(f"{const}{c_type} *{p.name}")
            elif p.is_array:
                declared.append(f"{const}{c_type} *{p.name}_")
                element.append(f"{const}{c_type} &{p.name} = {p.name}_[i];")
            else:
                declared.append(f"{c_type} {p.name}")
    return ", ".join(declared), " ".join(element)


def typedefs(types):
    return "".join(f"typedef {C_NAMES[name]} {letter};\n" for letter, name in types.items())


def cuda(sources):
    """Sources as one CUDA file: pairs of a source and its type letters -> dtype names."""
    text = f"#include <cuda_fp16.h>\n{WIDE}"
    for source, types in sources:
        declared, element = body(source, types)
        text += (f"namespace in_{source.name} {{\n{typedefs(types)}"
                 f'extern "C" __global__ void text_{source.name}({declared}, long long n) {{\n'
                 f"  for (long long i = blockIdx.x * (long long) blockDim.x + threadIdx.x; i < n; "
                 f"i += (long long) blockDim.x * gridDim.x) {{ {element} {source.operation} }}\n}}\n}}\n")
    return text


def host(source, types):
    """A source as a C++ file whose function loops over the elements."""
    declared, element = body(source, types)
    functions = "".join(f"using std::{name}; " for name in ("erf", "erfc", "exp", "log", "sqrt"))
    return (f"#include <cmath>\n{functions}\n{WIDE}{typedefs(types)}"
            f'extern "C" void text_{source.name}({declared}, long long n) {{\n'
            f"  for (long long i = 0; i < n; i++) {{ {element} {source.operation} }}\n}}\n")


def compiler():
    """The C++ compiler's path, None where there is none (Windows' makes libraries another way)."""
    return None if sys.platform == "win32" else shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")


class OnTheCPU:
    """A source compiled for the CPU, called like the kernel: inputs, then outputs (contiguous NumPy arrays)."""

    def __init__(self, source, types, folder):
        path = folder / f"{source.name}.cpp"
        path.write_text(host(source, types), encoding="utf-8")
        library = path.with_suffix(".so")
        subprocess.run([compiler(), "-O1", "-std=c++17", "-shared", "-fPIC", "-o", library, path], check=True)
        self._function = getattr(ctypes.CDLL(str(library)), f"text_{source.name}")
        self._parameters = parameters(source.inputs) + parameters(source.outputs)
        self._outputs = len(parameters(source.outputs))

    def __call__(self, *arguments, size=None):
        passed = []
        for p, value in zip(self._parameters, arguments):
            if isinstance(value, np.ndarray):
                assert value.flags.c_contiguous
                passed.append(value.ctypes.data_as(ctypes.c_void_p))
            else:
                passed.append({"float64": ctypes.c_double, "bool": ctypes.c_bool, "int64": ctypes.c_longlong,
                               "int32": ctypes.c_int, "float32": ctypes.c_float}[p.type](value))
        count = arguments[-self._outputs].size if size is None else size
        self._function(*passed, ctypes.c_longlong(count))
