"""metrics-agent digest encode | show | merge."""

import base64
import json
import random

import pytest
from support import tdigest
from support.agent import run

quick = pytest.mark.quick


def lines(values):
    return "".join(f"{value!r}\n" for value in values).encode()


@quick
def test_encode_writes_the_verbose_layout():
    result = run("digest", "encode", stdin=lines(range(1, 1001)))
    assert result.returncode == 0 and result.stdout.count(b"\n") == 1
    digest = tdigest.Digest.of_text(result.stdout.strip())
    digest.check()
    assert (digest.count, digest.min, digest.max, digest.compression) == (1000, 1, 1000, 100)


@quick
def test_encode_takes_a_compression():
    sizes = []
    for compression in ("20", "100", "500"):
        result = run("digest", "encode", "--compression", compression, stdin=lines(range(10_000)))
        digest = tdigest.Digest.of_text(result.stdout.strip())
        digest.check()
        assert digest.compression == float(compression) and digest.count == 10_000
        sizes.append(len(digest.centroids))
    assert sizes == sorted(sizes) and len(set(sizes)) == 3


@quick
def test_encode_of_nothing_is_an_empty_digest():
    result = run("digest", "encode", stdin=b"")
    assert result.returncode == 0
    assert tdigest.Digest.of_text(result.stdout.strip()).count == 0


@quick
@pytest.mark.parametrize("text", [b"1\nx\n2\n", b"nan\n", b"1 2\n", b"0x1\n"])
def test_encode_refuses_what_is_no_number(text):
    result = run("digest", "encode", stdin=text)
    assert result.returncode == 1 and result.stderr and not result.stdout


@quick
def test_show_as_json():
    payload = tdigest.text(tdigest.verbose(tdigest.of_values(range(1, 1001), group=10)))
    small = tdigest.text(tdigest.small([(1.0, 1.0), (2.0, 1.0)]))
    result = run("digest", "show", "--json", "--quantiles", "0.5,0.90,0.99", stdin=f"{payload}\n\n{small}\nAAAA\n".encode())
    assert result.returncode == 1, "one of them was bad"
    first, empty, third, bad = (json.loads(line) for line in result.stdout.splitlines())
    assert (first["count"], first["min"], first["max"], first["sum"], first["layout"]) == (
        1000,
        1,
        1000,
        500500,
        "merging-verbose",
    )
    assert first["compression"] == 100 and set(first["quantiles"]) == {"0.5", "0.90", "0.99"}
    assert abs(first["quantiles"]["0.90"] - 900) < 15
    assert "error" in empty and "error" in bad
    assert third["layout"] == "merging-small" and third["count"] == 2


@quick
def test_show_for_people():
    payload = tdigest.text(tdigest.verbose(tdigest.of_values(range(1, 1001), group=10)))
    result = run("digest", "show", stdin=payload.encode() + b"\n")
    assert result.returncode == 0
    for word in (b"count", b"min", b"max", b"1000"):
        assert word in result.stdout
    assert b"\x1b" not in result.stdout, "no colours into a pipe"


@quick
def test_merge_keeps_all_weight_and_the_bounds():
    generator = random.Random(1)
    parts, everything = [], []
    for _ in range(50):
        values = [generator.expovariate(1) for _ in range(200)]
        everything += values
        parts.append(tdigest.text(tdigest.verbose(tdigest.of_values(values, group=4))))
    result = run("digest", "merge", stdin="\n".join(parts).encode() + b"\n")
    assert result.returncode == 0
    digest = tdigest.Digest.of_text(result.stdout.strip())
    digest.check()
    assert (digest.count, digest.min, digest.max) == (len(everything), min(everything), max(everything))


@quick
def test_merge_refuses_a_bad_digest():
    result = run("digest", "merge", stdin=b"AAAA\n")
    assert result.returncode == 1 and result.stderr


@quick
def test_wrong_usage():
    for arguments in (
        ["digest"],
        ["digest", "fold"],
        ["digest", "encode", "--compression", "0"],
        ["digest", "show", "--quantiles", "2"],
    ):
        assert run(*arguments).returncode == 2, arguments


@pytest.mark.kafka
def test_the_reference_library_reads_what_encode_and_merge_write(java_tool):
    generator = random.Random(2)
    values = sorted(generator.lognormvariate(2, 1) for _ in range(5000))
    for arguments in (["digest", "encode"], ["digest", "encode", "--compression", "200"]):
        encoded = run(*arguments, stdin=lines(values)).stdout.strip()
        _compare_with_java(java_tool, encoded, values)
    halves = run("digest", "encode", stdin=lines(values[::2])).stdout + run("digest", "encode", stdin=lines(values[1::2])).stdout
    _compare_with_java(java_tool, run("digest", "merge", stdin=halves).stdout.strip(), values)


def _compare_with_java(java_tool, encoded, values):
    quantiles = (0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0)
    facts = java_tool.digest(base64.b64decode(encoded), quantiles)
    assert (facts["size"], facts["min"], facts["max"], facts["bytes_left"]) == (len(values), values[0], values[-1], 0)
    ours = json.loads(run("digest", "show", "--json", "--quantiles", ",".join(map(str, quantiles)), stdin=encoded + b"\n").stdout)
    for q in quantiles:
        java = facts["quantiles"][str(q)]
        assert abs(ours["quantiles"][str(q)] - java) <= 1e-9 * abs(java), q
        assert tdigest.rank_error(values, q, java) < tdigest.rank_tolerance(q)


@pytest.mark.kafka
@pytest.mark.parametrize("small", [False, True], ids=["verbose", "small"])
def test_what_the_reference_library_writes_is_read(java_tool, small):
    generator = random.Random(4)
    values = [float(generator.randrange(10_000)) for _ in range(3000)]
    payload = java_tool.encode(values, 100.0, small)
    shown = json.loads(run("digest", "show", "--json", stdin=tdigest.text(payload).encode() + b"\n").stdout)
    assert (shown["count"], shown["min"], shown["max"]) == (3000, min(values), max(values))
    assert shown["layout"] == ("merging-small" if small else "merging-verbose")
