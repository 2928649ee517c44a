"""Training: one loop, what is measured along the way, and the folder a run leaves.

`train_epoch` and `evaluate` are the loop; `Tally` and `confusion_matrix` measure; `Run` is a run and its state;
`Checkpoints` and `RunFolder` write, and a lock keeps a second process out; `Progress` shows; `train` and `resume` put
them together into the job behind `python -m tinygrad_cnn train`, as `TrainSettings` say.
"""
from .average import WeightAverage
from .checkpoints import Checkpoints, read_checkpoint
from .interruption import Interruption
from .job import Outcome, resume, train
from .loop import Evaluation, evaluate, train_epoch
from .metrics import Tally, confusion_matrix, in_top
from .pictures import draw_confusion_matrix, draw_filters, draw_learning_curve
from .progress import Progress
from .run import Run
from .run_folder import RunFolder
from .settings import TrainSettings

__all__ = ["Checkpoints", "Evaluation", "Interruption", "Outcome", "Progress", "Run", "RunFolder", "Tally",
           "TrainSettings", "WeightAverage", "confusion_matrix", "draw_confusion_matrix", "draw_filters",
           "draw_learning_curve", "evaluate", "in_top", "read_checkpoint", "resume", "train", "train_epoch"]
