"""The table of formulas has every op, and what it says can be checked is so."""
import math
import re

import numpy as np
import pytest

import tinygrad_cnn as tg
import tinygrad_cnn.nn
from tinygrad_cnn.autograd import OPS
from tinygrad_cnn.teach.formulas import BY_DECLARATION, FORMULAS, arriving, forward_formula, rule_formula

STATISTICS = {"batch_norm", "instance_norm", "group_norm", "layer_norm"}      # no gradient for mean and rstd


@pytest.fixture(scope="module")
def ops():
    """The ops of the package, without those that other tests declare."""
    return {name: op for name, op in OPS.items()
            if any((getattr(rule, "__module__", "") or "").startswith("tinygrad_cnn") for rule in
                   [op.joint, *op.rule_of.values()] if rule) or not (op.joint or op.rule_of)}


def test_every_op_has_a_formula_or_is_in_the_short_list(ops):
    package = {name for name in ops if name in FORMULAS or name in BY_DECLARATION}
    assert {name for name in ops if ops[name].rule_of or ops[name].joint} <= package
    assert len(BY_DECLARATION) < len(FORMULAS) / 10
    assert not BY_DECLARATION & FORMULAS.keys()


def test_the_table_has_no_op_that_there_is_not():
    assert FORMULAS.keys() | BY_DECLARATION <= OPS.keys()


def test_every_input_with_a_rule_has_a_formula_for_it_and_no_other(ops):
    wrong = {}
    for name, op in ops.items():
        if name not in FORMULAS:
            continue
        live = set(op.inputs) if op.joint else set(op.rule_of)
        if name in STATISTICS:
            live -= {"mean", "rstd"}
        if live != set(FORMULAS[name].rules):
            wrong[name] = live ^ set(FORMULAS[name].rules)
    assert not wrong


def test_formulas_fit_on_the_page():
    assert max(len(text) for entry in FORMULAS.values() for text in (entry.forward, *entry.rules.values())) <= 84


def test_an_op_without_an_entry_is_shown_by_its_declaration():
    assert rule_formula("norm_grad", "x") == "rule(u, g, x, weight, form, eps, needs)"
    assert rule_formula("max_pool_index", "x") == "0"


def test_the_gradient_is_called_u_where_an_input_is_called_g():
    assert (arriving("relu"), arriving("relu_grad")) == ("g", "u")


# ---- formulas that are arithmetic are computed and compared with the rules ------------------------------------------

SIGNS = [("·", "*"), ("−", "-"), ("²", "**2"), ("³", "**3"), ("√π", "math.sqrt(math.pi)"), ("√x", "np.sqrt(x)"),
         ("√(", "np.sqrt("), ("eˣ", "np.exp(x)"), ("2ˣ", "2**x"), ("e^(", "np.exp("), ("a^b", "a**b"),
         ("a^(b-1)", "a**(b-1)"),
         ("arcsin x", "np.arcsin(x)"), ("arccos x", "np.arccos(x)"), ("arctan x", "np.arctan(x)"),
         ("arsinh x", "np.arcsinh(x)"), ("arcosh x", "np.arccosh(x)"), ("artanh x", "np.arctanh(x)"),
         ("log₂ x", "np.log2(x)"), ("log₁₀ x", "np.log10(x)"), ("erf x", "erf(x)"), ("|x|", "np.abs(x)"),
         ("∞", "math.inf"), ("e⁻ˣ", "np.exp(-x)")]


def python_of(formula):
    """A formula as a Python expression."""
    for sign, python in SIGNS:
        formula = formula.replace(sign, python)
    formula = re.sub(r"\b(sinh|cosh|tanh|sin|cos|tan) x", r"np.\1(x)", formula)
    formula = re.sub(r"\bln (\w+)", r"np.log(\1)", formula)
    formula = re.sub(r"\bln\(", "np.log(", formula)
    formula = re.sub(r"\[([^\]]+)\]", r"(\1)", formula)
    return re.sub(r"(\d)(x|y|p)\b", r"\1*\2", formula)


ARITHMETIC = [
    "add", "sub", "neg", "mul", "div", "pow", "square", "sqrt", "rsqrt", "reciprocal", "lerp", "hypot", "exp", "exp2",
    "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "tanh_grad", "asinh", "acosh", "atanh", "erf", "erfc", "abs", "relu", "sigmoid", "sigmoid_grad", "logit", "xlogy",
]
DOMAINS = {"acosh": (1.5, 3.0), "asin": (-0.9, 0.9), "acos": (-0.9, 0.9), "atanh": (-0.9, 0.9), "logit": (0.1, 0.9)}


def meanings():
    return {"np": np, "math": math, "erf": np.vectorize(math.erf), "sign": np.sign, "max": np.maximum,
            "sigmoid": lambda v: 1 / (1 + np.exp(-v))}


@pytest.mark.parametrize("name", ARITHMETIC)
def test_the_formula_of_an_elementwise_op_is_what_the_op_and_its_rules_compute(name):
    op = OPS[name]
    low, high = DOMAINS.get(name, (0.2, 2.0))
    random = np.random.default_rng(0)
    values = {letter: random.uniform(low, high, 5) for letter in op.inputs}
    tensors = [tg.from_numpy(values[letter].copy()).requires_grad_() for letter in op.inputs]
    y = op(*tensors)
    scope = {**meanings(), **values}
    np.testing.assert_allclose(y.detach().numpy(), eval(python_of(forward_formula(name).removeprefix("y = ")), scope))
    arrived = random.uniform(0.5, 1.5, 5)
    y.backward(tg.from_numpy(arrived))
    scope.update({"y": y.detach().numpy(), arriving(name): arrived})
    for letter, tensor in zip(op.inputs, tensors):
        expected = eval(python_of(rule_formula(name, letter)), scope)
        np.testing.assert_allclose(tensor.grad.numpy(), expected, err_msg=f"{letter}: {rule_formula(name, letter)}")
