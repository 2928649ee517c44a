"""The training loop: forward, backward, step, for every batch; and its half without a backward pass.

A batch is a pair (inputs, targets), inputs (N, ...), targets (N), on the model's device. The loop calls back after
each step and asks whether to go on; it knows nothing of bars, files or schedules.
"""
from itertools import islice
from typing import NamedTuple

import numpy as np

from ..autograd import no_grad
from ..nn.utils import clip_grad_norm_
from ..ops import cat
from .metrics import Tally


class Evaluation(NamedTuple):
    """What `evaluate` found: mean loss, accuracy (0 to 1), NumPy arrays (N) of true and predicted classes, and the
    share of the images whose class is among the five likeliest."""

    loss: float
    accuracy: float
    targets: np.ndarray
    predictions: np.ndarray
    top5: float


def train_epoch(model, batches, optimizer, loss_function, *, accumulate=1, clip=None, tally=None, after_step=None):
    """Take the optimizer's steps over the batches, with the model in training mode; returns the `Tally` of the batches.

    Args: batches: pairs (inputs, targets). loss_function: (logits, targets) -> mean loss (). accumulate: how many
    batches make one step, whose loss is then the mean over all their images. clip: the largest norm of all gradients
    together. tally: one to go on with. after_step: called with the tally after each step; if it returns True, the epoch
    ends there.
    """
    model.train()
    tally = Tally() if tally is None else tally
    batches = iter(batches)
    while parts := list(islice(batches, accumulate)):
        optimizer.zero_grad()
        images = sum(len(targets) for _, targets in parts)
        for inputs, targets in parts:
            logits = model(inputs)
            loss = loss_function(logits, targets)
            (loss if len(parts) == 1 else loss * (len(targets) / images)).backward()
            tally.add(loss, logits, targets)
        if clip is not None:
            clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if after_step is not None and after_step(tally):
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
    return Evaluation(tally.loss, tally.accuracy, truth, guess, tally.top5)


def _host(tensor):
    return tensor.cpu().numpy()
