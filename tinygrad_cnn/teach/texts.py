"""Everything that `explain` and `tree` say in words, in Chinese and in English: one table keyed by language.

Formulas and numbers need no translation. With lang="both" a heading or a phrase has both, Chinese first, and a sentence
is said twice, one line each.
"""
from .words import check_language

TEXTS = {
    "zh": {
        "forward": "前向计算",
        "forward_about": "按计算的先后",
        "backward": "反向传播",
        "backward_about": "从最后一步往回",
        "steps": "{count} 步",
        "given": "已知",
        "parameter": "参数",
        "leaf": "要求梯度",
        "constant": "常量",
        "computed": "已算出",
        "rewritten": "改写之后",
        "convention": "L = {start}。每一步中 y 是该步的输出，g = ∂L/∂y 是已到达 y 的梯度；= 首次到达，"
                      "+ 再次到达并累加。",
        "convention_rules": "· 逐元素相乘，@ 矩阵乘法，ᵀ 转置，[条件] 成立为 1、否则为 0。",
        "start": "起点",
        "total": "累计",
        "summed": "{input} 曾被广播：对轴 {axes} 求和",
        "cast": "转换类型",
        "hooked": "被钩子改为",
        "recorded_inside": "规则本身也被记录",
        "computed_inside": "反向传播途中的计算",
        "result": "结果",
        "result_about": "累加进 .grad 的梯度",
        "result_dry": "各叶子的梯度",
        "result_grad": "所求的梯度",
        "before": "原有",
        "added": "加上",
        "used_by": "被 {count} 步使用",
        "folded": "… 此处折叠 {count} 步：{ops}",
        "shared": "↓ 在下文给出",
        "note_graph": "没有录制：以下取自计算图本身，前向的值只有图中还保存的（? 是图中没有保存的输入）。"
                      "没有改动任何 .grad。",
        "note_freed": "图中保存的值已在先前的反向传播中释放（{about}），所以只能给出公式和形状。"
                      "要看数值，请在 record() 之内计算，或用 backward(retain_graph=True)。",
        "note_stale": "图中保存的值已被改写，所以只能给出公式和形状：{about}",
        "note_hooks": "{about} 上有钩子；这里没有调用，实际的反向传播会调用。",
        "note_no_backward": "没有录到反向传播：请在 with 块之内调用 backward()，或用 explain(loss)。",
        "note_empty": "磁带是空的：with 块之内没有计算。",
        "note_limit": "超过 {about} 个元素的数组只给出最小值 … 最大值和欧几里得范数 ‖·‖。",
    },
    "en": {
        "forward": "Forward",
        "forward_about": "in the order it was computed",
        "backward": "Backward",
        "backward_about": "from the last step back to the first",
        "steps": "{count} step{s}",
        "given": "Given",
        "parameter": "parameter",
        "leaf": "wants a gradient",
        "constant": "constant",
        "computed": "computed earlier",
        "rewritten": "after a write in place",
        "convention": "L = {start}. In each step y is its output and g = ∂L/∂y the gradient that has arrived there; "
                      "= is a first arrival, + a later one that is added.",
        "convention_rules": "· multiplies element by element, @ is the matrix product, ᵀ the transpose, [condition] is "
                            "1 or 0.",
        "start": "start",
        "total": "sum so far",
        "summed": "{input} was broadcast: summed over axis {axes}",
        "cast": "cast",
        "hooked": "changed by a hook to",
        "recorded_inside": "the rule itself is recorded",
        "computed_inside": "computed on the way back",
        "result": "Result",
        "result_about": "what was added to .grad",
        "result_dry": "the gradient of each leaf",
        "result_grad": "the gradients asked for",
        "before": "there before",
        "added": "added",
        "used_by": "used by {count} steps",
        "folded": "… {count} steps folded here: {ops}",
        "shared": "↓ is printed further down",
        "note_graph": "Nothing was recorded: this is read off the graph itself, which keeps only some of the forward "
                      "values (? is an input it did not keep). No .grad was touched.",
        "note_freed": "The values that the graph kept were freed by an earlier backward pass ({about}), so there are "
                      "only formulas and shapes. For the numbers, compute inside record() or call "
                      "backward(retain_graph=True).",
        "note_stale": "A value that the graph kept has been overwritten, so there are only formulas and shapes: "
                      "{about}",
        "note_hooks": "{about} has hooks; they are not called here, a real backward pass calls them.",
        "note_no_backward": "No backward pass was recorded: call backward() inside the with block, or use "
                            "explain(loss).",
        "note_empty": "The tape is empty: nothing was computed inside the with block.",
        "note_limit": "Of arrays with more than {about} elements only least … greatest and the Euclidean norm ‖·‖ "
                      "are shown.",
    },
}


class Texts:
    """The words in one language or in both. Args: lang: "zh", "en" or "both". Raises: ArgumentError for another."""

    def __init__(self, lang="both"):
        self.languages = ("zh", "en") if check_language(lang) == "both" else (lang,)

    def phrase(self, key, **values):
        """A word or a few, in one line: both languages beside each other."""
        return " · ".join(self.sentences(key, **values))

    def heading(self, key):
        """A heading, in one line."""
        return " ".join(self.sentences(key))

    def sentences(self, key, **values):
        """One text for each language."""
        return [TEXTS[language][key].format(**values) for language in self.languages]
