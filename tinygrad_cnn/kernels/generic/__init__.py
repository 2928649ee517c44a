"""Kernels that NumPy and CuPy share: written with `device.xp`, never with NumPy itself."""
from .activation import (elu, elu_grad, gelu, gelu_grad, gelu_tanh, gelu_tanh_grad, hardsigmoid, hardswish,
                         hardswish_grad, hardtanh, leaky_relu, leaky_relu_grad, logsigmoid, relu, relu_grad, silu,
                         silu_grad, softplus, softplus_grad)
from .adaptive import (adaptive_avg_pool, adaptive_avg_pool_dx, adaptive_max_pool, adaptive_max_pool_index, max_unpool,
                       spatial_gather, spatial_scatter)
from .conv import conv, conv_dw, conv_dx
from .elementwise import (ceil, clamp, drop, floor, frac, heaviside, isclose, keep, lerp, logit, nan_to_num, outside,
                          pow, round, round_decimals, rsqrt, sigmoid, sigmoid_grad, square, tanh_grad, trunc,
                          trunc_divide, where, winner_grad, within, xlogy)
from .engine import cast, put, sum_to
from .fold import col2im, im2col
from .index import (copy, embedding, fill, fill_where, gather, index, index_put, index_put_, index_sum, masked_place,
                    masked_select, scatter, scatter_extreme, scatter_sum, sum_strided)
from .join import border, cat, flip, pad, roll, stack, sum_border, tril, triu
from .loss import (binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, cross_entropy_grad, huber,
                   kl_div, nll_loss, nll_loss_grad)
from .matmul import contract, linear, linear_dw, matmul, matmul_t, matrix_product
from .normalization import (batch_norm, batch_norm_eval, group_norm, instance_norm, layer_norm, norm_grad,
                            norm_statistics, running_statistics, update_running_, window_sum)
from .optim import adam_, rmsprop_, sgd_
from .pool import avg_pool, avg_pool_dx, max_pool, max_pool_dx, max_pool_gather, max_pool_index
from .products import multiply_columns, multiply_rows
from .random import (draw_bernoulli, draw_categories, draw_exponential, draw_integers, draw_mask, draw_normal,
                     draw_permutation, draw_uniform, dropout, masked_scale)
from .reduce import (all, amax, amin, any, argmax, argmedian, argmin, count_nonzero, cumprod, cumsum, mean, median,
                     norm, pick, prod, recurrence, shift, spread, std, sum, tie_shares, unpick, var)
from .shape import (as_strided, clone, contiguous, diagonal, expand, getitem, permute, place, place_diagonal, reshape,
                    split, squeeze, sum_windows, t, transpose, unbind, unsqueeze, view_dtype, windows)
from .softmax import log_softmax, log_softmax_grad, logsumexp, softmax, softmax_grad
from .sort import argsort, topk_index
from .special import erf, erfc, erfinv
from .windows import copy_runs, strided
