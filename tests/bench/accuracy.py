"""Error of the quantiles of merged digests against the raw data, beside the reference library; docs/accuracy.md gets the
tables. The rounds of ./dev bench are trials here, of each distribution: 100 of them take a minute."""

import os
import subprocess
import tempfile

import java_side
import measure

PROGRAM = measure.ROOT / "build" / "tests" / "bench" / "accuracy"
DOCUMENT = measure.ROOT / "docs" / "accuracy.md"
BEGIN, END = "<!-- from here on by ./dev bench accuracy -->\n", "<!-- up to here -->\n"
# digests, samples each, trials for each round
CASES = [(100, 1000, 10), (100, 200, 10), (100, 10_000, 1)]
QUANTILES = ("0.5", "0.9", "0.99", "0.999")
DISTRIBUTIONS = ("uniform", "exponential", "lognormal", "Pareto")
WAYS = {
    "java-list": "Java, all at once",
    "java-each": "Java, one by one",
    "ours-all": "agent, all at once",
    "ours-each": "agent, one by one",
    "ours-samples": "agent, sample by sample",
}


def measured(java, digests, samples, trials):
    """-> {(distribution, way, q): (mean error in rank, mean relative error in value)}; each program feeds the other."""
    with tempfile.NamedTemporaryFile("r") as result:
        arguments = [str(digests), str(samples), str(trials), result.name]
        with subprocess.Popen([*java, "Accuracy", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as library:
            back = os.dup(library.stdin.fileno())
            library.stdin.close()
            with subprocess.Popen([str(PROGRAM)], stdin=library.stdout, stdout=back) as agent:
                os.close(back)
                library.stdout.close()
                library.wait()
            if library.returncode != 0 or agent.returncode != 0:
                raise SystemExit("one of the two programs failed")
        errors = {}
        for line in result:
            distribution, way, q, rank, value = line.split()
            errors[distribution, way, q] = (float(rank), float(value))
        return errors


def table(errors, cell):
    lines = [
        "| data | merged by | " + " | ".join(f"p{float(q) * 100:g}" for q in QUANTILES) + " |",
        "| --- | --- |" + " --- |" * len(QUANTILES),
    ]
    for distribution in DISTRIBUTIONS:
        for way, name in WAYS.items():
            cells = [cell(errors, distribution, way, q) for q in QUANTILES]
            lines.append(f"| {distribution} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def rank_cell(errors, distribution, way, q):
    error = errors[distribution, way, q][0]
    text = f"{error * 1e5:.1f}"
    if way.startswith("ours"):
        text += f" ({error / errors[distribution, 'java-list', q][0]:.2f})"
    return text


def value_cell(errors, distribution, way, q):
    return f"{errors[distribution, way, q][1] * 100:.3f}"


def run(rounds):
    java = java_side.compiled()
    if java is None:
        raise SystemExit("nothing to compare with")
    sections = [f"Made by `./dev bench accuracy {rounds}`.\n"]
    for digests, samples, trials_each in CASES:
        trials = rounds * trials_each
        errors = measured(java, digests, samples, trials)
        sections.append(f"## {digests} digests of {samples:,} samples each, {trials} trials\n")
        sections.append(
            "Mean absolute error in rank, in 1/100,000; in brackets as a part of that of Java, all at once:\n\n"
            + table(errors, rank_cell)
        )
        sections.append("Mean relative error in value, in %:\n\n" + table(errors, value_cell))
        print("\n".join(sections[-3:]))
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(before + BEGIN + "\n" + "\n".join(sections) + "\n" + END + after, encoding="utf-8")
