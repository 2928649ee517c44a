"""Kernels that NumPy does better by hand; they replace those of the same name in kernels/generic."""
from .conv import conv, conv_dw, conv_dx
from .optim import adam_, rmsprop_, sgd_
from .shape import diagonal, expand
from .matmul import matmul, matrix_product
