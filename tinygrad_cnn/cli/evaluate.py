"""Test trained weights on the held-out half of a data set: top-1, top-5, and a table by class."""
from .exit_codes import DONE
from .options import add_settings, add_trained, trained_model

_SETTINGS = ("model", "data", "data_dir", "download", "image_size", "batch_size", "device", "threads", "workers")

_CURE = ("Give --classes FILE with the names of the model's classes, one a line in the order of their numbers, written "
         "as the data set writes them.")
_FEW = 10


def add_arguments(parser):
    """Declare the options of `eval`."""
    add_trained(parser)
    add_settings(parser, *_SETTINGS)


def run(arguments):
    """Print the result; returns 0."""
    from ..device import Device
    from ..nn import CrossEntropyLoss
    from ..train import confusion_matrix, evaluate
    from ..train.labels import label_numbers
    from ..train.sources import open_data, test_batches
    found = trained_model(arguments)
    data_set = open_data(found.settings, False)
    numbers = label_numbers(data_set.classes, found.classes, _CURE, renamed=arguments.classes is not None)
    if numbers is None and list(data_set.classes) != found.classes:
        print(f"None of the names in {arguments.classes} is one of the data set's: they are taken in its order, "
              f"{found.classes[0]} for {data_set.classes[0]} and so on.")
    batches = test_batches(data_set, found.settings, Device(found.settings.device), numbers)
    evaluation = evaluate(found.model, batches, CrossEntropyLoss())
    right, count = int((evaluation.targets == evaluation.predictions).sum()), len(evaluation.targets)
    print(f"{found.settings.model} on {found.settings.data}: top-1 {percent(evaluation.accuracy)} ({right} of {count} "
          f"right), top-5 {percent(evaluation.top5)}, loss {evaluation.loss:.4f}")
    for line in by_class(confusion_matrix(evaluation.targets, evaluation.predictions, len(found.classes)),
                         found.classes):
        print(line)
    return DONE


def percent(part):
    """A part of 1 as 91.5 %, with as many decimals as it needs, two at most."""
    return f"{100 * part:.2f}".rstrip("0").rstrip(".") + " %"


def by_class(confusion, names):
    """The lines of the table by class, from the confusion matrix (K, K); many classes without images get one line."""
    counts = confusion.sum(1)
    absent = int((counts == 0).sum())
    rows = [(k, name) for k, name in enumerate(names) if counts[k] or absent <= _FEW]
    width = max(5, *(len(name) for _, name in rows))
    yield f"{'class':<{width}}  images  right    top-1  most often taken for"
    for k, name in rows:
        images, right = int(counts[k]), int(confusion[k, k])
        share = f"{100 * right / images:.2f} %" if images else "-"
        others = confusion[k].copy()
        others[k] = 0
        other = f"{names[others.argmax()]} ({others.max()})" if others.any() else ""
        yield f"{name:<{width}}  {images:>6}  {right:>5}  {share:>7}  {other}".rstrip()
    if len(rows) < len(names):
        yield f"{absent} other classes of the model have no images."
