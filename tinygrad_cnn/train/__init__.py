"""Training: one loop, what is measured along the way, and the folder a run leaves.

`train_epoch` and `evaluate` are the loop; `Tally` and `confusion_matrix` measure; `RunFolder` writes; `Progress`
shows; `train_digits` puts them together into the job behind `python -m tinygrad_cnn train`.
"""
from .digits import DigitsSettings, Outcome, train_digits
from .interruption import Interruption
from .loop import Evaluation, evaluate, train_epoch
from .metrics import Tally, confusion_matrix
from .pictures import draw_confusion_matrix, draw_learning_curve
from .progress import Progress
from .run_folder import RunFolder

__all__ = ["DigitsSettings", "Evaluation", "Interruption", "Outcome", "Progress", "RunFolder", "Tally",
           "confusion_matrix", "draw_confusion_matrix", "draw_learning_curve", "evaluate", "train_digits",
           "train_epoch"]
