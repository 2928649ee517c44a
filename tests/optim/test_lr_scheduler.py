"""Schedules by their formulas, and what they refuse."""
import math
import warnings

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn.errors import ArgumentError, ArgumentTypeError
from tinygrad_cnn.optim import SGD, Adam
from tinygrad_cnn.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)


def optimizer(lr=1.0, kind=SGD, groups=1):
    return kind([{"params": tg.tensor([1.0], requires_grad=True)} for _ in range(groups)], lr=lr)


def rates(schedule, steps):
    """The rate at t = 0 .. steps."""
    found = [schedule.get_last_lr()[0]]
    for _ in range(steps):
        schedule.optimizer.step()
        schedule.step()
        assert schedule.get_last_lr() == [group["lr"] for group in schedule.optimizer.param_groups]
        found.append(schedule.get_last_lr()[0])
    return found


FORMULAS = {
    "step": (lambda o: StepLR(o, 3, gamma=0.5), lambda t: 0.5 ** (t // 3)),
    "multi step": (lambda o: MultiStepLR(o, [2, 5], gamma=0.5), lambda t: 0.5 ** ((t >= 2) + (t >= 5))),
    "constant": (lambda o: ConstantLR(o, 0.25, 4), lambda t: 0.25 if t < 4 else 1.0),
    "linear": (lambda o: LinearLR(o, 0.5, 1.0, 4), lambda t: 0.5 + 0.5 * min(t, 4) / 4),
    "exponential": (lambda o: ExponentialLR(o, 0.9), lambda t: 0.9 ** t),
    "polynomial": (lambda o: PolynomialLR(o, 5, 2.0), lambda t: (1 - min(t, 5) / 5) ** 2),
    "cosine": (lambda o: CosineAnnealingLR(o, 4, 0.1), lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * t / 4)) / 2),
    "lambda": (lambda o: LambdaLR(o, lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t)),
    "multiplicative": (lambda o: MultiplicativeLR(o, lambda t: 0.5), lambda t: 0.5 ** t),
    "chain": (lambda o: ChainedScheduler([ExponentialLR(o, 0.9), StepLR(o, 2, 0.5)]),
              lambda t: 0.9 ** t * 0.5 ** (t // 2)),
    "sequence": (lambda o: SequentialLR(o, [LinearLR(o, 0.5, 1.0, 3), ExponentialLR(o, 0.5)], [3]),
                 lambda t: 0.5 + 0.5 * t / 3 if t < 3 else 0.5 ** (t - 3)),
    "cyclic": (lambda o: CyclicLR(o, 0.0, 1.0, 3, cycle_momentum=False), lambda t: 1 - abs(t % 6 - 3) / 3),
}


@pytest.mark.parametrize("case", FORMULAS)
def test_rates_follow_the_formula(case):
    make, formula = FORMULAS[case]
    assert rates(make(optimizer()), 12) == pytest.approx([formula(t) for t in range(13)], abs=1e-12)


def test_warm_restarts_grow_by_t_mult():
    found = rates(CosineAnnealingWarmRestarts(optimizer(), 2, T_mult=2), 14)
    assert [t for t, rate in enumerate(found) if rate == 1.0] == [0, 2, 6, 14]


def test_one_cycle_goes_up_and_down_and_the_momentum_the_other_way():
    schedule = OneCycleLR(optimizer(), max_lr=1.0, total_steps=12, pct_start=0.5)
    found, momenta = [], []
    for _ in range(12):
        found.append(schedule.get_last_lr()[0])
        momenta.append(schedule.optimizer.param_groups[0]["momentum"])
        if len(found) < 12:
            schedule.optimizer.step()
            schedule.step()
    assert found[0] == pytest.approx(1 / 25)
    assert found[-1] == pytest.approx(1 / 25 / 1e4)
    assert max(found) == pytest.approx(1.0)
    assert (momenta[0], momenta[-1]) == pytest.approx((0.95, 0.95))
    assert min(momenta) == pytest.approx(0.85)


def test_one_cycle_sets_adams_first_beta():
    schedule = OneCycleLR(optimizer(kind=Adam), max_lr=1.0, total_steps=10)
    assert schedule.optimizer.param_groups[0]["betas"] == (0.95, 0.999)


def test_one_cycle_beyond_its_last_step_says_what_to_give():
    schedule = OneCycleLR(optimizer(), max_lr=1.0, total_steps=2)
    with pytest.raises(ArgumentError, match=r"OneCycleLR: step 3 of a schedule of 2 steps\. Give the number"):
        rates(schedule, 3)


def test_every_group_is_scaled_from_its_own_rate():
    params = [tg.tensor([1.0], requires_grad=True) for _ in range(2)]
    schedule = StepLR(SGD([{"params": params[0]}, {"params": params[1], "lr": 0.4}], lr=1.0), 1, gamma=0.5)
    schedule.optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 0.2]


def test_a_plateau_reduces_the_rate_after_patience_runs_out():
    schedule = ReduceLROnPlateau(optimizer(), factor=0.5, patience=1)
    found = []
    for metric in (1.0, 1.0, 1.0, 0.5, 0.5, 0.5):
        schedule.step(tg.tensor(metric))
        found.append(schedule.get_last_lr()[0])
    assert found == [1.0, 1.0, 0.5, 0.5, 0.5, 0.25]


def test_a_plateau_stops_at_the_lowest_rate():
    schedule = ReduceLROnPlateau(optimizer(), factor=0.1, patience=0, min_lr=0.05)
    for _ in range(5):
        schedule.step(1.0)
    assert schedule.get_last_lr() == [0.05]


def test_stepping_before_the_optimizer_warns():
    schedule = StepLR(optimizer(), 1)
    with pytest.warns(UserWarning, match=r"StepLR\.step: called before the optimizer's first step"):
        schedule.step()


def test_asking_get_lr_outside_a_step_warns_and_names_get_last_lr():
    schedule = ExponentialLR(optimizer(), 0.5)
    with pytest.warns(UserWarning, match=r"ExponentialLR\.get_lr: outside step\(\).*get_last_lr\(\)"):
        schedule.get_lr()


def test_jumping_to_an_epoch_takes_the_closed_form():
    schedule = StepLR(optimizer(), 3, gamma=0.5)
    schedule.optimizer.step()
    schedule.step(7)
    assert schedule.get_last_lr() == [0.25]


def test_a_schedule_of_a_users_own_needs_get_lr_alone():
    class Down(LRScheduler):
        def get_lr(self):
            return [base / (1 + self.last_epoch) for base in self.base_lrs]

    assert rates(Down(optimizer()), 2) == [1.0, 0.5, pytest.approx(1 / 3)]


def test_state_dicts_leave_functions_out_and_keep_callable_objects():
    class Decay:
        def __init__(self):
            self.rate = 0.5

        def __call__(self, t):
            return self.rate ** t

    decay = Decay()
    first = LambdaLR(optimizer(groups=2), [decay, lambda t: 1.0])
    saved = first.state_dict()
    decay.rate = 0.1
    assert saved["lr_lambdas"] == [{"rate": 0.5}, None]
    assert "optimizer" not in saved
    first.load_state_dict(saved)
    assert decay.rate == 0.5


def test_a_loaded_sequence_goes_on():
    def sequence():
        o = optimizer()
        return SequentialLR(o, [LinearLR(o, 0.5, 1.0, 3), ExponentialLR(o, 0.5)], [3])

    first, second = sequence(), sequence()
    rates(first, 4)
    second.load_state_dict(first.state_dict())
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    assert rates(second, 3) == rates(first, 3)


REFUSED = {
    "no optimizer": (lambda o: StepLR([1, 2], 3), ArgumentTypeError,
                     r"StepLR: the first argument is a list\. Give an optimizer"),
    "step_size": (lambda o: StepLR(o, 0), ArgumentError, r"StepLR: step_size is 0\. Give a positive integer"),
    "factor": (lambda o: ConstantLR(o, 0.0), ArgumentError, r"ConstantLR: factor is 0\.0\. Give a number above 0"),
    "start": (lambda o: LinearLR(o, 2.0), ArgumentError, r"LinearLR: start_factor is 2\.0"),
    "end": (lambda o: LinearLR(o, 0.5, -1), ArgumentError, r"LinearLR: end_factor is -1"),
    "T_max": (lambda o: CosineAnnealingLR(o, 0), ArgumentError, r"CosineAnnealingLR: T_max is 0"),
    "T_0": (lambda o: CosineAnnealingWarmRestarts(o, -1), ArgumentError, r"T_0 is -1\. Give a positive integer"),
    "total": (lambda o: OneCycleLR(o, 1.0), ArgumentError, r"OneCycleLR: total_steps is not given.*positive integers"),
    "strategy": (lambda o: OneCycleLR(o, 1.0, 5, anneal_strategy="sin"), ArgumentError,
                 r"anneal_strategy is 'sin'\. Use 'cos' or 'linear'"),
    "max_lr": (lambda o: OneCycleLR(o, [1.0, 2.0], 5), ArgumentError, r"max_lr has 2 values for 1 parameter groups"),
    "mode": (lambda o: CyclicLR(o, 0.1, 1.0, mode="square"), ArgumentError, r"CyclicLR: mode is 'square'\. Use"),
    "plateau": (lambda o: ReduceLROnPlateau(o, factor=1.0), ArgumentError, r"factor is 1\.0\. Give a number below 1"),
    "lambdas": (lambda o: LambdaLR(o, [abs, abs]), ArgumentError, r"LambdaLR: 2 functions for 1 parameter groups"),
    "no function": (lambda o: MultiplicativeLR(o, 0.5), ArgumentTypeError, r"lr_lambda is a float\. Give a function"),
    "milestones": (lambda o: SequentialLR(o, [StepLR(o, 1)], [3]), ArgumentError,
                   r"1 schedules with 1 milestones\. Give 0"),
    "other": (lambda o: SequentialLR(o, [StepLR(o, 1), StepLR(optimizer(), 1)], [3]), ArgumentError,
              r"schedule 1 \(StepLR\) belongs to another optimizer"),
    "metric": (lambda o: ChainedScheduler([ReduceLROnPlateau(o)]), ArgumentError, r"whose step needs a metric"),
    "nothing": (lambda o: ChainedScheduler([]), ArgumentError, r"the list of schedules is empty"),
    "resumed": (lambda o: StepLR(o, 3, last_epoch=4), ArgumentError, r"group 0 has no 'initial_lr' to go on from"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_arguments_are_refused_with_the_cure(case):
    make, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        make(optimizer())


def test_momentum_cannot_be_cycled_where_there_is_none():
    class Plain(tg.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 1.0})

    with pytest.raises(ArgumentError, match=r"Plain has neither momentum nor betas\. Give cycle_momentum=False"):
        OneCycleLR(Plain([tg.tensor([1.0], requires_grad=True)]), 1.0, 5)


def test_an_ordinary_run_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates(SequentialLR(o := optimizer(), [LinearLR(o), CosineAnnealingLR(o, 5)], [5]), 10)
