"""From settings to the parts of a run: the model, its optimizer, the schedule of the learning rate."""
from ..errors import ArgumentError
from ..nn.models import get_model, input_shape
from ..optim import SGD, Adam, AdamW, RMSprop
from ..optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, MultiStepLR, OneCycleLR, SequentialLR

_TINY = 1e-3                                    # where a warm-up begins, as a part of lr


def make_model(name, classes, channels):
    """The model of that name for so many classes and channels of its images.

    Raises: ArgumentError if there is none, or if it takes another number of channels.
    """
    expected = input_shape(name)[0]
    if channels == expected:
        return get_model(name, num_classes=classes)
    try:
        return get_model(name, num_classes=classes, in_channels=channels)
    except TypeError:
        raise ArgumentError(f"model: {name} takes images of {expected} channels, but the data have {channels}. Choose "
                            "other data (--data) or another model; python -m tinygrad_cnn models lists them.") from None


def make_optimizer(settings, model):
    """The optimizer of the model's parameters; those with one dimension or none are not decayed unless `decay_all`."""
    weights, others = [], []
    for parameter in model.parameters():
        (weights if settings.decay_all or parameter.ndim > 1 else others).append(parameter)
    groups = [{"params": params, "weight_decay": decay}
              for params, decay in ((weights, settings.weight_decay), (others, 0.0)) if params]
    if settings.optimizer == "sgd":
        return SGD(groups, settings.lr, momentum=settings.momentum, nesterov=settings.nesterov)
    if settings.optimizer == "rmsprop":
        return RMSprop(groups, settings.lr, momentum=settings.momentum)
    return {"adam": Adam, "adamw": AdamW}[settings.optimizer](groups, settings.lr)


def make_schedule(settings, optimizer, steps_per_epoch):
    """The schedule, which counts steps: an epoch is `steps_per_epoch` of them."""
    total = settings.epochs * steps_per_epoch
    warmup = round((settings.warmup or 0) * steps_per_epoch)
    if settings.schedule == "onecycle":
        rising = 0.3 if settings.warmup is None else warmup / total
        return OneCycleLR(optimizer, settings.lr, total_steps=total, pct_start=rising, cycle_momentum=False)
    if not warmup:
        return _falling(settings, optimizer, steps_per_epoch, total)
    first = LinearLR(optimizer, _TINY, total_iters=warmup)
    return SequentialLR(optimizer, [first, _falling(settings, optimizer, steps_per_epoch, total - warmup, warmup)],
                        [warmup])


def _falling(settings, optimizer, steps_per_epoch, total, gone=0):
    """The schedule after a warm-up of `gone` steps; epochs are counted from the beginning of the run."""
    if settings.schedule == "cosine":
        return CosineAnnealingLR(optimizer, total)
    if settings.schedule == "constant":
        return ConstantLR(optimizer, factor=1.0)
    if settings.schedule == "multistep":
        drops = settings.milestones
    else:
        count = int(settings.epochs / settings.step_size)
        drops = [settings.step_size * (k + 1) for k in range(count)]
    return MultiStepLR(optimizer, [round(epoch * steps_per_epoch) - gone for epoch in drops], settings.gamma)
