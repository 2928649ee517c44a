"""The verdict on a student's function: the first case in which it differs from ours, and the number that does."""
import numpy as np

from ..words import Words, tell
from .holes import first_hole


def judge(exercise, function):
    """(whether it is right, the call in which it was not, what to say)."""
    name, hole = exercise.name, first_hole(function)
    if hole:
        line, text = hole
        return False, None, Words(f"{name}：第 {line} 行还空着：{text}\n把 ... 换成你的答案，再运行一次。",
                                  f"{name}: line {line} still has a hole: {text}\n"
                                  "Put your answer in place of the ... and run it again.")
    results = []
    for case in exercise.cases:
        result, changed = _run(function, case)
        expected = exercise.answer(*_copies(case))
        results.append(result)
        complaint = changed or _difference(result, expected)
        if complaint:
            remark = _remark(exercise, results)
            return False, _call(name, case), Words(f"还不对：{complaint.zh}{remark.zh}",
                                                   f"Not yet: {complaint.en} {remark.en}".rstrip())
    return True, None, Words(f"{name}：正确，共 {len(results)} 组数据。", f"{name}: right, in {len(results)} cases.")


def _copies(case):
    return [x.copy() if isinstance(x, np.ndarray) else x for x in case]


def _run(function, case):
    """(the student's result, a complaint if an argument was changed)."""
    arguments, finished = _copies(case), False
    try:
        result, finished = function(*arguments), True
    finally:
        if not finished:                                    # the student's own error follows, with its line
            tell(f"{_call(function.__name__, case)}:")
    for k, (before, after) in enumerate(zip(case, arguments)):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after):
            return result, Words(f"函数改动了第 {k + 1} 个参数。先复制再改。",
                                 f"the function changed its argument number {k + 1}. Copy it first.")
    return result, None


def _difference(result, expected):
    """What is different, or None."""
    if isinstance(expected, tuple):
        if not isinstance(result, (tuple, list)) or len(result) != len(expected):
            return Words(f"应返回 {len(expected)} 个结果，得到 {_shown(result)}。",
                         f"{len(expected)} results are expected, but it returned {_shown(result)}.")
        parts = [(k, _difference(r, e)) for k, (r, e) in enumerate(zip(result, expected))]
        return next((Words(f"第 {k + 1} 个结果：{d.zh}", f"result number {k + 1}: {d.en}")
                     for k, d in parts if d), None)
    if result is None:
        return Words("函数什么也没有返回。是不是忘了 return？", "it returned nothing. Is there a `return`?")
    expected, got = np.asarray(expected), _array_of(result)
    if got.dtype.kind not in "biuf":
        return Words(f"返回的不是数：{_shown(result)}。", f"it returned no numbers: {_shown(result)}.")
    if got.shape != expected.shape:
        return Words(f"结果的形状是 {got.shape}，应为 {expected.shape}。",
                     f"the result has shape {got.shape}, expected {expected.shape}.")
    wrong = ~np.isclose(got, expected, rtol=1e-5, atol=1e-6)
    if not wrong.any():
        return None
    return _number(got, expected, wrong)


def _array_of(result):
    try:
        return np.asarray(result)
    except ValueError:                                      # lists of unequal lengths
        return np.asarray(None)


def _number(got, expected, wrong):
    """The first number that is wrong."""
    place = tuple(int(k) for k in np.argwhere(wrong)[0])
    one, other = f"{got[place]:.6g}", f"{expected[place]:.6g}"
    if not place:
        return Words(f"得到 {one}，应为 {other}。", f"got {one}, expected {other}.")
    count = f"{int(wrong.sum())}/{wrong.size}"
    return Words(f"{count} 个数不对；位置 {list(place)} 上得到 {one}，应为 {other}。",
                 f"{count} numbers are wrong; at {list(place)} got {one}, expected {other}.")


def _remark(exercise, results):
    """What to say if the results, one for each case so far, are those of a known mistake."""
    for mistake in exercise.mistakes:
        if all(_difference(result, mistake.answer(*_copies(case))) is None
               for result, case in zip(results, exercise.cases)):
            return mistake.remark
    return Words("", "")


def _call(name, case):
    return f"{name}({', '.join(map(_shown, case))})"


def _shown(value):
    if isinstance(value, np.ndarray):
        return str(_short(np.round(value, 3).tolist())) if value.size <= 16 else f"array of shape {value.shape}"
    value = value.item() if isinstance(value, np.generic) else value
    return getattr(value, "__name__", None) or repr(value)


def _short(numbers):
    """Nested lists, with 3 for 3.0."""
    if isinstance(numbers, list):
        return [_short(number) for number in numbers]
    return int(numbers) if float(numbers).is_integer() else numbers
