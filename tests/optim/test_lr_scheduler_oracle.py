"""Every schedule beside PyTorch's, step by step: rates, momenta, state dicts, going on from the middle."""
import inspect
import math

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.optim import lr_scheduler

pytestmark = pytest.mark.oracle

CASES = {
    "step": lambda s, o: s.StepLR(o, 3, gamma=0.5),
    "multi step": lambda s, o: s.MultiStepLR(o, [5, 2, 2, 9], gamma=0.5),
    "constant": lambda s, o: s.ConstantLR(o, factor=0.25, total_iters=4),
    "linear": lambda s, o: s.LinearLR(o, start_factor=0.1, end_factor=0.8, total_iters=6),
    "linear default": lambda s, o: s.LinearLR(o),
    "exponential": lambda s, o: s.ExponentialLR(o, 0.9),
    "polynomial": lambda s, o: s.PolynomialLR(o, total_iters=7, power=2.0),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, 5, eta_min=0.01),
    "warm restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01),
    "warm restarts of one length": lambda s, o: s.CosineAnnealingWarmRestarts(o, 4),
    "lambda": lambda s, o: s.LambdaLR(o, lambda t: 0.9 ** t),
    "lambdas": lambda s, o: s.LambdaLR(o, [lambda t: 0.9 ** t, lambda t: 1 / (1 + t)]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, lambda t: 1 - 0.01 * t),
    "one cycle": lambda s, o: s.OneCycleLR(o, max_lr=[0.5, 1.0], total_steps=20),
    "one cycle linear": lambda s, o: s.OneCycleLR(o, 0.5, epochs=5, steps_per_epoch=4, anneal_strategy="linear",
                                                  pct_start=0.25, div_factor=10, final_div_factor=100),
    "one cycle in three": lambda s, o: s.OneCycleLR(o, 0.5, 20, three_phase=True, base_momentum=0.8, max_momentum=0.9),
    "one cycle without momentum": lambda s, o: s.OneCycleLR(o, 0.5, 20, cycle_momentum=False),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.1, step_size_up=3),
    "cyclic two": lambda s, o: s.CyclicLR(o, [0.01, 0.02], [0.1, 0.2], 2, 4, mode="triangular2"),
    "cyclic exponential": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 3, mode="exp_range", gamma=0.9, cycle_momentum=False),
    "cyclic of one's own": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 3, scale_fn=lambda x: 1 / x, scale_mode="cycle"),
    "sequence": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, total_iters=4), s.CosineAnnealingLR(o, 6), s.ExponentialLR(o, 0.5)], [4, 10]),
    "sequence from constant": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 20), s.StepLR(o, 2)], [3]),
    "chain": lambda s, o: s.ChainedScheduler([s.LinearLR(o, total_iters=4), s.ExponentialLR(o, 0.9)]),
}


def optimizers(kind):
    """Ours and PyTorch's with two groups."""
    import torch
    ours = [tg.tensor([1.0], requires_grad=True) for _ in range(2)]
    theirs = [torch.tensor([1.0], requires_grad=True) for _ in range(2)]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return [getattr(library.optim, kind)([{"params": p}, {"params": q, "lr": 0.3}], lr=0.1, **options)
            for library, (p, q) in ((tg, ours), (torch, theirs))]


def both(case, kind="SGD"):
    from torch.optim import lr_scheduler as oracle
    ours, theirs = optimizers(kind)
    return ours, CASES[case](lr_scheduler, ours), theirs, CASES[case](oracle, theirs)


def assert_same(ours, theirs):
    for group, other in zip(ours.param_groups, theirs.param_groups):
        for key in ("lr", "momentum", "betas"):
            assert (key in group) == (key in other)
            if key in group:
                assert group[key] == pytest.approx(other[key], rel=1e-12, abs=1e-15), key


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("case", CASES)
def test_every_step_has_pytorchs_rates_and_momenta(case, kind):
    ours, schedule, theirs, oracle = both(case, kind)
    assert_same(ours, theirs)
    for _ in range(19):
        for each in (ours, schedule, theirs, oracle):
            each.step()
        assert_same(ours, theirs)
        assert schedule.get_last_lr() == pytest.approx(oracle.get_last_lr(), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_a_loaded_state_goes_on_with_pytorchs_rates(case):
    ours, schedule, theirs, oracle = both(case)
    for _ in range(4):
        for each in (ours, schedule, theirs, oracle):
            each.step()
    again = optimizers("SGD")[0]
    schedule_again = CASES[case](lr_scheduler, again)
    again.load_state_dict(ours.state_dict())
    schedule_again.load_state_dict(schedule.state_dict())
    for _ in range(8):
        for each in (again, schedule_again, theirs, oracle):
            each.step()
        assert_same(again, theirs)


RESUMED = {
    "step": lambda s, o, t: s.StepLR(o, 3, last_epoch=t),
    "multi step": lambda s, o, t: s.MultiStepLR(o, [2, 5], last_epoch=t),
    "linear": lambda s, o, t: s.LinearLR(o, last_epoch=t),
    "exponential": lambda s, o, t: s.ExponentialLR(o, 0.9, last_epoch=t),
    "polynomial": lambda s, o, t: s.PolynomialLR(o, 9, last_epoch=t),
    "cosine": lambda s, o, t: s.CosineAnnealingLR(o, 5, last_epoch=t),
    "lambda": lambda s, o, t: s.LambdaLR(o, lambda k: 0.9 ** k, last_epoch=t),
    "multiplicative": lambda s, o, t: s.MultiplicativeLR(o, lambda k: 0.9, last_epoch=t),
}


@pytest.mark.parametrize("case", RESUMED)
@pytest.mark.parametrize("last_epoch", [0, 4])
def test_a_schedule_made_with_last_epoch_goes_on_as_pytorchs(case, last_epoch):
    from torch.optim import lr_scheduler as oracle
    ours, theirs = optimizers("SGD")
    for optimizer in (ours, theirs):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    schedules = [RESUMED[case](lr_scheduler, ours, last_epoch), RESUMED[case](oracle, theirs, last_epoch)]
    for _ in range(6):
        assert_same(ours, theirs)
        for each in (ours, schedules[0], theirs, schedules[1]):
            each.step()


@pytest.mark.parametrize("t", [0.5, 2, 3, 7.25, 40])
def test_warm_restarts_can_be_placed_within_an_epoch_as_pytorchs(t):
    ours, schedule, theirs, oracle = both("warm restarts")
    for each in (ours, theirs):
        each.step()
    schedule.step(t)
    oracle.step(t)
    assert_same(ours, theirs)
    schedule.step()
    oracle.step()
    assert_same(ours, theirs)


@pytest.mark.parametrize("options", [{}, {"mode": "max"}, {"threshold_mode": "abs", "threshold": 0.2},
                                     {"cooldown": 2, "patience": 1}, {"min_lr": [0.05, 0.01]},
                                     {"mode": "max", "threshold_mode": "abs", "threshold": 0.1}], ids=str)
def test_a_plateau_is_found_where_pytorch_finds_it(options):
    from torch.optim import lr_scheduler as oracle
    ours, theirs = optimizers("SGD")
    options = {"factor": 0.5, "patience": 2, **options}
    schedule, other = lr_scheduler.ReduceLROnPlateau(ours, **options), oracle.ReduceLROnPlateau(theirs, **options)
    for t in range(40):
        metric = math.sin(t / 3) + 1 / (t + 1)
        for each in (ours, theirs):
            each.step()
        schedule.step(metric)
        other.step(metric)
        assert_same(ours, theirs)
        assert schedule.get_last_lr() == other.get_last_lr()


@pytest.mark.parametrize("name", lr_scheduler.__all__)
def test_signatures_are_pytorchs(name):
    from torch.optim import lr_scheduler as oracle
    ours, theirs = (inspect.signature(getattr(s, name).__init__).parameters for s in (lr_scheduler, oracle))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]
