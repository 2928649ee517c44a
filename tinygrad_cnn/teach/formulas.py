"""Every op's formula and its derivatives, as they are shown: one table.

Signs: y is the op's output, g = ∂L/∂y the gradient that has arrived there (u, where an input is itself called g).
Products written · are element by element, @ is the matrix product, ᵀ transposes the last two axes, [condition] is 1
where it holds and 0 elsewhere, Σ sums. In convolutions and pools p is an output position, t a tap of the kernel, s the
stride, d the dilation and pad the padding; n counts the batch, c input channels, o output channels.

A rule that begins with an index, "[i] = ...", is for that element of the gradient. The formulas are for the reader; the
rules that run stand beside the ops (ops/*.py). The tests compute the formulas that are plain arithmetic and compare.
"""
import inspect
import re

from ..autograd import OPS

ZERO = "0"                                              # steps and choices: flat wherever they are not cut


class Formula:
    """How an op is shown: `forward` in its inputs' letters, `rules` by input."""
    __slots__ = ("forward", "rules")

    def __init__(self, forward, **rules):
        self.forward, self.rules = forward, rules


F = Formula
FORMULAS = {
    # sums, products, powers
    "add": F("y = a + b", a="g", b="g"),
    "sub": F("y = a − b", a="g", b="−g"),
    "neg": F("y = −x", x="−g"),
    "mul": F("y = a · b", a="g · b", b="g · a"),
    "div": F("y = a / b", a="g / b", b="−g · a / b²"),
    "pow": F("y = a^b", a="g · b · a^(b−1)", b="g · y · ln a"),
    "square": F("y = x²", x="g · 2x"),
    "sqrt": F("y = √x", x="g / (2y)"),
    "rsqrt": F("y = 1/√x", x="−g · y³ / 2"),
    "reciprocal": F("y = 1/x", x="−g · y²"),
    "lerp": F("y = a + weight · (b − a)", a="g · (1 − weight)", b="g · weight", weight="g · (b − a)"),
    "hypot": F("y = √(a² + b²)", a="g · a / y", b="g · b / y"),
    "floor_divide": F("y = ⌊a / b⌋", a=ZERO, b=ZERO),
    "trunc_divide": F("y = a / b without its fraction", a=ZERO, b=ZERO),
    "remainder": F("y = a − b · ⌊a / b⌋", a="g", b="−g · ⌊a / b⌋"),
    "fmod": F("y = a − b · trunc(a / b)", a="g", b="−g · trunc(a / b)"),
    # exponentials and logarithms
    "exp": F("y = eˣ", x="g · y"),
    "exp2": F("y = 2ˣ", x="g · y · ln 2"),
    "expm1": F("y = eˣ − 1", x="g · (y + 1)"),
    "log": F("y = ln x", x="g / x"),
    "log2": F("y = log₂ x", x="g / (x · ln 2)"),
    "log10": F("y = log₁₀ x", x="g / (x · ln 10)"),
    "log1p": F("y = ln(1 + x)", x="g / (1 + x)"),
    "logaddexp": F("y = ln(eᵃ + eᵇ)", a="g · sigmoid(a − b)", b="g · sigmoid(b − a)"),
    "xlogy": F("y = a · ln b", a="g · ln b", b="g · a / b"),
    # angles
    "sin": F("y = sin x", x="g · cos x"),
    "cos": F("y = cos x", x="−g · sin x"),
    "tan": F("y = tan x", x="g · (1 + y²)"),
    "asin": F("y = arcsin x", x="g / √(1 − x²)"),
    "acos": F("y = arccos x", x="−g / √(1 − x²)"),
    "atan": F("y = arctan x", x="g / (1 + x²)"),
    "atan2": F("y = the angle of (b, a)", a="g · b / (a² + b²)", b="−g · a / (a² + b²)"),
    "sinh": F("y = sinh x", x="g · cosh x"),
    "cosh": F("y = cosh x", x="g · sinh x"),
    "tanh": F("y = tanh x", x="g · (1 − y²)"),
    "tanh_grad": F("y = g · (1 − t²)", g="u · (1 − t²)", t="−2 · u · g · t"),
    "asinh": F("y = arsinh x", x="g / √(x² + 1)"),
    "acosh": F("y = arcosh x", x="g / √(x² − 1)"),
    "atanh": F("y = artanh x", x="g / (1 − x²)"),
    # the error function
    "erf": F("y = erf x", x="g · 2/√π · e^(−x²)"),
    "erfc": F("y = 1 − erf x", x="−g · 2/√π · e^(−x²)"),
    "erfinv": F("y = erf⁻¹ x", x="g · √π/2 · e^(y²)"),
    # steps: flat between their jumps
    "sign": F("y = the sign of x", x=ZERO),
    "trunc": F("y = x without its fraction", x=ZERO),
    "floor": F("y = ⌊x⌋", x=ZERO),
    "ceil": F("y = ⌈x⌉", x=ZERO),
    "round": F("y = x rounded, halves to even", x=ZERO),
    "round_decimals": F("y = x rounded to `decimals` places", x=ZERO),
    "frac": F("y = x − trunc(x)", x="g"),
    "abs": F("y = |x|", x="g · sign(x)"),
    "nan_to_num": F("y = x, with numbers for NaN and ±∞", x="g · [x is finite]"),
    # comparisons and choices
    "eq": F("y = [a = b]"), "ne": F("y = [a ≠ b]"), "lt": F("y = [a < b]"),
    "le": F("y = [a ≤ b]"), "gt": F("y = [a > b]"), "ge": F("y = [a ≥ b]"),
    "isnan": F("y = [x is NaN]"), "isinf": F("y = [x is ±∞]"), "isfinite": F("y = [x is finite]"),
    "isclose": F("y = [|a − b| ≤ atol + rtol · |b|]"), "signbit": F("y = [x < 0]"),
    "heaviside": F("y = [x > 0], at_zero where x = 0"),
    "logical_and": F("y = a and b"), "logical_or": F("y = a or b"),
    "logical_xor": F("y = a xor b"), "logical_not": F("y = not x"),
    "bitwise_and": F("y = a & b"), "bitwise_or": F("y = a | b"),
    "bitwise_xor": F("y = a ^ b"), "bitwise_not": F("y = ~x"),
    "bitwise_left_shift": F("y = a << b"), "bitwise_right_shift": F("y = a >> b"),
    "keep": F("y = x where mask, 0 elsewhere", x="g where mask, 0 elsewhere"),
    "drop": F("y = 0 where mask, x elsewhere", x="0 where mask, g elsewhere"),
    "where": F("y = a where condition, b elsewhere", a="g · [condition]", b="g · [not condition]"),
    "maximum": F("y = max(a, b)", a="g · [a > b], half at a tie", b="g · [b > a], half at a tie"),
    "minimum": F("y = min(a, b)", a="g · [a < b], half at a tie", b="g · [b < a], half at a tie"),
    "fmax": F("y = max(a, b), passing over NaN", a="g · [a is taken]", b="g · [b is taken]"),
    "fmin": F("y = min(a, b), passing over NaN", a="g · [a is taken]", b="g · [b is taken]"),
    "winner_grad": F("y = g · [a > b], half at a tie", g="u · [a > b], half at a tie"),
    "within": F("y = [low ≤ x ≤ high]"), "outside": F("y = [x ≤ low or x ≥ high]"),
    "clamp": F("y = x held between low and high", x="g · [low ≤ x ≤ high]", low="g · [x < low]", high="g · [x > high]"),
    # activations
    "relu": F("y = max(x, 0)", x="g · [x > 0]"),
    "relu_grad": F("y = g · [positive > 0]", g="u · [positive > 0]"),
    "leaky_relu": F("y = x, slope · x below 0", x="g, slope · g where x ≤ 0"),
    "leaky_relu_grad": F("y = g, slope · g where x ≤ 0", g="u, slope · u where x ≤ 0"),
    "elu": F("y = x, alpha · (eˣ − 1) below 0", x="g, g · alpha · eˣ where x ≤ 0"),
    "elu_grad": F("y = g, g · alpha · eˣ where x ≤ 0", g="u, u · alpha · eˣ where x ≤ 0",
                  x="u · g · alpha · eˣ · [x ≤ 0]"),
    "sigmoid": F("y = 1 / (1 + e⁻ˣ)", x="g · y · (1 − y)"),
    "sigmoid_grad": F("y = g · p · (1 − p)", g="u · p · (1 − p)", p="u · g · (1 − 2p)"),
    "logit": F("y = ln(x / (1 − x))", x="g / (x · (1 − x))"),
    "logsigmoid": F("y = ln sigmoid(x)", x="g · sigmoid(−x)"),
    "softplus": F("y = ln(1 + e^(beta · x)) / beta", x="g · sigmoid(beta · x)"),
    "softplus_grad": F("y = g · sigmoid(beta · x)", g="u · sigmoid(beta · x)", x="u · g · ∂/∂x sigmoid(beta · x)"),
    "silu": F("y = x · σ, σ = sigmoid(x)", x="g · σ · (1 + x · (1 − σ))"),
    "silu_grad": F("y = g · σ · (1 + x · (1 − σ))", g="u · σ · (1 + x · (1 − σ))",
                   x="u · g · ∂/∂x [σ · (1 + x · (1 − σ))]"),
    "gelu": F("y = x · Φ(x)", x="g · (Φ(x) + x · φ(x))"),
    "gelu_grad": F("y = g · slope, slope = Φ(x) + x · φ(x)", g="u · slope", x="u · g · φ(x) · (2 − x²)"),
    "gelu_tanh": F("y = x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))", x="g · ∂y/∂x"),
    "hardtanh": F("y = x held between low and high", x="g · [low < x < high]"),
    "hardsigmoid": F("y = x/6 + 1/2 held between 0 and 1", x="g / 6 · [−3 < x < 3]"),
    "hardswish": F("y = x · hardsigmoid(x)", x="g · ∂y/∂x: 0, (2x + 3)/6 or 1"),
    "softmax": F("y = eˣ / Σ eˣ along dim", x="y · (g − Σ g · y)"),
    "softmax_grad": F("y = p · (g − Σ g · p)", g="p · (u − Σ u · p)", p="u · g − g · Σ u · p − u · Σ g · p"),
    "log_softmax": F("y = x − ln Σ eˣ along dim", x="g − eʸ · Σ g"),
    "log_softmax_grad": F("y = g − eˡ · Σ g", g="u − Σ u · eˡ", l="−u · eˡ · Σ g"),
    "logsumexp": F("y = ln Σ eˣ", x="g · e^(x − y)"),
    "dropout": F("y = x · mask · scale, the mask drawn at random", x="g · mask · scale"),
    "masked_scale": F("y = x · mask · scale", x="g · mask · scale"),
    # matrix products and contractions
    "matmul": F("y = a @ b", a="g @ bᵀ", b="aᵀ @ g"),
    "matmul_t": F("y = a @ bᵀ", a="g @ b", b="gᵀ @ a"),
    "linear": F("y = x @ wᵀ + bias", x="g @ w", w="gᵀ @ x", bias="g"),
    "linear_dw": F("y = gᵀ @ x", g="x @ uᵀ", x="g @ u"),
    "contract": F("y = Σ a · b over the axes they share", a="Σ g · b over the axes a has not",
                  b="Σ a · g over the axes b has not"),
    # convolution and pooling
    "conv": F("y[n,o,p] = Σ_c,t x[n,c, s·p + d·t − pad] · w[o,c,t] + bias[o]",
              x="[n,c,i] = Σ_o,p,t g[n,o,p] · w[o,c,t] where s·p + d·t − pad = i",
              w="[o,c,t] = Σ_n,p g[n,o,p] · x[n,c, s·p + d·t − pad]", bias="[o] = Σ_n,p g[n,o,p]"),
    "conv_dx": F("y[n,c,i] = Σ_o,p,t g[n,o,p] · w[o,c,t] where s·p + d·t − pad = i", g="conv(u, w)",
                 w="[o,c,t] = Σ_n,p g[n,o,p] · u[n,c, s·p + d·t − pad]"),
    "conv_dw": F("y[o,c,t] = Σ_n,p g[n,o,p] · x[n,c, s·p + d·t − pad]", g="conv(x, u)",
                 x="[n,c,i] = Σ_o,p,t g[n,o,p] · u[o,c,t] where s·p + d·t − pad = i"),
    "max_pool": F("y[p] = max over t of x[s·p + t − pad]", x="[i] = Σ_p g[p] over the windows p that x[i] won"),
    "max_pool_dx": F("y[i] = Σ_p g[p] over the windows p that x[i] won", g="u at the winner of each window"),
    "max_pool_gather": F("y[p] = u at the winner of window p", u="[i] = Σ_p g[p] over the windows p that read u[i]"),
    "avg_pool": F("y[p] = mean over t of x[s·p + t − pad]",
                  x="[i] = Σ_p g[p] / size of window p, over the windows p that see i"),
    "avg_pool_dx": F("y[i] = Σ_p g[p] / window size", g="the mean of u over each window"),
    "adaptive_avg_pool": F("y[p] = mean of x over window p",
                           x="[i] = Σ_p g[p] / size of window p, over the windows p that see i"),
    "adaptive_avg_pool_dx": F("y[i] = Σ_p g[p] / size of window p", g="the mean of u over each window"),
    "adaptive_max_pool": F("y[p] = max of x over window p", x="[i] = Σ_p g[p] over the windows p that x[i] won"),
    "max_unpool": F("y = 0, with x at the positions index", x="g at the positions index"),
    "spatial_gather": F("y = u at the positions index", u="g summed at the positions index"),
    "spatial_scatter": F("y = g summed at the positions index", g="u at the positions index"),
    "im2col": F("y = the windows of x as columns", x="each column of g added back to its window"),
    "col2im": F("y = each column added back to its window", columns="the windows of g as columns"),
    # normalisation: z = (x − mean) · rstd; m(·) is the mean over the numbers that were normalised together
    **dict.fromkeys(("batch_norm", "instance_norm", "group_norm", "layer_norm"), F(
        "y = z · weight + bias, z = (x − mean) · rstd with mean and rstd of x",
        x="rstd · (h − m(h) − z · m(h · z)), h = g · weight", weight="Σ g · z", bias="Σ g")),
    "batch_norm_eval": F("y = (x − mean) · rstd · weight + bias with the running mean and rstd", x="g · rstd · weight",
                         weight="Σ g · (x − mean) · rstd", bias="Σ g"),
    # sums and other reductions
    "sum": F("y = Σ x", x="g, repeated along the summed axes"),
    "spread": F("y = g, repeated along dim", g="Σ u along dim"),
    "sum_to": F("y = x summed over the axes it was broadcast along", x="g, broadcast to the shape of x"),
    "mean": F("y = (1/M) Σ x over M elements", x="g / M, repeated along the averaged axes"),
    "var": F("y = Σ (x − mean)² / (M − correction)", x="g · 2 (x − mean) / (M − correction)"),
    "std": F("y = √variance", x="g · (x − mean) / (y · (M − correction))"),
    "norm": F("y = (Σ |x|^p)^(1/p)", x="g · sign(x) · (|x| / y)^(p − 1)"),
    "prod": F("y = the product of x", x="g · the product of the others"),
    **{name: F(f"y = the {what} x", x="g, shared evenly among those equal to y")
       for name, what in (("amax", "greatest"), ("amin", "least"), ("median", "middle"))},
    "pick": F("y = x at index", x="g at index, 0 elsewhere"),
    "unpick": F("y = g at index, 0 elsewhere", g="u at index"),
    "argmax": F("y = the place of the greatest x"), "argmin": F("y = the place of the least x"),
    "argsort": F("y = the order that sorts x"), "topk_index": F("y = the places of the k greatest x"),
    "any": F("y = [some x is true]"), "all": F("y = [every x is true]"), "count_nonzero": F("y = the number of x ≠ 0"),
    "cumsum": F("y[i] = Σ x[j] for j ≤ i", x="[i] = Σ g[j] for j ≥ i"),
    "cumprod": F("y[i] = the product of x[j] for j ≤ i", x="[i] = Σ g[j] · y[j] / x[i] for j ≥ i"),
    "shift": F("y = x moved one place along dim", x="g moved back"),
    "recurrence": F("y[i] = a[i] · y[i−1] + b[i]", a="[i] = h[i] · y[i−1]", b="h, with h[i] = g[i] + a[i+1] · h[i+1]"),
    # the same numbers in another form
    "reshape": F("y = x in another shape", x="g in the shape of x"),
    "permute": F("y = x with its axes in the order dims", x="g with its axes put back"),
    "t": F("y = xᵀ", x="gᵀ"),
    "transpose": F("y = x with two axes exchanged", x="g with the two exchanged back"),
    "squeeze": F("y = x without axes of size 1", x="g in the shape of x"),
    "unsqueeze": F("y = x with a new axis of size 1", x="g without that axis"),
    "expand": F("y = x repeated along axes of size 1", x="g summed over the repeated axes"),
    "cast": F("y = x in another dtype", x="g in the dtype of x"),
    "transfer": F("y = x on another device", x="g, moved back"),
    "clone": F("y = x, in memory of its own", x="g"), "contiguous": F("y = x, laid out anew", x="g"),
    "flip": F("y = x in reverse along dims", x="g in reverse along dims"),
    "roll": F("y = x moved round", x="g moved back"),
    "tril": F("y = x on and below the diagonal, 0 elsewhere", x="g on and below the diagonal"),
    "triu": F("y = x on and above the diagonal, 0 elsewhere", x="g on and above the diagonal"),
    "pad": F("y = x with a border of value", x="g without the border"),
    "border": F("y = x with a border of its own elements", x="g, that of the border added to where it was taken from"),
    "sum_border": F("y = g, the border added to where it was taken from", g="u with a border of its own elements"),
    "cat": F("y = the tensors one after the other along dim", tensors="the part of g that is this tensor's"),
    "stack": F("y = the tensors along a new axis dim", tensors="the part of g that is this tensor's"),
    # parts
    "getitem": F("y = x[index]", x="g at index, 0 elsewhere"),
    "place": F("y = x at index, 0 elsewhere", x="g[index]"),
    "split": F("y₀, y₁, … = parts of x along dim", x="the gradients of the parts, joined"),
    "unbind": F("y₀, y₁, … = x[0], x[1], … along dim", x="the gradients of the parts, stacked"),
    "diagonal": F("y = a diagonal of x", x="g on that diagonal, 0 elsewhere"),
    "place_diagonal": F("y = x on a diagonal, 0 elsewhere", x="that diagonal of g"),
    "windows": F("y = windows of x along dim", x="each element's gradients, summed over the windows that have it"),
    "sum_windows": F("y = windows added back to their places", x="windows of g"),
    "as_strided": F("y = the elements of x at given steps in memory", x="g, added up at each element's place"),
    "index": F("y = x[index]", x="g summed at index, 0 elsewhere"),
    "index_sum": F("y = g summed at index, 0 elsewhere", g="u[index]"),
    "index_put": F("y = x, with value at index", x="g, 0 at index", value="g[index]"),
    "embedding": F("y = the rows of weight that index names", weight="g summed into those rows"),
    "masked_select": F("y = the x where mask", x="g where mask, 0 elsewhere"),
    "masked_place": F("y = g where mask, 0 elsewhere", g="the u where mask"),
    "gather": F("y = x at index along dim", x="g summed at index along dim"),
    "scatter_sum": F("y = g summed at index along dim", g="u at index along dim"),
    "scatter": F("y = x, with src at index along dim", x="g, 0 at index", src="g at index along dim"),
    "scatter_extreme": F("y = the extreme of x and the src that index brings there", x="g · [x = y] / ties",
                         src="g at index · [src = y at index] / ties"),
    "fill_where": F("y = x, value where mask", x="g, 0 where mask", value="Σ g where mask"),
    "copy": F("y = src, written over x", src="g", x=ZERO), "fill": F("y = value, written over x", x=ZERO),
    "put": F("y = base, a part of it replaced by value", base="g, 0 in that part", value="that part of g"),
    # losses
    "nll_loss": F("y = −Σ weight[t] · x[t], t = target (mean: / Σ weight[t])",
                  x="−g · weight[t] at t (mean: / Σ weight[t])"),
    "cross_entropy": F("y = −ln softmax(x)[target], averaged or summed", x="g · (softmax(x) − [class = target]) / M"),
    "binary_cross_entropy": F("y = −t · ln p − (1 − t) · ln(1 − p), t = target", p="g · (p − t) / (p · (1 − p))",
                              target="g · (ln(1 − p) − ln p)"),
    "binary_cross_entropy_with_logits": F("y = −w·t · ln σ − (1 − t) · ln(1 − σ), σ = sigmoid(x)",
                                          x="g · ((1 − t) · σ − w·t · (1 − σ)), t = target, w = pos_weight",
                                          target="g · (ln(1 − σ) − w · ln σ)", pos_weight="−g · t · ln σ"),
    "kl_div": F("y = target · (ln target − x)", x="−g · target", target="g · (ln target + 1 − x)"),
    "huber": F("y = d²/2, or delta · (|d| − delta/2) beyond ±delta", d="g · d held between −delta and delta"),
}

# Ops that only appear inside other rules, or that nothing is differentiated through: shown by their declaration.
BY_DECLARATION = frozenset((
    "adaptive_max_pool_index", "argmedian", "cross_entropy_grad", "gelu_tanh_grad", "hardswish_grad", "max_pool_index",
    "nll_loss_grad", "norm_grad", "sum_strided", "tie_shares", "view_dtype", "window_sum",
))


def forward_formula(op, absent=()):
    """The op's own formula, y = ..., without terms in the inputs named as absent.

    Where the table has none, it is the op's name with the letters of its inputs.

    >>> forward_formula("linear"), forward_formula("linear", ["bias"])
    ('y = x @ wᵀ + bias', 'y = x @ wᵀ')
    >>> forward_formula("norm_grad"), forward_formula("MyFunction")
    ('y = norm_grad(g, x, weight, mean, rstd)', 'y = MyFunction.forward(…)')
    """
    entry = FORMULAS.get(op)
    if entry is not None:
        return re.sub(rf" [·+] ({'|'.join(absent)})\b(\[\w\])?", "", entry.forward) if absent else entry.forward
    return f"y = {op}({', '.join(OPS[op].inputs)})" if op in OPS else f"y = {op}.forward(…)"


def arriving(op):
    """The letter of the gradient that arrives at the op's output: g, or u where an input is called g."""
    return "u" if op in OPS and "g" in OPS[op].inputs else "g"


def rule_formula(op, name):
    """The right side of ∂L/∂name for an op: from the table, else in the form of its declaration.

    >>> rule_formula("mul", "a")
    'g · b'
    >>> rule_formula("norm_grad", "x")
    'rule(u, g, x, weight, form, eps, needs)'
    """
    entry = FORMULAS.get(op)
    letter = name.rstrip("0123456789") if op in OPS and OPS[op].variadic else name
    if entry is not None and letter in entry.rules:
        return entry.rules[letter]
    if op not in OPS:
        return f"{op}.backward(g)"
    rule = OPS[op].joint or OPS[op].rule_of.get(letter)
    if rule is None:
        return "0"                                      # the op has no derivative in this input
    return f"rule({', '.join(inspect.signature(rule).parameters)})"
