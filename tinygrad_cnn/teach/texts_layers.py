"""What the tools that look at layers say, in Chinese and English.

Each text has a key and both languages; `{names}` are filled in. Headings of tables are separated by |.
"""
from .words import Words, check_language

__all__ = ["TEXTS", "headings", "say"]

TEXTS = {
    "field.title": Words(
        "输入 {shape} 的感受野：公式 (24.19)、区间递推、一个单元的梯度",
        "Receptive fields of an input of {shape}, by the formula (24.19), by boxes, and by the gradient "
        "of one unit"),
    "field.agree": Words(
        "三种方法一致。",
        "The three ways agree."),
    "field.head": Words(
        "层|F|S|公式|区间|图像之内|梯度",
        "layer|F|S|formula|boxes|in image|gradient"),
    "field.everything": Words(
        "下面有运算混合了特征图的各个位置，或不知其是否局部：公式 (24.19) 不适用，区间取整张图；以梯度为准。",
        "below it lies an op that mixes the places of its map, or is not known to be local. Formula "
        "(24.19) does not hold, and its box is the whole map; the gradient tells."),
    "field.unknown": Words(
        "下面有自定义的 Function（{names}），它读哪些位置无从得知：公式 (24.19) 不适用，区间取整张图；以梯度为准。",
        "below it lies a Function of your own ({names}); which places it reads is not known. Formula (24.19) "
        "does not hold, and its box is the whole map; the gradient tells."),
    "field.no_formula": Words(
        "窗口随特征图变化（自适应汇聚）或步幅小于 1（转置卷积）：公式 (24.19) 不包括；区间只对"
        "这个输入大小成立。",
        "windows that grow with the map (adaptive pooling) or strides below 1 (transposed convolution): "
        "formula (24.19) does not cover them; the box holds for this input size."),
    "field.branches": Words(
        "几个窗口中心不同的分支在此汇合：它们的并集大于每一个，公式只取最大的一个。",
        "branches with windows that do not lie around the same place meet here: their union is larger "
        "than each, and the formula takes the largest."),
    "field.cut": Words(
        "感受野 {box} 超出图像 {size}，图像之内有 {visible}。",
        "the field of {box} sticks out of the image of {size}: {visible} of it are inside."),
    "field.dead": Words(
        "失效的权值：{names} 的卷积核边上全为零，或缩放系数为零。",
        "dead weights: zeros along the border of a kernel, or a scale of zero, in {names}."),
    "field.cancel": Words(
        "梯度触及的位置少于区间：途中有权值为零或互相抵消。",
        "the gradient touches less than the box: in between weights are zero or cancel each other."),
    "field.more": Words(
        "（另有 {count} 层也是这样。）",
        "(And {count} more like it.)"),
    "summary.title": Words(
        "{name}，输入 {inputs}",
        "{name} on an input of {inputs}"),
    "summary.head": Words(
        "层|类型|核|步幅|填充|输出|参数|乘加|感受野|内存",
        "layer|kind|kernel|stride|padding|output|parameters|multiply-adds|field|memory"),
    "summary.words": Words("全部|(同上)", "all|(again)"),
    "summary.total": Words(
        "参数 {parameters}（可训练 {trainable}，{size}）；乘加 {work}（{rounded}）；特征图 {activations}",
        "parameters {parameters} (trainable {trainable}, {size}); multiply-adds {work} ({rounded}); activations "
        "{activations}"),
    "summary.parentheses": Words(
        "括号里是 forward 中调用的函数，不是模块。",
        "In parentheses: functions that a forward calls, not modules."),
    "summary.functions": Words(
        "未列出的逐元素函数等：{names}。",
        "Functions called outside of layers and not listed: {names}."),
    "summary.unlisted": Words(
        "不属于任何一行的参数：{names}。",
        "Parameters that belong to no row: {names}."),
    "lesion.title": Words(
        "依次去掉一个残差单元（只留下捷径），{count} 张图像上的准确率",
        "Accuracy on {count} images when one residual block is removed and only its shortcut is left"),
    "lesion.head": Words(
        "去掉的单元|准确率|捷径|",
        "removed|accuracy|shortcut|"),
    "lesion.words": Words(
        "去掉|什么也不去掉|恒等|改变形状",
        "removed|nothing|identity|changes shape"),
    "paths.title": Words(
        "{n} 个残差单元展开成 {total} 条路径，按长度（经过几个单元）分类",
        "{n} residual blocks unrolled into {total} paths, by length (how many blocks a path takes)"),
    "paths.head": Words(
        "长度|路径数||梯度|",
        "length|paths||gradient|"),
    "paths.gap": Words(
        "各路径之和与输出之差是输出大小的 {gap} 倍（单元是线性的时为零）。",
        "The sum over paths differs from the output by {gap} times its size (by nothing if the blocks are linear)."),
    "equivariance.map": Words(
        "等变性：输入变换后，特征图是否随之变换？误差 |f(Tx) - T'f(x)| / |f(x)|",
        "Equivariance: does the map move with the image? The error |f(Tx) - T'f(x)| / |f(x)|"),
    "equivariance.vector": Words(
        "不变性：输入变换后，输出是否不变？误差 |f(Tx) - f(x)| / |f(x)|",
        "Invariance: does the output stay when the image moves? The error |f(Tx) - f(x)| / |f(x)|"),
    "equivariance.head": Words(
        "变换|大小|误差|",
        "motion|amount|error|"),
    "equivariance.names": Words(
        "平移|旋转|缩放",
        "shift|rotation|scale"),
    "flow.title": Words(
        "各层参数的梯度有多大（从输入到输出）",
        "How large the gradient is in each layer's parameters, from input to output"),
    "flow.head": Words(
        "层|参数个数|参数的范数|梯度的范数",
        "layer|parameters|their norm|gradient's norm"),
    "flow.spread": Words(
        "最大与最小之比：{spread}",
        "largest over smallest: {spread}"),
    "flow.unreached": Words(
        "损失与这些层无关：{names}",
        "the loss does not depend on {names}"),
    "ways.title": Words(
        "一个卷积层的四种算法：{layer}，{products} 次乘加",
        "One convolution layer told four ways: {layer}, {products} multiply-adds"),
    "ways.head": Words(
        "算法|时间|误差|时间（对数）",
        "way|time|error|time (logarithmic)"),
    "ways.end": Words(
        "误差：与 float64 之差的最大值，除以输出的最大值。",
        "The error is the largest deviation from float64, over the largest output."),
    "ways.missing": Words(
        "没有安装 PyTorch",
        "PyTorch is not installed"),
}


def say(lang, key, **values):
    """The text of that key in "zh", "en" or "both", filled in."""
    words = TEXTS[key]
    return Words(*(text.format(**values) for text in words)).said(lang)


def headings(lang, key):
    """The headings of a table: Chinese ones if that is the only language, else English ones."""
    words = TEXTS[key]
    return (words.zh if check_language(lang) == "zh" else words.en).split("|")
