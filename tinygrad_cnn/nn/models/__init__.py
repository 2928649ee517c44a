"""Whole networks, each a page that reads from input to output: AlexNet, ResNet and their families, LeNet.

`list_models()` names them and `get_model(name)` makes one; classes such as AlexNet and ResNet are also in `nn`.
"""
from .alexnet import *
from .dense_as_conv import *
from .digits import *
from .lenet import *
from .registry import *
from .resnet import *
from .resnet_cifar import *
from .resnet_v2 import *
