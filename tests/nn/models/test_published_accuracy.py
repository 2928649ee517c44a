"""Published weights give the published answers: of 1,000 test images of CIFAR-10 as many right as with PyTorch."""
import pytest

import tinygrad_cnn as tg
from tests.real_data import cifar10, real_file
from tinygrad_cnn.data import DataLoader
from tinygrad_cnn.data import transforms as T

NORMALIZED = T.Compose([T.ToTensor(), T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


@pytest.mark.parametrize("name, right", [
    ("resnet20-12fca82f.th", 915), pytest.param("resnet32-d509ac18.th", 928, marks=pytest.mark.slow),
    pytest.param("resnet44-014dd654.th", 933, marks=pytest.mark.slow),
    pytest.param("resnet56-4bfd9763.th", 926, marks=pytest.mark.slow)])
def test_published_weights_classify_as_on_pytorch_to_within_one_image(name, right):
    assert abs(sum(guess == label for guess, label in guesses(name)) - right) <= 1


def test_winograd_s_rounding_changes_no_prediction():
    name = "resnet20-12fca82f.th"
    with_it = guesses(name)
    with tg.backends.cpu.precise():
        assert guesses(name) == with_it


def guesses(name):
    """(class found, class given) of each of the test images, by published weights."""
    weights = tg.io.load_weights(real_file(name))
    test = tg.data.Subset(cifar10(train=False, transform=NORMALIZED), range(1000))
    model = tg.nn.models.get_model(name.partition("-")[0], weights=weights).eval()
    with tg.no_grad():
        return [pair for images, labels in DataLoader(test, 125)
                for pair in zip(model(images).argmax(1).tolist(), labels.tolist())]
