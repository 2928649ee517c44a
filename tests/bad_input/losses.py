"""Wrong calls of the losses of nn.functional, and a part of each message."""

LOSSES = {
    "binary_cross_entropy": {
        "F.binary_cross_entropy(x(2, 3).sigmoid(), x(3, 2))": "input has shape (2, 3) but target has (3, 2)",
        "F.binary_cross_entropy(x(2, 3) * 3, x(2, 3))": "input -1.381279706954956 is no probability",
        "F.binary_cross_entropy(x(2, 3).sigmoid(), c(2, 2, 3))":
            "target is tinygrad_cnn.int64, but must be floating point",
        "F.binary_cross_entropy(x(2, 3).sigmoid(), x(2, 3), reduction='avg')": "reduction is 'avg'",
        "F.binary_cross_entropy(x(2, 3).sigmoid(), x(2, 3).sigmoid(), weight=x(5))":
            "input (2, 3), weight (5,) cannot be broadcast together",
    },
    "binary_cross_entropy_with_logits": {
        "F.binary_cross_entropy_with_logits(x(2, 3), x(3, 2))": "input has shape (2, 3) but target has (3, 2)",
        "F.binary_cross_entropy_with_logits(x(2, 3), x(2, 3), pos_weight=x(5))":
            "input (2, 3), pos_weight (5,) cannot be broadcast together",
    },
    "cosine_embedding_loss": {
        "F.cosine_embedding_loss(x(2, 3), x(3, 3), x(2))": "input1 (2, 3), input2 (3, 3) cannot be broadcast together",
        "F.cosine_embedding_loss(x(2, 3), x(2, 3), x(3))":
            "input1 (2, 3) and input2 (2, 3) need a target of shape (2,),",
        "F.cosine_embedding_loss(x(2, 3), x(2, 3), x(2), reduction='a')": "reduction is 'a'",
    },
    "cosine_similarity": {
        "F.cosine_similarity(x(2, 3), x(2, 4))": "x1 (2, 3), x2 (2, 4) cannot be broadcast together",
        "F.cosine_similarity(x(2, 3), x(2, 3), dim=5)": "dim=5 is out of range for a tensor with 2 dimensions",
    },
    "cross_entropy": {
        "F.cross_entropy(x(2, 3), c(3, 3))": "target has shape (3,) but input (2, 3) needs classes of shape",
        "F.cross_entropy(x(2, 3), tg.tensor([0, 3]))": "target 3 at (1,) is not a class",
        "F.cross_entropy(x(2, 3), tg.tensor([0, -1]))": "target -1 at (1,) is not a class",
        "F.cross_entropy(x(2, 3), x(2, 4))": "target is tinygrad_cnn.float32 of shape (2, 4)",
        "F.cross_entropy(x(2, 3), c(3, 2), weight=x(4))": "weight is (4,) but the input has 3 classes (input (2, 3))",
        "F.cross_entropy(x(2, 3), c(3, 2), label_smoothing=2)": "label_smoothing is 2",
        "F.cross_entropy(x(2, 3), c(3, 2), reduction='m')": "reduction is 'm'",
        "F.cross_entropy(c(3, 2, 3), c(3, 2))": "input is tinygrad_cnn.int64, but must be floating point",
        "F.cross_entropy(x(2, 3), [1, 2])": "target is list, not a Tensor",
    },
    "gaussian_nll_loss": {
        "F.gaussian_nll_loss(x(2, 3), x(2, 3), -x(2, 3).abs() - 1)": "var holds -1.966944694519043",
        "F.gaussian_nll_loss(x(2, 3), x(2, 3), x(5))": "var has shape (5,) and input (2, 3)",
    },
    "hinge_embedding_loss": {
        "F.hinge_embedding_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.hinge_embedding_loss(x(2), x(2), reduction='a')": "reduction is 'a'",
    },
    "huber_loss": {
        "F.huber_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.huber_loss(x(3), x(3), delta=0)": "delta is 0",
        "F.huber_loss(x(3), x(3), reduction='a')": "reduction is 'a'",
        "F.huber_loss(x(3), x(3), weight=x(5))": "weight is (5,) but input is (3,)",
    },
    "kl_div": {
        "F.kl_div(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.kl_div(x(2), x(2), reduction='a')": "reduction is 'a'",
    },
    "l1_loss": {
        "F.l1_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.l1_loss(x(2), x(2), reduction='a')": "reduction is 'a'",
        "F.l1_loss(x(2), [1.0, 2.0])": "target is list, not a Tensor",
    },
    "margin_ranking_loss": {
        "F.margin_ranking_loss(x(2), x(3), x(2))": "input1 (2,), input2 (3,), target (2,) cannot be broadcast",
        "F.margin_ranking_loss(x(2), x(2), x(2), reduction='a')": "reduction is 'a'",
        "F.margin_ranking_loss(x(2, 1), x(2, 1), x(2))": "input1 (2, 1), input2 (2, 1) and target (2,) differ in their",
    },
    "mse_loss": {
        "F.mse_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.mse_loss(x(2), x(2), reduction='a')": "reduction is 'a'",
        "F.mse_loss(x(2), 3.0)": "target is float, not a Tensor",
    },
    "multilabel_soft_margin_loss": {
        "F.multilabel_soft_margin_loss(x(2, 3), x(2, 4))": "input (2, 3), target (2, 4) cannot be broadcast together",
        "F.multilabel_soft_margin_loss(x(2, 3), x(2, 3), x(4))":
            "input (2, 3), target (2, 3), weight (4,) cannot be broadcast",
    },
    "nll_loss": {
        "F.nll_loss(x(2, 3), c(3, 3))": "target has shape (3,) but input (2, 3) needs classes of shape",
        "F.nll_loss(x(2, 3), tg.tensor([0, 3]))": "target 3 at (1,) is not a class",
        "F.nll_loss(x(2, 3), x(2))": "target is tinygrad_cnn.float32 of shape (2,)",
        "F.nll_loss(x(2, 3), c(3, 2), x(4))": "weight is (4,) but the input has 3 classes (input (2, 3))",
        "F.nll_loss(x(2, 3, 4), c(3, 2, 5))": "target has shape (2, 5) but input (2, 3, 4) needs classes of",
        "F.nll_loss(tg.tensor(1.0), tg.tensor(0))": "input has no axes",
    },
    "pairwise_distance": {
        "F.pairwise_distance(x(2, 3), x(2, 4))": "x1 (2, 3), x2 (2, 4) cannot be broadcast together",
        "F.pairwise_distance(x(2, 3), 'a')": "x2 must be a Tensor, got str",
    },
    "poisson_nll_loss": {
        "F.poisson_nll_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.poisson_nll_loss(x(2), x(2), reduction='a')": "reduction is 'a'",
    },
    "smooth_l1_loss": {
        "F.smooth_l1_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
        "F.smooth_l1_loss(x(3), x(3), beta=-1)": "beta is -1",
    },
    "soft_margin_loss": {
        "F.soft_margin_loss(x(2, 3), x(4))": "input (2, 3), target (4,) cannot be broadcast together",
    },
    "triplet_margin_loss": {
        "F.triplet_margin_loss(x(2, 3), x(2, 3), x(2, 4))": "anchor (2, 3), positive (2, 3), negative (2, 4) cannot be",
        "F.triplet_margin_loss(x(2, 3), x(2, 3), x(2, 3), margin=-1)": "margin is -1",
        "F.triplet_margin_loss(x(2, 3), x(2, 3), x(2, 3), reduction='a')": "reduction is 'a'",
    },
}
