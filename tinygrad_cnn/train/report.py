"""The lines that a run prints."""


def first_line(run):
    """What is going to be trained, on what."""
    parameters = sum(parameter.shape.numel() for parameter in run.model.parameters())
    return (f"{type(run.model).__name__}, {parameters} parameters, on {run.device}: {len(run.train_set)} training "
            f"images, {len(run.test_set)} held out")


def epoch_line(row, epochs):
    """One epoch's measurements."""
    return (f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"
            f"  training: loss {row['train_loss']:.4f}, accuracy {100 * row['train_accuracy']:6.2f} %"
            f"  held out: loss {row['test_loss']:.4f}, accuracy {100 * row['test_accuracy']:6.2f} %,"
            f" top-5 {100 * row['test_top5']:6.2f} %  {row['images_per_second']} images/s")


def stopped_lines(run, signal, path):
    """Where the run was stopped, and how it goes on."""
    if run.step:
        yield (f"Stopped by {signal} in epoch {run.epoch + 1} of {run.settings.epochs}, after {run.tally.images} of "
               f"its {len(run.train_set)} images.")
    else:
        yield f"Stopped by {signal} in epoch {run.epoch + 1} of {run.settings.epochs}, before its first image."
    yield f"Go on with: python -m tinygrad_cnn train --resume {path}"


def final_lines(outcome, evaluation):
    """What came out, and where it lies."""
    right, count = int((evaluation.targets == evaluation.predictions).sum()), len(evaluation.targets)
    yield (f"Accuracy on the held-out images: {100 * outcome.accuracy:.2f} % ({right} of {count} right), "
           f"{outcome.seconds:.1f} s")
    yield f"Run folder: {outcome.folder}"
    for name, content in (("weights.safetensors", "the weights, for tg.load"), ("metrics.csv", "one row an epoch"),
                          ("learning_curve.png", "loss and accuracy by epoch"),
                          ("confusion_matrix.png", "which class was taken for which"),
                          ("filters.png", "the filters of the first convolution"),
                          ("checkpoints", "what --resume goes on from"),
                          ("config.json", "what was asked for"), ("result.json", "what came out")):
        yield f"  {name:<22}{content}"
