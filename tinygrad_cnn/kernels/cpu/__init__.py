"""Kernels that NumPy does better by hand; they replace those of the same name in kernels/generic."""
from .conv import conv, conv_dw, conv_dx
from .elementwise import (elu, elu_grad, erf, erfc, erfinv, floor_divide, fmod, gelu, gelu_grad, gelu_tanh, gelu_tanh_grad,
                          hardsigmoid, hardswish, hardswish_grad, hardtanh, leaky_relu, leaky_relu_grad, logsigmoid, relu,
                          remainder, sigmoid, sigmoid_grad, silu, silu_grad, softplus, softplus_grad, tanh_grad)
from .masks import drop, keep, relu_grad, where
from .matmul import matmul, matrix_product
from .optim import adam_, rmsprop_, sgd_
from .shape import diagonal, expand
