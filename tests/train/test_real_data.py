"""Real images: published weights give their published accuracy; AlexNet and ResNet-18 learn 64 images by heart."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.cli import main
from tinygrad_cnn.nn.models import resnet18
from tinygrad_cnn.train import evaluate, train_epoch

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("TINYGRAD_CNN_DATA", ROOT.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not (DATA / "cifar-10-binary.tar.gz").is_file(), reason=(
    "needs cifar-10-binary.tar.gz and the weights of akamaster/pytorch_resnet_cifar10 in ../shared/data or "
    "TINYGRAD_CNN_DATA"))
LOSS = nn.CrossEntropyLoss()


def right_of_1000(name, file, capsys):
    """How many of the 1,000 test images `eval` says are right, and the first percentage it prints."""
    assert main(["eval", "--model", name, "--weights", str(DATA / file), "--data", "cifar10", "--data-dir",
                 str(DATA)]) == 0
    shown = capsys.readouterr().out
    return int(re.search(r"\((\d+) of 1000 right\)", shown).group(1)), float(re.search(r"([\d.]+) %", shown).group(1))


def test_published_weights_of_resnet20_get_915_of_1000_right(capsys):
    right, first = right_of_1000("resnet20", "resnet20-12fca82f.th", capsys)
    assert abs(right - 915) <= 1
    assert first == right / 10


@pytest.mark.slow
@pytest.mark.parametrize("name, file, pytorch", [
    ("resnet32", "resnet32-d509ac18.th", 928), ("resnet44", "resnet44-014dd654.th", 933),
    ("resnet56", "resnet56-4bfd9763.th", 926)])
def test_published_weights_agree_with_pytorch_within_one_image(name, file, pytorch, capsys):
    right, _ = right_of_1000(name, file, capsys)
    assert abs(right - pytorch) <= 1


@pytest.fixture(scope="module")
def sixty_four():
    """64 training images, normalised (64, 3, 32, 32), and their classes (64)."""
    data = tg.data.CIFAR10(DATA, train=True)
    mean, std = (tg.tensor(numbers).view(1, 3, 1, 1) for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    return (data.data[:64].float() / 255 - mean) / std, data.targets[:64]


def epochs_until_learnt(model, batch, optimizer, most):
    """How many epochs of one step it takes until all images are right in evaluation mode; `most` + 1 if it never is."""
    for epoch in range(1, most + 1):
        train_epoch(model, [batch], optimizer, LOSS, clip=1.0)
        if epoch % 5 == 0 and evaluate(model, [batch], LOSS).accuracy == 1.0:
            return epoch
    return most + 1


def narrow_alexnet():
    """The book's Table 24.2 at a quarter of its width, without dropout: (N, 3, 99, 99) -> logits (N, 10)."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2),                      # (N, 24, 11, 11)
        nn.Conv2d(24, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),                     # (N, 64, 5, 5)
        nn.Conv2d(64, 96, 3, padding=1), nn.ReLU(), nn.Conv2d(96, 96, 3, padding=1), nn.ReLU(),
        nn.Conv2d(96, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),                     # (N, 64, 2, 2)
        nn.AdaptiveAvgPool2d((6, 6)), nn.Flatten(),                                         # (N, 2304)
        nn.Linear(2304, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


@pytest.mark.slow
def test_alexnet_of_the_book_s_form_learns_64_real_images_by_heart(sixty_four):
    images, labels = sixty_four
    tg.manual_seed(0)
    larger = nn.functional.interpolate(images, size=(99, 99), mode="bilinear", align_corners=False)
    model = narrow_alexnet()
    assert epochs_until_learnt(model, (larger, labels), tg.optim.Adam(model.parameters(), lr=1e-3), 120) <= 120


@pytest.mark.slow
def test_resnet18_learns_64_real_images_by_heart(sixty_four):
    tg.manual_seed(0)
    model = resnet18(num_classes=10)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    assert epochs_until_learnt(model, sixty_four, optimizer, 40) <= 40


@pytest.mark.slow
def test_the_example_of_plain_and_residual_networks_leaves_a_picture_and_a_table(tmp_path):
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib: pip install 'tinygrad_cnn[train]'")
    program = ROOT / "examples" / "train_plain_vs_residual.py"
    subprocess.run([sys.executable, str(program), "--data-dir", str(DATA), "--images", "64", "--batch-size", "32",
                    "--epochs", "1", "--out", str(tmp_path / "out")], check=True, capture_output=True, timeout=600,
                   env={**os.environ, "PYTHONPATH": str(ROOT)})
    picture, table = (tmp_path / "out" / f"train_plain_vs_residual.{kind}" for kind in ("png", "csv"))
    assert picture.read_bytes().startswith(b"\x89PNG")
    rows = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()]
    assert rows[0][:3] == ["network", "epoch", "training_error"]
    assert [row[:2] for row in rows[1:]] == [[name, "1"] for name in ("plain20", "plain56", "resnet20", "resnet56")]
