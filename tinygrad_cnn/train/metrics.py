"""What a classifier is judged by: mean loss, accuracy, and which class is taken for which.

N images, K classes; logits (N, K), targets (N) integers, losses the mean over the N images of a batch.
"""
import numpy as np

from ..autograd import no_grad


class Tally:
    """Mean loss and accuracy over the batches added so far.

    The sums stay on the batches' device and are read only when asked for, so adding never waits for a GPU.
    """

    def __init__(self):
        self.images = 0
        self._loss_sum = self._correct = 0

    def add(self, loss, logits, targets):
        """Count a batch. Shapes: loss (), logits (N, K), targets (N)."""
        count = len(targets)
        with no_grad():
            self._loss_sum = self._loss_sum + loss.detach() * count
            self._correct = self._correct + (logits.detach().argmax(1) == targets).sum()
        self.images += count

    @property
    def loss(self):
        """Mean loss over the images; NaN before the first."""
        return float(self._loss_sum) / self.images if self.images else float("nan")

    @property
    def accuracy(self):
        """The share of the images whose largest logit is the target's, 0 to 1; NaN before the first."""
        return float(self._correct) / self.images if self.images else float("nan")


def confusion_matrix(targets, predictions, classes):
    """How often each class was taken for each: a NumPy array (K, K), rows the true class, columns the predicted one.

    Shapes: targets (N), predictions (N), NumPy integers in [0, classes).

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    array([[1, 0],
           [1, 1]])
    """
    return np.bincount(targets * classes + predictions, minlength=classes * classes).reshape(classes, classes)
