"""The reference library reads what metrics-agent writes, with the same quantiles; and both see the same in what it writes.
Skipped with the reason where Java or Maven is missing."""

import base64
import json
import math
import random

import pytest
from support import tdigest
from support.agent import run

QUANTILES = (0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0)
pytestmark = pytest.mark.kafka  # the Java tool comes with the broker's tests

MAX_WEIGHT = 2.0**53


def merge(*payloads):
    stdin = "".join(tdigest.text(payload) + "\n" for payload in payloads).encode()
    result = run("digest", "merge", stdin=stdin)
    assert result.returncode == 0, result.stderr
    return base64.b64decode(result.stdout.strip(), validate=True)


def encode(values, *options):
    result = run("digest", "encode", *options, stdin="".join(f"{value!r}\n" for value in values).encode())
    assert result.returncode == 0, result.stderr
    return base64.b64decode(result.stdout.strip(), validate=True)


def shown(payload):
    arguments = ["--json", "--quantiles", ",".join(map(str, QUANTILES))]
    result = run("digest", "show", *arguments, stdin=tdigest.text(payload).encode() + b"\n")
    assert result.returncode == 0, result.stdout
    return json.loads(result.stdout)


def check_same(java_tool, payload):
    """What the library reads from the payload is what the agent shows."""
    theirs, ours = java_tool.digest(payload, QUANTILES), shown(payload)
    assert theirs["bytes_left"] == 0
    assert theirs["centroids"] == ours["centroids"]
    assert theirs["compression"] == ours["compression"]
    assert theirs["size"] == ours["count"]
    if ours["count"] == 0:
        assert all(value is None for value in ours["quantiles"].values())
        return
    assert (theirs["min"], theirs["max"]) == (ours["min"], ours["max"])
    for q in QUANTILES:
        java, here = float(theirs["quantiles"][str(q)]), ours["quantiles"][str(q)]
        assert math.isclose(java, here, rel_tol=1e-9, abs_tol=1e-300), (q, java, here)


def _parts(seed, count, samples, group=4):
    generator = random.Random(seed)
    parts = []
    for _ in range(count):
        values = [generator.lognormvariate(2, 1) for _ in range(samples)]
        parts.append(tdigest.verbose(tdigest.of_values(values, group=group)))
    return parts


MERGED = {
    "many": _parts(1, 100, 500),
    "few small ones": _parts(2, 3, 5, group=1),
    "with empty ones": [tdigest.verbose([]), *_parts(3, 2, 50), tdigest.verbose([])],
    "only empty ones": [tdigest.verbose([]), tdigest.verbose([])],
    "one sample": [tdigest.verbose([(4.5, 1.0)])],
    "two samples": [tdigest.verbose([(4.5, 1.0)]), tdigest.verbose([(-3.0, 1.0)])],
    "one heavy centroid": [tdigest.verbose([(4.5, 1000.0)], low=1.0, high=9.0)],
    "heavy ends": [tdigest.verbose([(4.0, 50.0), (5.0, 50.0)], low=1.0, high=9.0)] * 3,
    "one value again and again": [tdigest.verbose([(7.0, 10.0)])] * 30,
    "more than an int holds": [tdigest.verbose([(1.0, 1.0), (2.0, 2.0**33), (3.0, 2.0**40), (9.0, 1.0)])] * 2,
    "as many as a double counts": [tdigest.verbose([(1.0, 1.0), (2.0, MAX_WEIGHT - 2), (9.0, 1.0)])],
    "around zero": [tdigest.verbose([(-2.0, 1.0), (-1e-300, 5.0), (0.0, 3.0), (1e-300, 5.0), (2.0, 1.0)])] * 5,
    "wide": [tdigest.verbose([(-1e300, 1.0), (-1.0, 20.0), (1.0, 20.0), (1e300, 1.0)])] * 5,
    "other compressions": [tdigest.verbose(tdigest.of_values(range(1000), group=3), compression=c) for c in (20.0, 500.0)],
    "the small layout": [tdigest.small(tdigest.of_values(range(1000), group=10))] * 2,
}


@pytest.mark.parametrize("name", MERGED)
def test_merged_digests_are_read_with_the_same_quantiles(java_tool, name):
    check_same(java_tool, merge(*MERGED[name]))


@pytest.mark.parametrize("options", [(), ("--small",)], ids=["verbose", "small"])
@pytest.mark.parametrize(
    "values",
    [[], [3.25], [3.25, -1.5], [5.0] * 400, [k / 8 for k in range(-4000, 4000)]],
    ids=["none", "one", "two", "equal", "many"],
)
def test_encoded_digests_are_read_with_the_same_quantiles(java_tool, values, options):
    check_same(java_tool, encode(values, *options))


@pytest.mark.parametrize("small", [False, True], ids=["verbose", "small"])
@pytest.mark.parametrize("count", [1, 2, 3, 100, 5000])
def test_both_see_the_same_in_what_the_library_writes(java_tool, count, small):
    generator = random.Random(count)
    check_same(java_tool, java_tool.encode([generator.gauss(0, 100) for _ in range(count)], 100.0, small))
