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
    weights = tg.io.load_weights(real_file(name))
    test = tg.data.Subset(cifar10(train=False, transform=NORMALIZED), range(1000))
    model = tg.nn.models.get_model(name.partition("-")[0], weights=weights).eval()
    with tg.no_grad():
        found = sum((model(images).argmax(1) == labels).sum().item() for images, labels in DataLoader(test, 125))
    assert abs(found - right) <= 1
