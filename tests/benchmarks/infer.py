"""A forward pass of six networks in evaluation mode, beside PyTorch's.

Run: python -m tests.benchmarks infer [part of a net's name ...]
"""
import sys

from tests.benchmarks.nets import inference
from tests.benchmarks.step import rows


def main():
    rows(sys.argv[1:], inference, "inference", 1.0)


if __name__ == "__main__":
    main()
