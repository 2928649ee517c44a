"""What a classifier is judged by: mean loss, accuracy, and which class is taken for which.

N images, K classes; logits (N, K), targets (N) integers, losses the mean over the N images of a batch.
"""
import numpy as np

from ..autograd import no_grad

_TOP = 5


class Tally:
    """Mean loss and accuracy over the batches added so far.

    The sums stay on the batches' device and are read only when asked for, so adding never waits for a GPU.
    """

    def __init__(self):
        self.images = 0
        self._loss_sum = self._correct = self._among_five = 0

    def add(self, loss, logits, targets):
        """Count a batch. Shapes: loss (), logits (N, K), targets (N)."""
        count = len(targets)
        with no_grad():
            logits = logits.detach()
            self._loss_sum = self._loss_sum + loss.detach() * count
            self._correct = self._correct + (logits.argmax(1) == targets).sum()
            self._among_five = self._among_five + in_top(logits, targets, _TOP).sum()
        self.images += count

    @property
    def loss(self):
        """Mean loss over the images; NaN before the first."""
        return self._mean(self._loss_sum)

    @property
    def accuracy(self):
        """The share of the images whose largest logit is the target's, 0 to 1; NaN before the first."""
        return self._mean(self._correct)

    @property
    def top5(self):
        """The share of the images whose target is among the five largest logits, 0 to 1; NaN before the first."""
        return self._mean(self._among_five)

    def _mean(self, total):
        return float(total) / self.images if self.images else float("nan")

    def state_dict(self):
        """The counts so far, as a dict that JSON can hold."""
        return {"images": self.images, "loss_sum": float(self._loss_sum), "correct": int(self._correct),
                "among_five": int(self._among_five)}

    def load_state_dict(self, state):
        """Go on from the counts that `state_dict` gave."""
        self.images, self._loss_sum = state["images"], state["loss_sum"]
        self._correct, self._among_five = state["correct"], state["among_five"]


def in_top(logits, targets, k):
    """Whether each target is among the k largest logits: (N, K), (N) -> bool (N). NaN never is; ties count as in.

    >>> import tinygrad_cnn as tg
    >>> in_top(tg.tensor([[3., 1., 2.], [3., 1., 2.]]), tg.tensor([2, 1]), 2)
    tensor([ True, False])
    """
    own = logits.gather(1, targets.unsqueeze(1))                        # (N, 1)
    return (logits <= own).sum(1) > logits.shape[1] - k


def confusion_matrix(targets, predictions, classes):
    """How often each class was taken for each: a NumPy array (K, K), rows the true class, columns the predicted one.

    Shapes: targets (N), predictions (N), NumPy integers in [0, classes).

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    array([[1, 0],
           [1, 1]])
    """
    return np.bincount(targets * classes + predictions, minlength=classes * classes).reshape(classes, classes)
