"""The agent's `parse` beside the grammar in grammar.py, on the same generated lines.

compare.py [--agent PATH] [--lines N] [--seed S] [--first N]

Compared is each line's verdict; of a good one every member of the sample, of a bad one code and column. A difference is
printed with what is needed to see it again. `./dev soak differential` runs a million lines."""

import argparse
import collections
import json
import math
import os
import subprocess
import sys
import time

from generate import NOW_MS, Generator
from grammar import Judge

LINES_PER_RUN = 2000
MOST_DIFFERENCES = 5
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Tally:
    """What came out of a comparison: counts by kind ("sample counter", "error bad_tag", "blank"), and differences."""

    def __init__(self):
        self.kinds = collections.Counter()
        self.lines = 0
        self.differences = []

    @property
    def accepted(self):
        return sum(count for kind, count in self.kinds.items() if kind.startswith("sample"))

    @property
    def rejected(self):
        return sum(count for kind, count in self.kinds.items() if kind.startswith("error"))


def compare(agent, seed, lines, first=0, tally=None):
    """Lines `first` up to `first + lines` of the seed -> Tally."""
    tally = tally or Tally()
    generator, judge = Generator(seed), Judge(NOW_MS)
    for begin in range(first, first + lines, LINES_PER_RUN):
        numbers = range(begin, min(begin + LINES_PER_RUN, first + lines))
        _compare_run(agent, seed, generator, judge, numbers, tally)
        if len(tally.differences) >= MOST_DIFFERENCES:
            break
    return tally


def _compare_run(agent, seed, generator, judge, numbers, tally):
    source, parts = [], []
    for number in numbers:
        line = generator.line(number)
        parts.append(line + b"\n")
        source += [number] * (line.count(b"\n") + 1)
    stream = b"".join(parts)
    if not generator.is_terminated(numbers[-1]):
        stream = stream[:-1]
    result = subprocess.run([agent, "parse", "--now", str(NOW_MS)], input=stream, capture_output=True, timeout=300, check=False)
    answers, complaint = _answers(result)
    lines = stream.split(b"\n")
    ends = [True] * (len(lines) - 1) + [False]
    if lines[-1] == b"":  # nothing behind the last LF
        lines.pop()
    tally.lines += len(numbers)
    any_wrong = False
    for index, (line, is_terminated) in enumerate(zip(lines, ends)):
        expected = judge.judge(line, is_terminated)
        tally.kinds[_kind(expected)] += 1
        any_wrong = any_wrong or (expected is not None and expected[0] == "error")
        found = answers.pop(index + 1, None)
        what = _difference(expected, found)
        if what:
            tally.differences.append(_report(seed, source[index], line, expected, found, what))
            if len(tally.differences) >= MOST_DIFFERENCES:
                return
    if answers or complaint or result.returncode != (1 if any_wrong else 0):
        tally.differences.append(
            f"seed {seed}, lines {numbers[0]} to {numbers[-1]}: exit code {result.returncode}, {complaint or ''} "
            f"answers to lines that are not there: {sorted(answers)[:5]}, standard error: {result.stderr[:500]!r}"
        )


def _answers(result):
    answers, complaint = {}, None
    for text in result.stdout.splitlines():
        answer = json.loads(text.decode())  # strict: invalid UTF-8 or JSON is an error of the test
        number = answer.pop("line")
        if number in answers:
            complaint = f"line {number} is answered twice,"
        answers[number] = answer
    return answers, complaint


def _kind(verdict):
    if verdict is None:
        return "blank"
    return verdict[0] + " " + (verdict[1]["type"] if verdict[0] == "sample" else verdict[1] if verdict[0] == "error" else "")


def _difference(expected, found):
    """What differs, or None."""
    if expected is None or found is None:
        return None if expected is None and found is None else "the verdict"
    kind = expected[0]
    if kind == "error":
        error = found.get("error")
        if not isinstance(error, dict) or set(found) != {"error"} or set(error) != {"code", "message", "column"}:
            return "the verdict"
        if error["code"] != expected[1]:
            return "the code"
        columns = expected[2] if isinstance(expected[2], list) else [expected[2]]
        return None if error["column"] in columns and error["message"] else "the column"
    if "error" in found:
        return "the verdict"
    if kind == "command":
        return None if found == expected[1] else "the command"
    members = dict(expected[1])
    value, answer = members.pop("value"), found.pop("value", None)
    if found != members or list(found["tags"]) != sorted(members["tags"], key=str.encode):
        return "the members"
    same = _same_digest(value, answer) if isinstance(value, list) else _same_number(value, answer, members["type"])
    return None if same else "the value"


def _same_number(expected, found, kind):
    if isinstance(expected, int):
        return isinstance(found, int) and not isinstance(found, bool) and found == expected
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return False
    return float(found) == expected and math.copysign(1, float(found)) == math.copysign(1, expected)


def _same_digest(readings, found):
    """The layout is one of those that the payload can be, an exact one where there is one, and the facts are its own."""
    if not isinstance(found, dict):
        return False
    by_layout = {reading.layout: reading for reading in readings}
    reading = by_layout.get(found.get("layout"))
    if reading is None:
        return False
    filled = [other for other in readings if other.means]
    if any(other.is_exact for other in filled) and not reading.is_exact:
        return False
    if filled and not reading.means:
        return False
    facts = reading.facts()
    total = facts.pop("sum")
    if found["centroids"] != len(reading.means) or found["compression"] != reading.compression:
        return False
    if any(found[name] != value for name, value in facts.items()):
        return False
    return found["sum"] == total or (total is not None and math.isclose(found["sum"], total, rel_tol=1e-12))


def _report(seed, number, line, expected, found, what):
    shown = repr(line) if len(line) < 5000 else f"{line[:2000]!r} ... {len(line)} bytes in all"
    if expected and expected[0] == "sample" and isinstance(expected[1]["value"], list):
        readings = [(reading.layout, reading.is_exact, reading.facts()) for reading in expected[1]["value"]]
        expected = ("sample", {**expected[1], "value": readings})
    return f"seed {seed}, line {number} (compare.py --seed {seed} --first {number} --lines 1): {what} differs\n  line     {shown}\n  grammar  {expected}\n  agent    {found}"


def main():
    parser = argparse.ArgumentParser(description="Compares `metrics-agent parse` with a second grammar.")
    parser.add_argument("--agent", default=os.environ.get("METRICS_AGENT", os.path.join(_ROOT, "build", "metrics-agent")))
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    started = time.monotonic()
    tally = compare(arguments.agent, arguments.seed, arguments.lines, arguments.first)
    for kind, count in sorted(tally.kinds.items()):
        print(f"{count:9}  {kind}")
    for difference in tally.differences:
        print(difference)
    seconds = time.monotonic() - started
    print(f"{tally.lines} lines, {tally.accepted} accepted, {tally.rejected} rejected, {len(tally.differences)} differences, {seconds:.0f} s")
    return 1 if tally.differences else 0


if __name__ == "__main__":
    sys.exit(main())
