"""Files of weights changed at random: none is executed, none crashes, none takes more than 10 s or 1 GiB.

500 of them here, 10,000 in the intense form. They are loaded in another process, which also counts its memory.
"""
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
needs_rusage = pytest.mark.skipif(sys.platform == "win32", reason="counts memory with the module resource of Unix")


def load_damaged(seed, count, folder):
    done = subprocess.run([sys.executable, "-W", "error", "-m", "tests.io.damage", str(seed), str(count), str(folder)],
                          cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]        # negative for a crash of the interpreter
    return json.loads(done.stdout)


def assert_harmless(report, count):
    assert report["wrong"] == []
    assert report["files"] == count and set(report["outcomes"]) <= {"DataError", "read"}
    assert report["outcomes"]["DataError"] > count / 2
    assert report["seconds"] < 10 and report["megabytes"] < 1024


@needs_rusage
def test_500_damaged_files_are_refused_or_read_as_numbers(tmp_path):
    assert_harmless(load_damaged(0, 500, tmp_path), 500)


@needs_rusage
@pytest.mark.intense
@pytest.mark.parametrize("seed", range(1, 9))
def test_10_000_damaged_files_are_refused_or_read_as_numbers(seed, tmp_path):
    report = load_damaged(seed, 1500, tmp_path)
    print(report)
    assert_harmless(report, 1500)
