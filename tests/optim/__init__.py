"""Tests of tinygrad_cnn/optim and the update kernels."""
