"""A lesson as a dialogue: predict, run, explain.

The learner types numbers; an empty line shows the answer, `q` ends the lesson. Nothing typed can end it in an error.
"""
import math
import re
import textwrap

from ..words import Words
from .board import number_text

TRIES = 2
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?:/0*[1-9]\d*)?"      # also 1/4
_ANSWER = re.compile(rf"[\s,;，；、\[\]()（）]*(?:{_NUMBER}(?:[\s,;，；、\[\]()（）]+|$))+")
_NUMBER = re.compile(_NUMBER)

HOW = Words("先预测，再看引擎怎么算。输入数字（用空格分开）；直接回车看答案；q 结束。",
            "Predict, then watch the engine. Type numbers with spaces between them; Enter shows the answer; q ends.")
PREDICT = Words("你的预测：", "Your prediction:")
RUNS = Words("引擎运行：", "The engine runs:")
RIGHT = Words("对了。", "Right.")
READ_ON = Words("接着读：", "Read on:")
ENDED = Words("到此为止。", "The lesson ends here.")


class Ended(Exception):
    """The learner has had enough."""


def teach(lesson, lang="both", ask=None, say=print):
    """Go through a lesson.

    Args:
        ask: a function from a prompt to the line typed; EOFError from it ends the lesson. None: nobody is asked and
            everything is shown.
        say: takes each piece of text.
    Returns: how many questions were answered rightly at the first try; None if the learner ended the lesson.
    """
    say(f"== {lesson.number}  {' / '.join(lesson.title.said(lang).splitlines())}\n")
    if ask:
        say(HOW.filled(lang) + "\n")
    say(lesson.given())
    score = 0
    try:
        for number, question in enumerate(lesson.questions, 1):
            say(f"\n{number}. " + question.text.filled(lang, indent="   ").lstrip())
            if ask:
                score += _predicted(question, lang, ask, say)
            _show(question, lang, say)
    except Ended:
        say("\n" + ENDED.said(lang))
        return None
    if ask:
        say("\n" + Words(f"第一次就答对：{score}/{len(lesson.questions)}。",
                         f"Right at the first try: {score}/{len(lesson.questions)}.").said(lang))
    say(f"\n{_one_line(READ_ON, lang)} python examples/{lesson.program}")
    return score


def _predicted(question, lang, ask, say):
    """Ask until the answer is right, the tries are used up, or it is asked for; whether the first try was right."""
    expected, attempt = question.answer(), 1
    while attempt <= TRIES:
        try:
            line = ask(f"   {_one_line(PREDICT, lang)} ").strip()
        except EOFError:
            raise Ended from None
        if line.lower() in ("q", "quit", "exit"):
            raise Ended
        if not line:
            return False
        complaint = _complaint(line, expected)
        if complaint is None:
            say("   " + _one_line(RIGHT, lang))
            return attempt == 1
        text, counts = complaint
        say(text.filled(lang, indent="   "))
        attempt += counts
    return False


def _complaint(line, expected):
    """(what is wrong with the line typed, whether it counts as a try), or None if it is right."""
    if not _ANSWER.fullmatch(line):
        example = " ".join(str(k + 1) for k in range(len(expected)))
        return Words(f"请输入 {len(expected)} 个数，例如：{example}（回车看答案，q 结束）。",
                     f"Type {_count(len(expected))}, for example: {example} (Enter shows the answer, q ends)."), False
    found = [_value(number) for number in _NUMBER.findall(line)]
    if len(found) != len(expected):
        return Words(f"需要 {len(expected)} 个数，你给了 {len(found)} 个。",
                     f"{_count(len(expected)).capitalize()} wanted, you gave {len(found)}."), False
    wrong = [k for k, pair in enumerate(zip(found, expected)) if not _near(*pair)]
    if not wrong:
        return None
    if len(expected) == 1:
        return Words(f"不是 {number_text(found[0])}。", f"It is not {number_text(found[0])}."), True
    k = wrong[0]
    right = len(expected) - len(wrong)
    return Words(f"{right}/{len(expected)} 个对；第 {k + 1} 个不是 {number_text(found[k])}。",
                 f"{right}/{len(expected)} right; number {k + 1} is not {number_text(found[k])}."), True


def _value(text):
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


def _near(found, expected):
    """Equal as far as a person would write it: to three digits, or half a hundredth."""
    return math.isclose(found, expected, rel_tol=2e-3) or (abs(expected) >= 0.1 and abs(found - expected) < 0.005)


def _show(question, lang, say):
    say("\n   " + _one_line(RUNS, lang))
    say(textwrap.indent(question.code(), "       "))
    say("   -> " + "  ".join(map(number_text, question.answer())))
    if question.picture:
        say("\n" + question.picture())
    say("\n" + question.why.filled(lang, indent="   "))


def _count(n):
    return "one number" if n == 1 else f"{n} numbers"


def _one_line(words, lang):
    return " / ".join(part.strip() for part in words.said(lang).splitlines())
