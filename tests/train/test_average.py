"""The running average of weights: the formula, counters, and where it begins."""
import numpy as np

import tinygrad_cnn as tg
from tinygrad_cnn.train import WeightAverage


def test_the_average_follows_the_formula():
    model = tg.nn.Linear(2, 2)
    average = WeightAverage(model, 0.5)
    expected = model.weight.detach().numpy().copy()
    for t in range(1, 20):
        with tg.no_grad():
            model.weight.add_(1.0)
        average.update(model)
        keep = min(0.5, (1 + t) / (10 + t))
        expected = keep * expected + (1 - keep) * model.weight.detach().numpy()
    np.testing.assert_allclose(average.model.weight.detach().numpy(), expected, rtol=1e-6)


def test_the_model_itself_is_left_alone():
    model = tg.nn.Linear(2, 2)
    before = model.weight.tolist()
    WeightAverage(model, 0.9).update(model)
    assert model.weight.tolist() == before


def test_running_statistics_are_averaged_and_counters_copied():
    model = tg.nn.BatchNorm2d(2)
    average = WeightAverage(model, 0.9)
    model(tg.ones(4, 2, 3, 3) * 5)
    average.update(model)
    keep = 2 / 11
    np.testing.assert_allclose(average.model.running_mean.numpy(), (1 - keep) * model.running_mean.numpy(), rtol=1e-6)
    assert average.model.num_batches_tracked.item() == 1
