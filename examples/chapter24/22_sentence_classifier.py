"""习题 24.7 / Exercise 24.7: a convolutional network that classifies sentences.

词嵌入之后，一维卷积沿着句子滑动，宽度 2、3 的核就是对二元、三元词组的检测器；对整个句子取最大值，位置与长度就无关了。
Words are embedded; kernels of width 2 and 3 slide over the sentence and detect word pairs and triples; the maximum over
the sentence does not care where. Without the order of words the task below cannot be solved.
"""
from itertools import permutations, product

from board import bar, say

import tinygrad_cnn as tg
from tinygrad_cnn import nn
from tinygrad_cnn.nn import functional as F

tg.manual_seed(0)

# A made-up corpus: 很 精彩 但 不 感人 -> 0, 不 精彩 但 很 感人 -> 1, ... What stands after 但 (but) decides.
# The two have the same words: nobody who only knows which words there are can tell them apart.
GOOD, BAD = ["好看", "精彩", "感人", "有趣"], ["无聊", "难看", "拖沓", "乏味"]
SENTENCES = []
for first, second in permutations(GOOD + BAD, 2):
    for negated, opening in product((False, True), ([], ["我", "觉得"])):
        words = [*opening, "很" if negated else "不", first, "但", "不" if negated else "很", second]
        words += ["。"] * (7 - len(words))
        SENTENCES.append((words, int((second in GOOD) != negated)))
VOCABULARY = sorted({word for words, _ in SENTENCES for word in words})


def numbers(words):
    """A sentence as indices of its words."""
    return [VOCABULARY.index(word) for word in words]


class SentenceCNN(nn.Module):
    """(N, T) indices -> (N, 2): embedding, convolutions of several widths, maximum over time, a linear layer."""

    def __init__(self, widths, channels=16, size=8):
        super().__init__()
        self.embedding = nn.Embedding(len(VOCABULARY), size)
        self.convs = nn.ModuleList([nn.Conv1d(size, channels, width) for width in widths])
        self.linear = nn.Linear(channels * len(widths), 2)

    def forward(self, words):
        x = self.embedding(words).transpose(1, 2)                   # (N, T) -> (N, T, size) -> (N, size, T)
        features = [F.relu(conv(x)).amax(2) for conv in self.convs]  # each (N, channels)
        return self.linear(tg.cat(features, 1))


def accuracy(network, X, y):
    with tg.no_grad():
        return (network(X).argmax(1) == y).float().mean().item()


X, y = tg.tensor([numbers(words) for words, _ in SENTENCES]), tg.tensor([label for _, label in SENTENCES])
order = tg.randperm(len(y))
train, test = order[:160], order[160:]                               # the held-out sentences are new combinations
say(f"{len(VOCABULARY)} 个词，{len(train)} 个训练句，{len(test)} 个测试句。",
    f"{len(VOCABULARY)} words, {len(train)} sentences to learn from, {len(test)} to test on.")
results = {}
for name, widths in (("words only (width 1)", [1]), ("pairs and triples (2, 3)", [2, 3])):
    network = SentenceCNN(widths)
    optimizer = tg.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        F.cross_entropy(network(X[train]), y[train]).backward()
        optimizer.step()
    results[name] = accuracy(network, X[test], y[test])
    print(f"    {name:25} {results[name]:4.0%} {bar(results[name])}")
assert results["pairs and triples (2, 3)"] > 0.9
assert results["words only (width 1)"] < 0.75

say("哪个词组让分类器下结论？看三元词组的最大值来自哪里。",
    "Which words decide? Look where the maxima of the triples come from.")
for words in (["我", "觉得", "不", "精彩", "但", "很", "有趣"], ["很", "精彩", "但", "不", "有趣", "。", "。"]):
    sentence = tg.tensor([numbers(words)])
    label = network(sentence).argmax(1).item()
    responses = F.relu(network.convs[1](network.embedding(sentence).transpose(1, 2)))[0].detach()    # (channels, T - 2)
    votes = tg.bincount(responses.argmax(1)[responses.amax(1) > 0], minlength=5).tolist()
    print(f"    {' '.join(words)}  -> {'褒 praise' if label else '贬 blame'}")
    for place, count in enumerate(votes):
        print(f"      {count} {' '.join(words[place:place + 3])}")
    assert label == ("很" in words[4:])
