"""The reference reader: what it makes of records, and that it finds every wrong input. It is what docs/consuming.md shows, and the
judge of other tests, so it must not pass what is wrong."""

import json
import math
import random

import pytest
from support import tdigest
from support.agent import run
from support.reader import RUN, kcat_line, read

pytestmark = pytest.mark.quick

OTHER_RUN = "0d9a5a55-2f4c-4f5e-8a56-6e5d1b0c9a42"
TS = 1763750400


def counter(value, lines=1, metric="c", ts=TS):
    return {"v": 1, "type": "counter", "metric": metric, "tags": {}, "ts": ts, "interval": 60, "lines": lines, "value": value}


def gauge(last, last_ts, low, high, total, count):
    common = {"v": 1, "type": "gauge", "metric": "g", "tags": {}, "ts": TS, "interval": 60, "lines": count, "value": last}
    return {**common, "last_ts": last_ts, "min": low, "max": high, "sum": total, "count": count}


def histogram(values, lines=1, **changed):
    digest = tdigest.verbose(tdigest.of_values(values, group=1 if len(values) < 50 else 4))
    common = {"v": 1, "type": "histogram", "metric": "h", "tags": {}, "ts": TS, "interval": 60, "lines": lines, "count": len(values)}
    facts = {"min": min(values, default=None), "max": max(values, default=None), "sum": math.fsum(values)}
    return {**common, **facts, "digest": tdigest.text(digest), **changed}


def point(value):
    return {"v": 1, "type": "point", "metric": "p", "tags": {}, "ts": TS + 0.5, "interval": 0, "lines": 1, "value": value}


def numbered(values, **options):
    return [kcat_line(value, seq, **options) for seq, value in enumerate(values, 1)]


def test_counters_add_up_by_series_and_bucket():
    values = [counter(5, 2), counter(7), counter(1, ts=TS + 60), counter(2**63 - 1, metric="big"), counter(2**63 - 1, metric="big")]
    answer = read(numbered(values))
    assert answer.code == 0, answer.errors
    found = {(item["key"], item["ts"]): (item["value"], item["lines"]) for item in answer.of_type("counter")}
    assert found == {("c", TS): (12, 3), ("c", TS + 60): (1, 1), ("big", TS): (2**64 - 2, 2)}


def test_gauges_merge_to_the_last_by_time_and_the_outer_bounds():
    values = [gauge(3.0, 2000, 1.0, 5.0, 9.0, 3), gauge(7.0, 3000, -2.0, 7.0, 5.0, 2), gauge(1.0, 2500, 0.0, 9.0, 9.5, 2)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        answer = read([kcat_line(values[at], at + 1) for at in order])
        item = answer.one("gauge")
        assert (item["value"], item["last_ts"], item["min"], item["max"], item["sum"], item["count"]) == (7, 3000, -2, 9, 23.5, 7)
        assert item["lines"] == 7


def test_of_gauges_at_one_time_the_later_sealed_is_the_last():
    values = [gauge(4.0, 2000, 4.0, 4.0, 4.0, 1), gauge(3.0, 2000, 3.0, 3.0, 3.0, 1)]
    lines = numbered(values)
    for order in (lines, lines[::-1]):
        assert read(order).one("gauge")["value"] == 3.0


def test_histograms_of_many_hosts_give_the_true_percentiles():
    """Averages of the hosts' percentiles would be far off: every host has another shape."""
    generator = random.Random(4)
    hosts = [[generator.lognormvariate(host / 3, 0.5) for _ in range(300 + 200 * host)] for host in range(9)]
    runs = [f"{RUN[:-1]}{host}" for host in range(9)]
    lines = [kcat_line(histogram(values, 300), 1, run=name) for name, values in zip(runs, hosts)]
    item = read(lines, "--quantiles", "0.01,0.5,0.9,0.99").one("histogram")
    everything = sorted(value for values in hosts for value in values)
    assert (item["min"], item["max"], item["count"]) == (everything[0], everything[-1], len(everything))
    assert math.isclose(item["sum"], math.fsum(everything), rel_tol=1e-9) and item["lines"] == 2700
    for q, found in item["quantiles"].items():
        assert tdigest.rank_error(everything, float(q), found) < 0.005, (q, found)
    average = sum(sorted(values)[int(len(values) * 0.9)] for values in hosts) / 9
    assert tdigest.rank_error(everything, 0.9, average) > 0.02


def test_quantiles_are_those_of_digest_show():
    """Light and heavy centroids in any order, at the ends too."""
    generator = random.Random(5)
    options = ["--quantiles", ",".join(str(q / 40) for q in range(41))]
    for number in range(30):
        means = sorted(generator.gauss(0, 9) for _ in range(generator.choice((1, 2, 3, 10, 50))))
        centroids = [(mean, float(generator.choice((1, 1, 2, 3, 50)))) for mean in means]
        low, high = means[0] - generator.choice((0, 1)), means[-1] + generator.choice((0, 1))
        text = tdigest.text(tdigest.verbose(centroids, low=low, high=high))
        value = histogram([1.0], min=low, max=high, count=sum(weight for _, weight in centroids), digest=text)
        quantiles = read([kcat_line(value, 1)], *options).one("histogram")["quantiles"]
        shown = json.loads(run("digest", "show", "--json", *options, stdin=text.encode() + b"\n").stdout)["quantiles"]
        theirs = {float(q): value for q, value in shown.items()}
        assert len(theirs) == len(quantiles) == 41
        for q, found in quantiles.items():
            assert math.isclose(found, theirs[float(q)], rel_tol=1e-9, abs_tol=1e-12), (number, q)


def test_empty_digests_add_nothing():
    answer = read(numbered([histogram([]), histogram([2.0, 4.0]), histogram([])]))
    item = answer.one("histogram")
    assert (item["min"], item["max"], item["count"], item["quantiles"]["0.5"]) == (2, 4, 2, 4)
    alone = read(numbered([histogram([])])).one("histogram")
    assert (alone["min"], alone["max"], alone["count"], alone["quantiles"]["0.5"]) == (None, None, 0, None)


def test_points_stand_alone_even_equal_ones():
    answer = read(numbered([point(1), point(1), point(2.5)], topic="tsdb"))
    assert [(item["key"], item["ts"], item["value"]) for item in answer.of_type("point")] == [
        ("p", TS + 0.5, 1),
        ("p", TS + 0.5, 1),
        ("p", TS + 0.5, 2.5),
    ]


def test_the_agents_own_records_are_shown():
    value = {"v": 1, "type": "agent", "host": "h", "run": RUN, "received": 3, "topics": {}}
    assert read([kcat_line(value, 1, topic="mabs.agent")]).one("agent")["received"] == 3


def test_what_comes_again_counts_once_and_gaps_are_told():
    lines = [kcat_line(counter(1), seq) for seq in (1, 2, 5, 9)]
    again = json.dumps({**json.loads(lines[1]), "partition": 2, "offset": 77, "ts": 1})  # the place in Kafka is another one
    other = kcat_line(counter(10), 2, run=OTHER_RUN)
    elsewhere = kcat_line(counter(100), 1, topic="mabs.by_node")
    answer = read([lines[3], again, other, *lines, lines[0], elsewhere])
    assert answer.code == 0, answer.errors
    assert {item["topic"]: item["value"] for item in answer.of_type("counter")} == {"mabs": 14, "mabs.by_node": 100}
    found = answer.runs()["mabs", RUN]
    assert (found["records"], found["last_seq"], found["duplicates"]) == (4, 9, 3)
    assert (found["missing"], found["missing_seqs"]) == (5, [[3, 4], [6, 8]])
    assert answer.runs()["mabs", OTHER_RUN]["missing_seqs"] == [[1, 1]]
    assert answer.runs()["mabs.by_node", RUN]["missing_seqs"] == []


def test_nothing_is_nothing():
    answer = read(b"")
    assert (answer.code, answer.items, answer.errors) == (0, [], "")


def _headers(*headers):
    return kcat_line(counter(1), 2, headers=list(headers))


def _without(value, name):
    return kcat_line({other: value[other] for other in value if other != name}, 2)


FIRST = kcat_line(counter(1), 1)
# Each beside one good record; the text is what standard error must name.
WRONGS = {
    "other value": (kcat_line(counter(2), 1), f"run {RUN} seq 1: came twice"),
    "other key": (kcat_line(counter(1), 1, key="d"), f"run {RUN} seq 1: came twice"),
    "one more header": (kcat_line(counter(1), 1, headers=["run", RUN, "seq", "1", "x", "y"]), "came twice"),
    "headers in another order": (kcat_line(counter(1), 1, headers=["seq", "1", "run", RUN]), "came twice"),
    "no JSON": ("{", "not a line"),
    "other JSON": ("[1]", "not a line"),
    "kcat without headers": (json.dumps({"topic": "mabs", "ts": 1, "key": "c", "payload": "{}"}), "not a line"),
    "no headers at all": (kcat_line(counter(1), 2, headers=None), "not a line"),
    "no key": (kcat_line(counter(1), 2, key=None), "not a line"),
    "no payload": (kcat_line(counter(1), 2, payload=None), "not a line"),
    "no run": (_headers("seq", "2"), "one good run"),
    "no seq": (_headers("run", RUN), "one good seq"),
    "two seqs": (_headers("run", RUN, "seq", "2", "seq", "2"), "one good seq"),
    "seq 0": (kcat_line(counter(1), 0), "one good seq"),
    "seq with a zero in front": (_headers("run", RUN, "seq", "02"), "one good seq"),
    "seq negative": (_headers("run", RUN, "seq", "-2"), "one good seq"),
    "seq of other digits": (_headers("run", RUN, "seq", "٢"), "one good seq"),
    "seq endless": (_headers("run", RUN, "seq", "2" * 5000), "one good seq"),
    "seq null": (_headers("run", RUN, "seq", None), "one good seq"),
    "payload no JSON": (kcat_line(counter(1), 2, payload="1,"), "seq 2: not one of our records"),
    "payload no object": (kcat_line([], 2), "seq 2: not one of our records"),
    "newer version": (kcat_line({**counter(1), "v": 2}, 2), "seq 2: a version"),
    "unknown type": (kcat_line({**counter(1), "type": "timer"}, 2), "seq 2: a type"),
    "type no text": (kcat_line({**counter(1), "type": ["counter"]}, 2), "seq 2: "),
    "counter without value": (_without(counter(1), "value"), "seq 2: without"),
    "counter of text": (kcat_line({**counter(1), "value": "1"}, 2), "seq 2: without"),
    "without ts": (_without(counter(1), "ts"), "seq 2: without"),
    "without lines": (_without(counter(1), "lines"), "seq 2: without"),
    "point without value": (_without(point(1), "value"), "seq 2: without"),
    "gauge without last_ts": (_without(gauge(1.0, 1, 1.0, 1.0, 1.0, 1), "last_ts"), "seq 2: without"),
    "histogram without digest": (_without(histogram([1.0]), "digest"), "seq 2: without"),
    "digest no Base64": (kcat_line(histogram([1.0], digest="?"), 2), "seq 2: a digest"),
    "digest cut off": (kcat_line(histogram([1.0], digest=histogram([1.0])["digest"][:-8]), 2), "seq 2: a digest"),
    "digest in the small layout": (
        kcat_line(histogram([1.0], digest=tdigest.text(tdigest.small([(1.0, 1.0)]))), 2),
        "seq 2: a digest",
    ),
    "count and digest differ": (kcat_line(histogram([1.0], count=2), 2), "seq 2: count 2"),
}


@pytest.mark.parametrize("name", WRONGS)
def test_wrong_input_is_found_and_the_rest_is_read(name):
    line, text = WRONGS[name]
    for lines in ([FIRST, line], [line, FIRST]) if "twice" not in text else ([FIRST, line],):
        answer = read(lines)
        assert answer.code == 1
        assert text in answer.errors and "Traceback" not in answer.errors, answer.errors
        assert answer.one("counter")["value"] == 1


def test_a_flood_of_wrong_lines_is_not_repeated_in_full():
    answer = read([FIRST, *["{"] * 5000])
    assert answer.code == 1 and len(answer.errors.splitlines()) < 30 and "5000" in answer.errors


@pytest.mark.parametrize("text", ["", "x", "2", "0.5,-1"])
def test_wrong_quantiles_are_refused(text):
    answer = read(b"", "--quantiles", text)
    assert answer.code == 2 and "--quantiles" in answer.errors
