"""Benchmarks: each module runs by itself, `python -m tests.benchmarks.NAME`, and prints what it measured."""
