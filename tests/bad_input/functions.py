"""Wrong calls of the other functions of nn.functional, and a part of each message."""

FUNCTIONS = {
    "alpha_dropout": {
        "F.alpha_dropout(x(3), 1.5, True)": "p is 1.5",
        "F.alpha_dropout(x(3), 'a', True)": "p is 'a'",
        "F.alpha_dropout(3.0, 0.5, True)": "expected a Tensor, got float",
    },
    "batch_norm": {
        "F.batch_norm(x(2, 3), x(4), x(4))": "running_mean is (4,), but input (2, 3) needs one of shape (3,)",
        "F.batch_norm(x(2, 3), None, None)": "in evaluation the running statistics are used, but running_mean",
        "F.batch_norm(x(1, 3), None, None, training=True)":
            "expected more than 1 value per channel when training, got input",
        "F.batch_norm(x(2, 3), None, None, x(4), None, True)":
            "weight is (4,), but input (2, 3) needs one of shape (3,)",
        "F.batch_norm(c(3, 2, 3), None, None, training=True)":
            "the input is tinygrad_cnn.int64, but must be floating point",
        "F.batch_norm(x(3), None, None, training=True)": "input has 1 axes (3,), but needs at least 2: (N, C)",
    },
    "bilinear": {
        "F.bilinear(x(2, 3), x(2, 4), x(5, 3, 3))": "input1 (2, 3) and input2 (2, 4) do not fit weight (5, 3, 3)",
        "F.bilinear(x(2, 3), x(2, 4), x(5, 3))": "weight has shape (5, 3)",
        "F.bilinear(x(2, 3), x(2, 4), x(5, 3, 4), x(6))": "bias has shape (6,) but weight (5, 3, 4) has 5 outputs",
        "F.bilinear(1, 2, 3)": "input1 is int, not a Tensor",
    },
    "celu": {
        "F.celu(x(3), alpha=0)": "alpha=0 is divided by",
        "F.celu('a')": "input must be a Tensor, got str",
    },
    "dropout": {
        "F.dropout(x(3), 1.5)": "p is 1.5",
        "F.dropout(x(3), -0.1)": "p is -0.1",
        "F.dropout(3.0)": "expected a Tensor, got float",
    },
    "dropout1d": {
        "F.dropout1d(x(3))": "input has 1 axes (3,)",
        "F.dropout1d(x(2, 3, 4), 2)": "p is 2",
    },
    "dropout2d": {
        "F.dropout2d(x(3))": "input has 1 axes (3,)",
        "F.dropout2d(x(2, 3, 4), 2)": "p is 2",
    },
    "dropout3d": {
        "F.dropout3d(x(3))": "input has 1 axes (3,)",
        "F.dropout3d(x(2, 3, 4, 4), 2)": "p is 2",
    },
    "elu": {
        "F.elu('a')": "expected Tensors and numbers, got str",
    },
    "embedding": {
        "F.embedding(x(3), x(4, 2))": "an index is a tensor of integers, not tinygrad_cnn.float32",
        "F.embedding(c(9, 5), x(4, 2))": "position 7 is out of range for axis 0 of size 4 (shape (4, 2))",
        "F.embedding(c(3, 5), x(4))": "weight has shape (4,)",
        "F.embedding(c(3, 5), x(4, 2), padding_idx=4)": "padding_idx=4 is out of range for 4 rows",
    },
    "feature_alpha_dropout": {
        "F.feature_alpha_dropout(x(2, 3), 2, True)": "p is 2",
    },
    "gelu": {
        "F.gelu(x(3), approximate='a')": "approximate='a' is neither 'none' nor 'tanh'",
        "F.gelu('a')": "expected Tensors and numbers, got str",
    },
    "glu": {
        "F.glu(x(3))": "the input (3,) has 3 elements along axis 0",
        "F.glu(x(4), 3)": "dim=3 is out of range for a tensor with 1 dimensions",
    },
    "group_norm": {
        "F.group_norm(x(2, 6), 4)": "6 channels cannot be split into 4 groups (input (2, 6))",
        "F.group_norm(x(2, 6), 0)": "6 channels cannot be split into 0 groups (input (2, 6))",
        "F.group_norm(x(2, 6), 3, x(5))": "weight is (5,), but input (2, 6) needs one of shape (6,)",
        "F.group_norm(x(6), 3)": "input has 1 axes (6,), but needs at least 2: (N, C)",
    },
    "gumbel_softmax": {
        "F.gumbel_softmax(x(2, 3), dim=5)": "dim=5 is out of range for a tensor with 2 dimensions",
        "F.gumbel_softmax(c(3, 3))": "logits is tinygrad_cnn.int64, but must be floating point",
        "F.gumbel_softmax(x(2, 3), tau=0)": "tau is 0",
    },
    "hardshrink": {
        "F.hardshrink('a')": "input must be a Tensor, got str",
        "F.hardshrink(x(3), 'b')": "lambd='b' is not a number",
    },
    "hardsigmoid": {
        "F.hardsigmoid('a')": "expected Tensors and numbers, got str",
    },
    "hardswish": {
        "F.hardswish('a')": "expected Tensors and numbers, got str",
    },
    "hardtanh": {
        "F.hardtanh(x(3), 1, -1)": "min_val=1 is greater than max_val=-1",
        "F.hardtanh('a')": "expected Tensors and numbers, got str",
    },
    "instance_norm": {
        "F.instance_norm(x(2, 3))": "input has 2 axes (2, 3), but needs at least 3: (N, C, ...)",
        "F.instance_norm(x(2, 3, 1))": "expected more than 1 spatial element when training, got input",
        "F.instance_norm(x(2, 3, 4), use_input_stats=False)":
            "in evaluation the running statistics are used, but running_mean",
        "F.instance_norm(x(2, 3, 4), weight=x(4))": "weight is (4,), but input (2, 3, 4) needs one of shape (3,)",
        "F.instance_norm(x(2, 3, 4), running_mean=x(4), running_var=x(4))":
            "running_mean is (4,), but input (2, 3, 4) needs one of shape",
    },
    "layer_norm": {
        "F.layer_norm(x(2, 3), (4,))": "normalized_shape (4,) is not how the input's shape (2, 3) ends",
        "F.layer_norm(x(2, 3), ())": "normalized_shape () is not how the input's shape (2, 3) ends",
        "F.layer_norm(x(2, 3), (3,), x(4))": "weight is (4,), but input (2, 3) needs one of shape (3,)",
        "F.layer_norm(c(3, 2, 3), (3,))": "the input is tinygrad_cnn.int64, but must be floating point",
        "F.layer_norm(x(2, 3), 3.5)": "size 3.5 is not an integer",
    },
    "leaky_relu": {
        "F.leaky_relu('a')": "expected Tensors and numbers, got str",
        "F.leaky_relu(x(3), 'a')": "not defined for float32",
    },
    "linear": {
        "F.linear(x(2, 3), x(4, 2))": "input has 3 features but weight expects 2 (input (2, 3), weight",
        "F.linear(x(2, 3), x(4, 3), x(3))": "bias has shape (3,) but there are 4 output features (weight (4,",
        "F.linear(x(2, 3), x(4, 3).double())": "inputs have dtypes float32, float64",
        "F.linear(x(2, 3), x(4, 3, 2))": "expected input (..., in_features) and weight (out_features,",
        "F.linear('a', x(2))": "input is str and weight Tensor, but both must be Tensors",
    },
    "local_response_norm": {
        "F.local_response_norm(x(2, 3, 4), 0)": "size is 0",
        "F.local_response_norm(x(3), 2)": "input has 1 axes (3,), but needs at least 3: (N, C, ...)",
    },
    "log_softmax": {
        "F.log_softmax(x(2, 3), 2)": "dim=2 is out of range for a tensor with 2 dimensions",
        "F.log_softmax(c(3, 3), 0)": "the input is tinygrad_cnn.int64",
        "F.log_softmax('a', 0)": "expected a Tensor, got str",
    },
    "logsigmoid": {
        "F.logsigmoid('a')": "expected Tensors and numbers, got str",
    },
    "mish": {
        "F.mish('a')": "input must be a Tensor, got str",
    },
    "normalize": {
        "F.normalize(x(2, 3), dim=2)": "dim=2 is out of range for a tensor with 2 dimensions",
        "F.normalize('a')": "input is str, not a Tensor",
        "F.normalize(c(3, 2, 3))": "input is tinygrad_cnn.int64, but must be floating point",
    },
    "one_hot": {
        "F.one_hot(x(3))": "the classes are tinygrad_cnn.float32",
        "F.one_hot(tg.tensor([3]), 2)": "class 3 is not one of the 2 classes 0 to 1",
        "F.one_hot(tg.tensor([-1]))": "class -1 is not one of the 0 classes 0 to -1",
        "F.one_hot(tg.tensor([1]), -2)": "num_classes is -2",
        "F.one_hot([1])": "expected a Tensor, got list",
    },
    "prelu": {
        "F.prelu(x(2, 3), x(4))": "weight has shape (4,) but the input (2, 3) has 3 channel(s)",
        "F.prelu(x(2, 3), x(1, 3))": "weight has shape (1, 3) but the input (2, 3) has 3 channel(s)",
        "F.prelu(x(3), 3.0)": "expected two Tensors, got float",
    },
    "relu": {
        "F.relu('a')": "expected Tensors and numbers, got str",
    },
    "relu6": {
        "F.relu6('a')": "input must be a Tensor, got str",
    },
    "relu_": {
        "F.relu_('a')": "expected a Tensor to write into, got str.",
    },
    "rms_norm": {
        "F.rms_norm(x(2, 3), (4,))": "normalized_shape (4,) is not how the input's shape (2, 3) ends",
        "F.rms_norm(x(2, 3), (3,), x(4))": "weight is (4,), but input (2, 3) needs one of shape (3,)",
    },
    "rrelu": {
        "F.rrelu(x(3), 0.5, 0.1)": "lower=0.5 is greater than upper=0.1",
        "F.rrelu('a')": "input is str, not a Tensor",
        "F.rrelu(x(3), 0.5, 0.1, True)": "lower=0.5 is greater than upper=0.1",
    },
    "selu": {
        "F.selu('a')": "input must be a Tensor, got str",
    },
    "sigmoid": {
        "F.sigmoid('a')": "expected Tensors and numbers, got str",
    },
    "silu": {
        "F.silu('a')": "expected Tensors and numbers, got str",
    },
    "softmax": {
        "F.softmax(x(2, 3), 2)": "dim=2 is out of range for a tensor with 2 dimensions",
        "F.softmax(c(3, 3), 0)": "the input is tinygrad_cnn.int64",
        "F.softmax('a', 0)": "expected a Tensor, got str",
    },
    "softmin": {
        "F.softmin(x(2, 3), 2)": "dim=2 is out of range for a tensor with 2 dimensions",
        "F.softmin('a', 0)": "expected a Tensor, got str",
    },
    "softplus": {
        "F.softplus('a')": "expected Tensors and numbers, got str",
        "F.softplus(x(3), beta=0)": "beta=0 is divided by",
    },
    "softshrink": {
        "F.softshrink('a')": "input must be a Tensor, got str",
        "F.softshrink(x(3), -1)": "lambd=-1 is negative",
    },
    "softsign": {
        "F.softsign('a')": "input must be a Tensor, got str",
    },
    "tanh": {
        "F.tanh('a')": "expected Tensors and numbers, got str",
    },
    "tanhshrink": {
        "F.tanhshrink('a')": "input must be a Tensor, got str",
    },
    "threshold": {
        "F.threshold('a', 0, 1)": "input must be a Tensor, got str",
    },
}
