"""Every layer and loss is differentiable twice: first and second derivatives against central differences."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tests.nn.oracle_cases import WEIGHTED, WITHOUT_WEIGHTS
from tinygrad_cnn import nn
from tinygrad_cnn.nn import functional as F
from tinygrad_cnn.testing import gradcheck, gradgradcheck

CASES = WEIGHTED + WITHOUT_WEIGHTS


def label(case):
    return f"{case[0]}-{case[1]}-{case[2]}".replace(" ", "")


def leaf(array):
    return tg.tensor(array, dtype=tg.float64, requires_grad=True)


@pytest.mark.parametrize("name,args,kwargs,shapes", CASES, ids=map(label, CASES))
def test_a_layer_is_differentiable_twice(name, args, kwargs, shapes):
    layer = getattr(nn, name)(*args, **kwargs).double()
    draw = np.random.default_rng(0)
    inputs = [leaf(draw.permutation(np.linspace(-1.91, 2.13 + k, int(np.prod(shape)))).reshape(shape))
              for k, shape in enumerate(shapes)]
    assert gradcheck(layer, inputs)
    assert gradgradcheck(layer, inputs)


SIGNS = tg.tensor([1.0, -1.0, 1.0], dtype=tg.float64)
COMPOSED = {
    "normalize": lambda x, y: F.normalize(x, p=3.0), "cosine_similarity": F.cosine_similarity,
    "pairwise_distance": F.pairwise_distance, "poisson_nll_loss": lambda x, y: F.poisson_nll_loss(x, y * y, full=True),
    "gaussian_nll_loss": lambda x, y: F.gaussian_nll_loss(x, y, x * x + 0.1),
    "soft_margin_loss": lambda x, y: F.soft_margin_loss(x[:, 0], SIGNS),
    "multilabel_soft_margin_loss": lambda x, y: F.multilabel_soft_margin_loss(x, y),
    "hinge_embedding_loss": lambda x, y: F.hinge_embedding_loss((x * x)[:, 0], SIGNS),
    "margin_ranking_loss": lambda x, y: F.margin_ranking_loss((x * x)[:, 0], y[:, 0], SIGNS, margin=0.3),
    "cosine_embedding_loss": lambda x, y: F.cosine_embedding_loss(x, y, SIGNS, margin=-0.5),
    "triplet_margin_loss": lambda x, y: F.triplet_margin_loss(x, y, x * y, margin=2.0, swap=True),
    "bilinear": lambda x, y: F.bilinear(x, y, tg.ones(2, 4, 4, dtype=tg.float64) + x[0]),
    "rrelu": lambda x, y: F.rrelu(x * y),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_a_function_of_a_few_ops_is_differentiable_twice(name):
    draw = np.random.default_rng(1)
    inputs = leaf(draw.standard_normal((3, 4)) + 0.1), leaf(draw.uniform(0.5, 1.5, (3, 4)))
    assert gradcheck(COMPOSED[name], inputs)
    assert gradgradcheck(COMPOSED[name], inputs)


def test_a_gradient_penalty_reaches_the_weights_of_a_network():
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(),
                        nn.Linear(8, 1)).double()
    x = leaf(np.random.default_rng(0).standard_normal((3, 1, 4, 4)))
    weight = net[0].weight

    def penalty():
        g, = tg.autograd.grad(net(x).sum(), x, create_graph=True)
        return (g * g).sum()
    penalty().backward()
    at, step = (1, 0, 2, 1), 1e-5
    with tg.no_grad():
        weight[at] += step
    above = penalty().item()
    with tg.no_grad():
        weight[at] -= 2 * step
    below = penalty().item()
    assert weight.grad[at].item() == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-6)
