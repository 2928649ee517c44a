"""Tests of tinygrad_cnn/data."""
