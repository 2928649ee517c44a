"""Kernels that NumPy does better by hand; they replace those of the same name in kernels/generic."""
from .activation import (elu, elu_grad, hardswish, hardswish_grad, leaky_relu, leaky_relu_grad, sigmoid, sigmoid_grad,
                         silu, silu_grad, tanh_grad)
from .conv import conv, conv_dw, conv_dx
from .copies import copy_runs, strided
from .elementwise import (erf, erfc, erfinv, floor_divide, fmod, gelu_tanh, gelu_tanh_grad, hardsigmoid, hardtanh,
                          logsigmoid, pow, relu, remainder, softplus, softplus_grad, trunc_divide)
from .gelu import gelu, gelu_grad
from .index import index_sum
from .loss import binary_cross_entropy, cross_entropy, cross_entropy_grad, nll_loss
from .masks import drop, keep, relu_grad, where
from .matmul import linear, linear_dw, matmul, matmul_t, matrix_product
from .normalization import (batch_norm, batch_norm_eval, group_norm, instance_norm, layer_norm, norm_grad,
                            norm_statistics)
from .optim import adam_, rmsprop_, sgd_
from .pool import avg_pool, avg_pool_dx, max_pool, max_pool_dx
from .products import multiply_columns, multiply_rows
from .random import draw_bernoulli, draw_categories, draw_mask, draw_permutation, masked_scale
from .reduce import mean, spread, std, sum, sum_to, var
from .shape import diagonal, expand
from .softmax import log_softmax, log_softmax_grad, softmax, softmax_grad
from .sort import topk_index
