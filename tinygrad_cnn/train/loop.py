"""The training loop: forward, backward, step, for every batch; and its half without a backward pass.

A batch is a pair (inputs, targets), inputs (N, ...), targets (N), on the model's device. The loop calls back after
each batch and asks whether to go on; it knows nothing of bars, files or schedules.
"""
from typing import NamedTuple

import numpy as np

from ..autograd import no_grad
from ..ops import cat
from .metrics import Tally


class Evaluation(NamedTuple):
    """What `evaluate` found: mean loss, accuracy (0 to 1), and NumPy arrays (N) of true and predicted classes."""

    loss: float
    accuracy: float
    targets: np.ndarray
    predictions: np.ndarray


def train_epoch(model, batches, optimizer, loss_function, *, after_batch=None):
    """Take one optimizer step per batch, with the model in training mode; returns the `Tally` of the batches.

    Args: batches: pairs (inputs, targets). loss_function: (logits, targets) -> mean loss ().
    after_batch: called with the tally after each step; if it returns True, the epoch ends there.
    """
    model.train()
    tally = Tally()
    for inputs, targets in batches:
        optimizer.zero_grad()
        logits = model(inputs)
        loss = loss_function(logits, targets)
        loss.backward()
        optimizer.step()
        tally.add(loss, logits, targets)
        if after_batch is not None and after_batch(tally):
            break
    return tally


def evaluate(model, batches, loss_function):
    """The `Evaluation` of a model on batches, in evaluation mode and without a graph; the model's mode is put back."""
    was_training = model.training
    model.eval()
    tally, targets_seen, predictions = Tally(), [], []
    with no_grad():
        for inputs, targets in batches:
            logits = model(inputs)
            tally.add(loss_function(logits, targets), logits, targets)
            targets_seen.append(targets)
            predictions.append(logits.argmax(1))
        truth, guess = (_host(cat(parts)) for parts in (targets_seen, predictions))
    model.train(was_training)
    return Evaluation(tally.loss, tally.accuracy, truth, guess)


def _host(tensor):
    return tensor.cpu().numpy()
