"""Wrong calls of the functions of nn.functional that look at windows or change the resolution, and a part of each
message."""

WINDOWS = {
    "adaptive_avg_pool1d": {
        "F.adaptive_avg_pool1d(x(4), 2)": "input has 1 dimensions (4,) but must be (N, C, L), or (C, L)",
        "F.adaptive_avg_pool1d(x(1, 2, 4), -1)": "output_size=(-1,) must be made of integers of at least 0, and",
        "F.adaptive_avg_pool1d(x(1, 2, 4), 2.5)": "output_size=(2.5,) must be made of integers of at least 0, and",
        "F.adaptive_avg_pool1d(x(1, 2, 0), 2)": "the input is empty (spatial size (0,))",
        "F.adaptive_avg_pool1d(c(3, 1, 2, 4), 2)": "input is tinygrad_cnn.int64 but must be floating point",
        "F.adaptive_avg_pool1d([1.0], 2)": "input must be a Tensor, got list",
    },
    "adaptive_avg_pool2d": {
        "F.adaptive_avg_pool2d(x(4, 4), 2)": "input has 2 dimensions (4, 4) but must be (N, C, H, W), or (C,",
        "F.adaptive_avg_pool2d(x(1, 2, 4, 4), (1, 2, 3))": "output_size=(1, 2, 3) has 3 numbers for 2 spatial axes",
    },
    "adaptive_avg_pool3d": {
        "F.adaptive_avg_pool3d(x(4, 4), 2)": "input has 2 dimensions (4, 4) but must be (N, C, D, H, W), or",
    },
    "adaptive_max_pool1d": {
        "F.adaptive_max_pool1d(x(4), 2)": "input has 1 dimensions (4,) but must be (N, C, L), or (C, L)",
        "F.adaptive_max_pool1d(x(1, 2, 4) > 0, 2)": "input is tinygrad_cnn.bool, which has no order",
    },
    "adaptive_max_pool2d": {
        "F.adaptive_max_pool2d(x(4, 4), 2)": "input has 2 dimensions (4, 4) but must be (N, C, H, W), or (C,",
    },
    "adaptive_max_pool3d": {
        "F.adaptive_max_pool3d(x(4, 4), 2)": "input has 2 dimensions (4, 4) but must be (N, C, D, H, W), or",
    },
    "avg_pool1d": {
        "F.avg_pool1d(x(4), 2)": "input has 1 dimensions (4,) but must be (N, C, L), or (C, L)",
        "F.avg_pool1d(x(1, 1, 4), 5)": "no window fits along L: floor((4 + 2*0 - 1*(5 - 1) - 1)/5) + 1",
        "F.avg_pool1d(x(1, 1, 4), 2, padding=2)": "padding (2,) is more than half of the kernel (2,), so windows",
        "F.avg_pool1d(x(1, 1, 4), 0)": "kernel_size=0 must be made of integers of at least 1, and 0 is",
        "F.avg_pool1d(x(1, 1, 4), 2, stride=0)": "stride=0 must be made of integers of at least 1, and 0 is not",
        "F.avg_pool1d(c(3, 1, 1, 4), 2)": "input is tinygrad_cnn.int64 but must be floating point",
    },
    "avg_pool2d": {
        "F.avg_pool2d(x(1, 1, 4, 4), 2, divisor_override=0)": "divisor_override=0 must be an integer other than 0",
        "F.avg_pool2d(x(1, 1, 4, 4), (2, 2, 2))": "kernel_size=(2, 2, 2) has 3 numbers for 2 spatial axes",
    },
    "avg_pool3d": {
        "F.avg_pool3d(x(1, 1, 4, 4), 9)": "no window fits along D: floor((1 + 2*0 - 1*(9 - 1) - 1)/9) + 1",
    },
    "channel_shuffle": {
        "F.channel_shuffle(x(1, 4, 2, 2), 3)": "the input (1, 4, 2, 2) is not (N, C, *) with C a multiple of 3",
        "F.channel_shuffle(x(4), 2)": "the input (4,) is not (N, C, *) with C a multiple of 2 groups",
        "F.channel_shuffle(x(1, 4, 2, 2), 0)": "groups is 0",
    },
    "conv1d": {
        "F.conv1d(x(1, 3, 4), x(2, 4, 2))": "input has 3 channels but weight expects 4 (input (1, 3, 4),",
        "F.conv1d(x(4), x(2, 4, 2))": "input has 1 dimensions (4,) but must be (N, C, L), or (C, L)",
        "F.conv1d(x(1, 3, 4), x(2, 3, 5))": "no window fits along L: floor((4 + 0 + 0 - 1*(5 - 1) - 1)/1) +",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), stride=0)": "stride=0 must be made of integers of at least 1, and 0 is not",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2).double())": "input is tinygrad_cnn.float32 but weight is tinygrad_cnn.float64",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), x(3))": "bias has shape (3,) but there are 2 output channels",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), padding=-1)":
            "padding=-1 must be made of integers of at least 0, and -1 is not",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), padding='full')": "padding='full' is not known",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), padding='same', stride=2)":
            "padding='same' needs stride 1 and stride is (2,)",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), groups=2)": "input has 3 channels but weight expects 6 (input (1, 3, 4),",
        "F.conv1d(x(1, 4, 4), x(3, 2, 2), groups=2)": "weight has 3 output channels, which 2 groups cannot share",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), groups=0)": "groups=0 must be an integer of at least 1",
        "F.conv1d(c(3, 1, 3, 4), x(2, 3, 2))": "input is tinygrad_cnn.int64 but must be floating point",
        "F.conv1d(x(1, 3, 4), 3)": "weight must be a Tensor, got int",
        "F.conv1d(x(1, 3, 4), x(2, 3, 2), dilation=0)":
            "dilation=0 must be made of integers of at least 1, and 0 is not",
        "F.conv1d(x(1, 3, 4), x(0, 3, 2))": "weight has 0 output channels, which 1 groups cannot share",
        "F.conv1d(x(1, 0, 4), x(2, 0, 2))": "the input has no channels (input (1, 0, 4), weight (2, 0, 2))",
        "F.conv1d(x(1, 3, 0), x(2, 3, 2))": "no window fits along L: floor((0 + 0 + 0 - 1*(2 - 1) - 1)/1) +",
    },
    "conv2d": {
        "F.conv2d(x(1, 3, 4, 4), x(2, 4, 2, 2))": "input has 3 channels but weight expects 4 (input (1, 3, 4, 4),",
        "F.conv2d(x(1, 3, 4, 4), x(2, 3, 2))": "weight has 3 dimensions (2, 3, 2) but must have 4: two of",
    },
    "conv3d": {
        "F.conv3d(x(1, 3, 4, 4), x(2, 4, 2, 2, 2))": "input has 1 channels but weight expects 4 (input (1, 3, 4, 4),",
        "F.conv3d(x(1, 3, 4, 4, 4), x(2, 4, 2, 2, 2))": "input has 3 channels but weight expects 4 (input (1, 3, 4, 4,",
    },
    "conv_transpose1d": {
        "F.conv_transpose1d(x(1, 3, 4), x(2, 4, 2))": "input has 3 channels but weight expects 2 (input (1, 3, 4),",
        "F.conv_transpose1d(x(1, 3, 4), x(3, 4, 2), output_padding=2)":
            "output_padding (2,) is not smaller than stride (1,) or dilation",
        "F.conv_transpose1d(x(1, 3, 4), x(3, 4, 2), padding=9)":
            "the output is empty along L: (4 - 1)*1 - 2*9 + 1*(2 - 1) + 0 +",
        "F.conv_transpose1d(x(1, 3, 4), x(3, 4, 2), bias=x(3))": "bias has shape (3,) but there are 4 output channels",
        "F.conv_transpose1d(x(1, 3, 4), x(3, 4, 2), padding='same')":
            "padding=same must be made of integers of at least 0, and 'same'",
        "F.conv_transpose1d(x(1, 3, 4), x(3, 4, 2), groups=2)":
            "3 channels cannot be shared equally by 2 groups (input (1, 3,",
        "F.conv_transpose1d(x(1, 3, 0), x(3, 4, 2))": "the output is empty along L: (0 - 1)*1 - 2*0 + 1*(2 - 1) + 0 +",
    },
    "conv_transpose2d": {
        "F.conv_transpose2d(x(1, 3, 4, 4), x(2, 4, 2, 2))":
            "input has 3 channels but weight expects 2 (input (1, 3, 4, 4),",
    },
    "conv_transpose3d": {
        "F.conv_transpose3d(x(1, 3, 4, 4, 4), x(2, 4, 2, 2, 2))":
            "input has 3 channels but weight expects 2 (input (1, 3, 4, 4,",
    },
    "fold": {
        "F.fold(x(1, 5, 4), (3, 3), 2)": "input (1, 5, 4) has 5 rows and 4 columns, but a kernel (2, 2)",
        "F.fold(x(1, 4, 5), (3, 3), 2)": "input (1, 4, 5) has 4 rows and 5 columns, but a kernel (2, 2)",
        "F.fold(x(4), 3, 2)": "input has 1 dimensions (4,) but must be (N, C*taps, windows),",
        "F.fold(x(1, 4, 4), (0, 3), 2)": "output_size=(0, 3) must be a positive integer or a pair",
    },
    "interpolate": {
        "F.interpolate(x(1, 1, 4))": "size is None and scale_factor is None",
        "F.interpolate(x(1, 1, 4), 2, 2)": "size is 2 and scale_factor is 2",
        "F.interpolate(x(1, 1, 4), 2, mode='cubic')": "mode is 'cubic'",
        "F.interpolate(x(4), 2)": "mode 'nearest' and an input of shape (4,) do not fit",
        "F.interpolate(x(1, 1, 4), 0)": "size is (0,) for the 1 spatial axes (4,)",
        "F.interpolate(x(1, 1, 4), scale_factor=-1.0)": "scale_factor is (-1.0,) for the 1 spatial axes (4,)",
        "F.interpolate(x(1, 1, 4, 4), 2, mode='linear')": "mode 'linear' and an input of shape (1, 1, 4, 4) do not fit",
        "F.interpolate(x(1, 1, 4, 4), 2, align_corners=True)": "align_corners is True and mode is 'nearest'",
    },
    "lp_pool1d": {
        "F.lp_pool1d(x(1, 1, 4), 2, 5)": "no window fits along L: floor((4 + 2*0 - 1*(5 - 1) - 1)/5) + 1",
        "F.lp_pool1d(x(1, 1, 4), 0, 2)": "norm_type=0 must be a positive number",
        "F.lp_pool1d(x(4), 1, 2)": "input has 1 dimensions (4,) but must be (N, C, L), or (C, L)",
    },
    "lp_pool2d": {
        "F.lp_pool2d(x(4), 1, 2)": "input has 1 dimensions (4,) but must be (N, C, H, W), or (C, H,",
    },
    "lp_pool3d": {
        "F.lp_pool3d(x(4), 1, 2)": "input has 1 dimensions (4,) but must be (N, C, D, H, W), or (C,",
    },
    "max_pool1d": {
        "F.max_pool1d(x(4), 2)": "input has 1 dimensions (4,) but must be (N, C, L), or (C, L)",
        "F.max_pool1d(x(1, 1, 4), 5)": "no window fits along L: floor((4 + 2*0 - 1*(5 - 1) - 1)/5) + 1",
        "F.max_pool1d(x(1, 1, 4), 2, padding=2)": "padding (2,) is more than half of the kernel (2,), so windows",
        "F.max_pool1d(x(1, 1, 4), 2, dilation=0)": "dilation=0 must be made of integers of at least 1, and 0 is not",
        "F.max_pool1d(x(1, 1, 4) > 0, 2)": "input is tinygrad_cnn.bool, which has no order",
        "F.max_pool1d(x(1, 1, 4), '2')": "kernel_size=2 must be made of integers of at least 1, and '2'",
    },
    "max_pool2d": {
        "F.max_pool2d(x(4), 2)": "input has 1 dimensions (4,) but must be (N, C, H, W), or (C, H,",
    },
    "max_pool3d": {
        "F.max_pool3d(x(4), 2)": "input has 1 dimensions (4,) but must be (N, C, D, H, W), or (C,",
    },
    "max_unpool1d": {
        "F.max_unpool1d(x(1, 1, 2), c(2, 1, 1, 3), 2)": "input has shape (1, 1, 2) but indices (1, 1, 3)",
        "F.max_unpool1d(x(1, 1, 2), tg.tensor([[[0, 9]]]), 2)":
            "index has positions from 0 to 9, but an output of spatial size",
        "F.max_unpool1d(x(1, 1, 2), x(1, 1, 2), 2)": "indices are tinygrad_cnn.float32 but must be int64, as the pool",
        "F.max_unpool1d(x(1, 1, 2), c(2, 1, 1, 2), 2, output_size=(9,))":
            "output_size (9,) is not within a stride (2,) of (n - 1)*stride",
    },
    "max_unpool2d": {
        "F.max_unpool2d(x(1, 2), c(2, 1, 2), 2)": "input has 2 dimensions (1, 2) but must be (N, C, H, W), or (C,",
    },
    "max_unpool3d": {
        "F.max_unpool3d(x(1, 2), c(2, 1, 2), 2)": "input has 2 dimensions (1, 2) but must be (N, C, D, H, W), or",
    },
    "pad": {
        "F.pad(x(2, 3), (1,))": "1 widths (1,) for a tensor of shape (2, 3)",
        "F.pad(x(2, 3), (1, 1, 1, 1, 1, 1))": "6 widths (1, 1, 1, 1, 1, 1) for a tensor of shape (2, 3)",
        "F.pad(x(2, 3), (-2, -2))": "widths (-2, -2) crop axis 1 of size 3 to less than nothing",
        "F.pad(x(2, 3), (3, 3), 'reflect')": "borders (3, 3) of mode 'reflect' do not fit axis 1 of size 3",
        "F.pad(x(2, 3), (1, 1), 'mirror')": "mode='mirror' is not one",
        "F.pad('a', (1, 1))": "input must be a Tensor, got str",
        "F.pad(x(1, 2, 3), (4, 4), 'circular')": "borders (4, 4) of mode 'circular' do not fit axis 2 of size 3",
    },
    "pixel_shuffle": {
        "F.pixel_shuffle(x(1, 6, 2, 2), 2)": "the input (1, 6, 2, 2) has no multiple of 2*2 channels on its",
        "F.pixel_shuffle(x(4), 2)": "the input (4,) has no multiple of 2*2 channels on its third",
        "F.pixel_shuffle(x(1, 4, 2, 2), 0)": "upscale_factor is 0",
    },
    "pixel_unshuffle": {
        "F.pixel_unshuffle(x(1, 1, 3, 2), 2)": "the last two sizes of the input (1, 1, 3, 2) are not multiples",
        "F.pixel_unshuffle(x(4), 2)": "the last two sizes of the input (4,) are not multiples of 2",
        "F.pixel_unshuffle(x(1, 1, 4, 4), -2)": "downscale_factor is -2",
    },
    "unfold": {
        "F.unfold(x(1, 1, 3, 3), 4)": "no window fits along H: floor((3 + 0 + 0 - 1*(4 - 1) - 1)/1) +",
        "F.unfold(x(3, 3), 2)": "input has 2 dimensions (3, 3) but must be (N, C, H, W), or (C,",
        "F.unfold(x(1, 1, 3, 3), 2, padding='same')": "padding='same' must be an integer or a pair",
    },
    "upsample": {
        "F.upsample(x(4), 2)": "mode 'nearest' and an input of shape (4,) do not fit",
    },
}
