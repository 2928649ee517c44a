"""A strict house: seeds fixed before every test, global state checked after it, oracle tests skipped with a reason.

Hypothesis profiles, chosen by the environment variable HYPOTHESIS_PROFILE: `dev` (the default) is quick, `ci` draws
the same cases every time, `intense` looks far.
"""
import importlib.util
import os
import random
import signal

import numpy as np
import pytest
from hypothesis import HealthCheck, Verbosity, settings

import tinygrad_cnn as tg

_SLOW_DRAWS = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("dev", max_examples=25, deadline=None, suppress_health_check=_SLOW_DRAWS)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, database=None, print_blob=True,
                          suppress_health_check=_SLOW_DRAWS)
settings.register_profile("intense", max_examples=2000, deadline=None, verbosity=Verbosity.normal,
                          suppress_health_check=_SLOW_DRAWS)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

collect_ignore_glob = ["benchmarks/*"]


def pytest_ignore_collect(collection_path):
    """Doctests are the package's: what the tests share is not collected, for it may need PyTorch to be imported."""
    shared = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    return True if shared else None


def pytest_make_parametrize_id(val):
    """A function as a parameter goes by its name, not its address: the ids are the same in every process."""
    return getattr(val, "__name__", None)


def pytest_collection_modifyitems(items):
    """Skip tests that need PyTorch, or a GPU, where there is none, and say what would make them run."""
    for marker, reason in (("oracle", _no_oracle), ("gpu", _no_gpu)):
        marked = [item for item in items if item.get_closest_marker(marker)]
        why_not = reason() if marked else None
        for item in marked if why_not else ():
            item.add_marker(pytest.mark.skip(reason=why_not))


def _no_oracle():
    return None if importlib.util.find_spec("torch") else "needs PyTorch: pip install torch==2.13.0"


def _no_gpu():
    return None if tg.cuda.is_available() else "needs CuPy 14 and an NVIDIA GPU; see python -m tinygrad_cnn doctor"


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard():
    """A shell starts background jobs with Ctrl-C ignored; tests send it to themselves and to what they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def fixed_seeds():
    """The same random numbers for every test, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    tg.manual_seed(0)


@pytest.fixture(autouse=True)
def no_leaked_state():
    """Fail a test that leaves gradients off, or another default dtype, for the next one."""
    yield
    leaks = []
    if not tg.is_grad_enabled():
        tg.set_grad_enabled(True)
        leaks.append("the grad mode off")
    if tg.get_default_dtype() is not tg.float32:
        leaks.append(f"the default dtype {tg.get_default_dtype()}")
        tg.set_default_dtype(tg.float32)
    if leaks:
        pytest.fail(f"the test left {' and '.join(leaks)}")
