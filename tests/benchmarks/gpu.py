"""`python -m tests.benchmarks.gpu`: everything that only a GPU can show, in one command and one JSON report.

It runs the tests marked `gpu`, compares ops and their gradients with PyTorch on the same GPU, and times ResNet's
layers, forward and backward, against PyTorch's. The report is written after each part, so that a run cut short leaves
what it has; what raises is in it and stops nothing. TF32 is off on both sides unless --tf32 turns it on for both. Exit
code 0 if tests and comparisons pass, 1 if not, 2 where there is no GPU (or no CuPy), with a message that says which.
"""
import argparse
import json
import math
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import numpy as np

from .gpu_cases import OPS, layers

ROOT = pathlib.Path(__file__).resolve().parents[2]
NO_GPU = 2


def run_suite(report_folder):
    """Run the tests marked gpu in a process of their own: counts, seconds, and the failures' names and messages."""
    path = report_folder / "gpu_tests.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu and not intense", f"--junitxml={path}", "tests"]
    start = time.perf_counter()
    code = subprocess.run(command, cwd=ROOT).returncode
    found = {"command": " ".join(command[1:]), "exit_code": code, "seconds": round(time.perf_counter() - start, 1)}
    if path.exists():
        suite = next(ElementTree.parse(path).iter("testsuite"))
        found.update({key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")})
        problems = [(case, problem) for case in suite.iter("testcase")
                    for problem in (*case.iter("failure"), *case.iter("error"))]
        found["failed"] = [f"{case.get('classname')}.{case.get('name')}: {problem.get('message', '')[:200]}"
                           for case, problem in problems]
    return found


def forward_and_gradients(case, package, tensors):
    """The result of a case and the gradients of its floating-point arguments, for one fixed incoming gradient."""
    wanted = [t for t in tensors if t is not None and t.requires_grad]
    y = case.call(package, tensors)
    grads = package.autograd.grad((y * y).sum() * 0.5, wanted, allow_unused=True)
    return [y, *(g for g in grads if g is not None)]


def ours(tg, arrays, device):
    """tinygrad_cnn's tensors of NumPy arrays."""
    return [None if a is None else tg.tensor(a, device=device, requires_grad=a.dtype.kind == "f") for a in arrays]


def theirs(torch, arrays, device):
    """PyTorch's tensors of NumPy arrays."""
    return [None if a is None else torch.tensor(a, device=device, requires_grad=a.dtype.kind == "f") for a in arrays]


def largest_error(mine, reference):
    """The largest difference of two lists of arrays, relative to the largest value of each; inf if shapes differ."""
    if [a.shape for a in mine] != [b.shape for b in reference]:
        return math.inf
    return max(float(np.max(np.abs(a - b), initial=0) / max(1.0, np.max(np.abs(b), initial=0)))
               for a, b in zip(mine, reference))


def attempt(case, measure, *args):
    """{name, ...} as measure(case, *args) gives it, or {name, failure, passed} if it raised."""
    try:
        return {"name": case.name, **measure(case, *args)}
    except Exception as error:                          # one broken case must not hide the others: it is in the report
        return {"name": case.name, "failure": f"{type(error).__name__}: {error}"[:400], "passed": False}


def compare(case, tg, torch, device):
    """One case in both packages on one device: {error, passed}."""
    arrays = case.arguments()
    mine = forward_and_gradients(case, tg, ours(tg, arrays, device))
    mine = [t.detach().cpu().numpy() for t in mine]
    reference = [t.detach().cpu().numpy() for t in forward_and_gradients(case, torch, theirs(torch, arrays, device))]
    error = largest_error(mine, reference)
    return {"error": error, "passed": bool(error <= case.tolerance)}


def timed(run, synchronize, repeats):
    """Seconds of run(), each from a finished device to a finished device."""
    seconds = []
    for _ in range(repeats):
        synchronize()
        start = time.perf_counter()
        run()
        synchronize()
        seconds.append(time.perf_counter() - start)
    return seconds


def time_layer(case, tg, torch, device, repeats):
    """Milliseconds of forward and backward in both packages, turn by turn, and the median of the paired ratios."""
    arrays = case.arguments()
    waits = (tg.cuda.synchronize, torch.cuda.synchronize) if device == "cuda" else (lambda: None,) * 2
    mine, reference = ours(tg, arrays, device), theirs(torch, arrays, device)
    runs = [lambda: forward_and_gradients(case, tg, mine), lambda: forward_and_gradients(case, torch, reference)]
    for run, wait in zip(runs, waits):
        timed(run, wait, 3)                             # compiles, fills the pools, lets PyTorch choose algorithms
    pairs = [(timed(runs[0], waits[0], 1)[0], timed(runs[1], waits[1], 1)[0]) for _ in range(repeats)]
    ratios = sorted(a / b for a, b in pairs)
    ms = [round(1e3 * statistics.median(column), 4) for column in zip(*pairs)]
    return {"tinygrad_cnn_ms": ms[0], "torch_ms": ms[1],
            "ratio": round(statistics.median(ratios), 3), "ratio_range": [round(ratios[0], 3), round(ratios[-1], 3)]}


def machine(tg, torch):
    """Names and versions of what was measured."""
    import cupy
    return {"gpu": tg.cuda.get_device_name(), "capability": tg.cuda.get_device_capability(),
            "python": platform.python_version(), "system": platform.platform(), "numpy": np.__version__,
            "cupy": cupy.__version__, "torch": getattr(torch, "__version__", None),
            "CUPY_TF32": os.environ.get("CUPY_TF32", "0"),
            "cuda_runtime": cupy.cuda.runtime.runtimeGetVersion(), "cuda_driver": cupy.cuda.runtime.driverGetVersion()}


def set_tf32(torch, wanted):
    """TensorFloat-32 in matrix products and convolutions, on or off for both packages; CuPy reads its variable late."""
    os.environ["CUPY_TF32"] = "1" if wanted else "0"
    if torch is not None:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = wanted


def geometric_mean(ratios):
    """The geometric mean, None of no numbers."""
    return round(math.exp(statistics.fmean(map(math.log, ratios))), 3) if ratios else None


def parse(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--report", type=pathlib.Path, default=ROOT / "runs" / "gpu.json", help="where the JSON goes")
    parser.add_argument("--batch", type=int, default=64, help="images a batch in the timings")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--tf32", action="store_true", help="time with TensorFloat-32 on, in both packages")
    parser.add_argument("--no-suite", action="store_true", help="leave the test suite out")
    return parser.parse_args(arguments)


def import_torch():
    """PyTorch if it is installed and sees the GPU, else None with a printed reason."""
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed: no comparison and no timing against it. Run: pip install torch")
        return None
    if torch.cuda.is_available():
        return torch
    print("PyTorch is installed but sees no GPU: no comparison and no timing against it. Install its CUDA build.")
    return None


def compare_ops(report, tg, torch, device):
    """The cases of all ops, into report["ops"]."""
    report["ops"] = []
    for case in OPS:
        found = attempt(case, compare, tg, torch, device)
        report["ops"].append(found)
        print(f"{found['name']:<45} {found.get('failure') or format(found['error'], '.1e')}")


def time_layers(report, tg, torch, device, repeats):
    """The layers of the report's batch size, into report["layers"]."""
    report["layers"] = []
    for case in layers(report["batch"]):
        found = attempt(case, time_layer, tg, torch, device, repeats)
        report["layers"].append(found)
        print(f"{found['name']:<30} " + (found.get("failure") or f"{found['tinygrad_cnn_ms']:9.3f} ms  PyTorch "
                                         f"{found['torch_ms']:9.3f} ms  ratio {found['ratio']:6.2f}"))
    report["geometric_mean"] = geometric_mean([found["ratio"] for found in report["layers"] if "ratio" in found])


def write(report, path):
    """The report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def main(arguments=None, device="cuda"):
    """Run, print, write the report; returns the exit code."""
    options = parse(arguments)
    import tinygrad_cnn as tg
    if not tg.cuda.is_available():
        try:
            tg.cuda.current_device()
        except tg.errors.DeviceError as error:
            print(f"No GPU to measure on. {error}", file=sys.stderr)
        return NO_GPU
    torch = import_torch()
    set_tf32(torch, False)
    report = {"machine": machine(tg, torch), "tf32": options.tf32, "batch": options.batch}
    if torch is not None:
        compare_ops(report, tg, torch, device)
        write(report, options.report)
        set_tf32(torch, options.tf32)
        time_layers(report, tg, torch, device, options.repeats)
        report["peak_bytes"] = tg.cuda.max_memory_reserved()
        write(report, options.report)
    if not options.no_suite:
        report["suite"] = run_suite(options.report.parent)
    write(report, options.report)
    print(f"report: {options.report}")
    measured = (*report.get("ops", []), *report.get("layers", []))
    wrong = report.get("suite", {}).get("exit_code", 0) or not all(found.get("passed", True) for found in measured)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
