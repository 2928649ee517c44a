"""The runs whose explanations are kept as golden texts; `python -m tests.teach.golden_cases` writes the texts anew.

Weights are sines of whole numbers in float64, so that every machine prints the same digits.
"""
import io
import pathlib

import tinygrad_cnn as tg
from tinygrad_cnn import nn

FOLDER = pathlib.Path(__file__).parent / "golden"
LANGUAGES = {"two_layers": "both", "lenet": "en", "residual_block": "zh"}


def filled(model):
    """The model in float64, its parameters sines of whole numbers."""
    model = model.double()
    with tg.no_grad():
        for k, p in enumerate(model.parameters()):
            numbers = (tg.arange(p.numel(), dtype=tg.float64) * 0.7 + k).sin()
            p.copy_((numbers / (p.numel() / p.shape[0]) ** 0.5).reshape(p.shape))
    return model


def sines(*shape):
    """A tensor of sines, float64."""
    count = 1
    for n in shape:
        count *= n
    return (tg.arange(count, dtype=tg.float64) * 0.37).sin().reshape(shape)


class TwoLayers(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.output = nn.Linear(2, 3), nn.Linear(3, 1)

    def forward(self, x):
        return self.output(self.hidden(x).tanh())


class ResidualBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn = nn.Conv2d(1, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        self.conv2 = nn.Conv2d(2, 1, 1)

    def forward(self, x):
        out = self.conv2(self.bn(self.conv1(x)).relu())
        out += x
        return out.relu()


def two_layers():
    """(tape, model, the leaves besides its parameters) of a two-layer network and a squared error."""
    model = filled(TwoLayers())
    x = tg.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=tg.float64)
    target = tg.tensor([[1.0], [0.0]], dtype=tg.float64)
    with tg.teach.record(model) as tape:
        prediction = model(x)
        loss = ((prediction - target) ** 2).mean()
        loss.backward()
    return tape, model, {}


def lenet():
    """The same of the book's LeNet and a cross entropy."""
    model = filled(nn.models.lenet())
    x, label = sines(1, 3, 32, 32), tg.tensor([3])
    with tg.teach.record(model) as tape:
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, label)
        loss.backward()
    return tape, model, {}


def residual_block():
    """The same of a residual block: the gradient of x arrives on two ways."""
    model = filled(ResidualBlock())
    x = sines(1, 1, 3, 3).requires_grad_()
    with tg.teach.record(model) as tape:
        loss = model(x).sum()
        loss.backward()
    return tape, model, {"x": x}


CASES = {"two_layers": two_layers, "lenet": lenet, "residual_block": residual_block}


def text_of(_, lang="both"):
    """What `explain` prints."""
    page = io.StringIO()
    tg.teach.explain(_, lang=lang, file=page)
    return page.getvalue()


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, case in CASES.items():
        (FOLDER / f"{name}.txt").write_text(text_of(case()[0], LANGUAGES[name]), encoding="utf-8")


if __name__ == "__main__":
    main()
