"""Optimizer, schedule and loader together on problems whose answer is known."""
import numpy as np
import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.data import DataLoader, Digits, TensorDataset
from tinygrad_cnn.optim import SGD, Adam, AdamW, RMSprop
from tinygrad_cnn.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR

KINDS = {"SGD": (SGD, {"lr": 0.1, "momentum": 0.9}), "Adam": (Adam, {"lr": 0.1}),
         "AdamW": (AdamW, {"lr": 0.1, "weight_decay": 0.0}), "RMSprop": (RMSprop, {"lr": 0.05})}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [0, 2])
def test_least_squares_finds_the_weights_that_made_the_data(kind, workers):
    draw = np.random.default_rng(0)
    inputs, truth = draw.standard_normal((128, 3)).astype(np.float32), np.array([[2.0], [-1.0], [0.5]], np.float32)
    dataset = TensorDataset(tg.tensor(inputs), tg.tensor(inputs @ truth))
    loader = DataLoader(dataset, 32, shuffle=True, num_workers=workers)
    weights = tg.zeros(3, 1, requires_grad=True)
    make, options = KINDS[kind]
    optimizer = make([weights], **options)
    schedule = CosineAnnealingLR(optimizer, T_max=40)
    for _ in range(40):
        for x, y in loader:
            optimizer.zero_grad()
            ((x @ weights - y) ** 2).mean().backward()
            optimizer.step()
        schedule.step()
    np.testing.assert_allclose(weights.detach().numpy(), truth, atol=0.02)


def test_a_linear_classifier_of_the_digits_gets_95_percent_of_the_held_out_images():
    weights, bias = tg.zeros(64, 10, requires_grad=True), tg.zeros(10, requires_grad=True)
    loader = DataLoader(Digits(train=True), 64, shuffle=True)
    optimizer = AdamW([{"params": weights}, {"params": bias, "weight_decay": 0.0}], lr=0.05)
    schedule = OneCycleLR(optimizer, max_lr=0.05, epochs=10, steps_per_epoch=len(loader))
    targets = tg.eye(10)
    for _ in range(10):
        for images, labels in loader:
            optimizer.zero_grad()
            scores = images.reshape(-1, 64) @ weights + bias
            (scores.logsumexp(1) - (scores * targets[labels]).sum(1)).mean().backward()
            optimizer.step()
            schedule.step()
    held_out = Digits(train=False)
    with tg.no_grad():
        found = (held_out.data.reshape(-1, 64) @ weights + bias).argmax(1)
    assert (found == held_out.targets).float().mean().item() >= 0.95
