"""The agent's parser beside a second grammar, written from the protocol's description alone (tests/differential)."""

import pathlib
import sys

import pytest
from support.agent import binary, is_sanitized

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "differential"))

import compare  # noqa: E402
import digest  # noqa: E402
import generate  # noqa: E402

pytestmark = pytest.mark.quick

LINES = 50_000
SEED = 20251121
CODES = """line_too_long unterminated_line control_character invalid_utf8 unknown_command unknown_type missing_metric
missing_value missing_timestamp missing_token bad_token unexpected_field bad_metric bad_timestamp timestamp_too_old
timestamp_too_far_ahead bad_value value_out_of_range bad_base64 bad_digest bad_tag bad_tag_name tag_value_too_long
duplicate_tag too_many_tags bad_by_node""".split()


def test_both_parsers_agree():
    lines = LINES // 5 if is_sanitized() else LINES
    tally = compare.compare(binary(), SEED, lines)
    assert not tally.differences, "\n".join(tally.differences)
    assert tally.lines == lines
    # A generator that makes nothing but noise, or nothing but good lines, would find nothing.
    assert tally.accepted > 0.4 * lines and tally.rejected > 0.25 * lines
    for kind in ("counter", "gauge", "histogram", "sample", "point"):
        assert tally.kinds[f"sample {kind}"] > 0.03 * lines, kind
    if lines == LINES:
        assert {kind.split()[1] for kind in tally.kinds if kind.startswith("error")} == set(CODES)


def test_the_generator_is_the_same_for_the_same_seed():
    def lines(seed):
        generator = generate.Generator(seed)
        return [generator.line(number) for number in range(300)]

    assert lines(7) == lines(7) != lines(8)


@pytest.mark.parametrize("change", ["value", "tags", "by_node", "code", "column", "missing", "extra"])
def test_a_difference_is_found(change):
    """The comparison itself: an answer that is off in one place does not pass."""
    judge = compare.Judge(generate.NOW_MS)
    good, bad = judge.judge(b"mabs c a 1 t=v"), judge.judge(b"mabs c a x")
    answer = {"type": "counter", "metric": "a", "value": 1, "tags": {"t": "v"}, "by_node": False}
    error = {"error": {"code": "bad_value", "message": "m", "column": 10}}
    assert compare._difference(good, dict(answer)) is None and compare._difference(bad, error) is None
    wrong = {
        "value": (good, {**answer, "value": 2}),
        "tags": (good, {**answer, "tags": {}}),
        "by_node": (good, {**answer, "by_node": True}),
        "code": (bad, {"error": {"code": "bad_tag", "message": "m", "column": 10}}),
        "column": (bad, {"error": {"code": "bad_value", "message": "m", "column": 9}}),
        "missing": (good, None),
        "extra": (None, answer),
    }[change]
    assert compare._difference(*wrong)


def test_the_second_reader_reads_all_vectors():
    """What judges the agent is itself held against digests whose content is known."""
    for vector in _vectors("vectors.jsonl"):
        readings = digest.read(digest.decode_base64(vector["base64"].encode()))
        by_layout = {reading.layout: reading.facts() for reading in readings}
        facts = by_layout[vector["layout"]] if vector["layout"] in by_layout else readings[0].facts()
        assert facts["count"] == vector["count"], vector["name"]
        if vector["has_min_max"] and vector["count"]:
            assert (facts["min"], facts["max"]) == (vector["min"], vector["max"]), vector["name"]
    for vector in _vectors("hostile.jsonl"):
        payload = digest.decode_base64(vector["base64"].encode())
        assert payload is None or not digest.read(payload), vector["name"]


def _vectors(name):
    return [compare.json.loads(line) for line in (generate._DATA / name).read_text(encoding="utf-8").splitlines()]
