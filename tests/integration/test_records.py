"""What comes out: merging, topics, keys, headers and exact numbers (records.md), seen through --stdout."""

import json
import random
import struct
import time
import uuid

import pytest
from support import ledger, tdigest
from support.agent import Agent
from support.model import check_histogram
from support.series import key_of
from support.wait import wait_until

pytestmark = pytest.mark.quick

NOW_S = int(time.time()) // 60 * 60 - 60
NEVER = ("--flush-interval", "3600")


def records_of(text, *arguments):
    """All records that these lines come to, flushed once, at the end."""
    with Agent("--stdout", *NEVER, *arguments) as agent:
        _, rejected = agent.send(text)
        assert rejected == 0
        agent.terminate()
        return agent.stdout_records()


def test_a_counter_adds_up_by_bucket():
    lines = [f"mabs c m {NOW_S + offset} {value}\n" for offset, value in ((0, 1), (59, 2), (60, 4), (-1, 8), (30, -16))]
    records = records_of("".join(lines))
    found = {record.json["ts"]: (record.json["value"], record.json["lines"]) for record in records}
    assert found == {NOW_S - 60: (8, 1), NOW_S: (-13, 3), NOW_S + 60: (4, 1)}
    assert all(record.json["interval"] == 60 for record in records)


def test_a_gauge_keeps_the_last_by_timestamp_then_arrival():
    text = f"mabs g m {NOW_S + 9} 3\nmabs g m {NOW_S + 30} 8\nmabs g m {NOW_S + 30}000 5\nmabs g m {NOW_S + 10} 1\n"
    (record,) = records_of(text)
    assert {name: record.json[name] for name in ("value", "last_ts", "min", "max", "sum", "count", "lines")} == {
        "value": 5,
        "last_ts": (NOW_S + 30) * 1000,
        "min": 1,
        "max": 8,
        "sum": 17,
        "count": 4,
        "lines": 4,
    }


def test_samples_and_digests_of_one_name_are_one_series():
    values = list(range(1, 101))
    text = f"mabs h m {NOW_S} {tdigest.text(tdigest.verbose(tdigest.of_values(values, group=4)))}\n"
    text += "".join(f"mabs s m {NOW_S} {value}\n" for value in range(101, 201))
    (record,) = records_of(text)
    digest = check_histogram(record.json)
    assert (digest.count, digest.min, digest.max) == (200, 1, 200)
    assert record.json["lines"] == 101
    assert abs(record.json["sum"] - sum(range(1, 201))) < 1e-6


def test_types_of_one_name_are_series_of_their_own():
    records = records_of(f"mabs c m {NOW_S} 1\nmabs g m {NOW_S} 2\nmabs s m {NOW_S} 3\nput m {NOW_S} 4\n")
    assert sorted((record.topic, record.json["type"]) for record in records) == [
        ("mabs", "counter"),
        ("mabs", "gauge"),
        ("mabs", "histogram"),
        ("tsdb", "point"),
    ]


def test_only_the_flagged_part_is_on_by_node():
    text = (
        f"mabs c m {NOW_S} 1 a=1 by_node=True\nmabs c m {NOW_S} 10 a=1\nmabs c m {NOW_S} 100 by_node=1 a=1\nmabs c n {NOW_S} 1\n"
    )
    text += f"mabs g g {NOW_S} 7 by_node=true\nmabs g g {NOW_S + 1} 9\nmabs s s {NOW_S} 2 by_node=1\nmabs s s {NOW_S} 3\n"
    records = {(record.topic, record.key.decode()): record.json for record in records_of(text, "--host", "web-1")}
    assert set(records) == {
        ("mabs", "m{a=1}"),
        ("mabs", "n"),
        ("mabs", "g"),
        ("mabs", "s"),
        ("mabs.by_node", "m{a=1,node=web-1}"),
        ("mabs.by_node", "g{node=web-1}"),
        ("mabs.by_node", "s{node=web-1}"),
    }
    assert (records["mabs", "m{a=1}"]["value"], records["mabs", "m{a=1}"]["lines"]) == (111, 3)
    flagged = records["mabs.by_node", "m{a=1,node=web-1}"]
    assert (flagged["value"], flagged["lines"], flagged["node"], flagged["tags"]) == (101, 2, "web-1", {"a": "1"})
    assert records["mabs", "g"]["value"] == 9 and records["mabs.by_node", "g{node=web-1}"]["value"] == 7
    assert records["mabs", "s"]["count"] == 2 and records["mabs.by_node", "s{node=web-1}"]["count"] == 1
    assert not any("node" in value for (topic, _), value in records.items() if topic == "mabs")


def test_each_put_is_one_record_and_does_not_wait_for_the_flush():
    with Agent("--stdout", *NEVER) as agent:
        agent.send(f"put p {NOW_S} 1 a=1\n" * 3 + f"put p {NOW_S}500 1 a=1\nput p {NOW_S} 1\n")
        records = wait_until(
            lambda: [r for r in agent.stdout_records() if r.topic == "tsdb"][4:] and agent.stdout_records(), 20, "5 points"
        )
        assert [(record.key.decode(), record.json["ts"]) for record in records] == [
            ("p{a=1}", NOW_S),
            ("p{a=1}", NOW_S),
            ("p{a=1}", NOW_S),
            ("p{a=1}", NOW_S + 0.5),
            ("p", NOW_S),
        ]
        assert len({record.seq for record in records}) == 5


@pytest.mark.parametrize("value", ["/a,b", "}", "\\", "a=b", "{x}", '"', ",,}}\\\\", "größe/日本"])
def test_keys_are_escaped_and_values_are_not(value):
    (record,) = records_of(f"mabs c m {NOW_S} 1 t={value} a=1\n")
    assert record.key.decode() == key_of("m", [("t", value), ("a", "1")])
    assert record.json["tags"] == {"a": "1", "t": value}


def test_tags_are_sorted_by_bytes():
    (record,) = records_of(f"mabs c m {NOW_S} 1 ä=1 b=1 B=1 a10=1 a1=1 a.b=1 z=1\n")
    assert record.key.decode() == "m{B=1,a.b=1,a1=1,a10=1,b=1,z=1,ä=1}"


def test_sums_that_would_overflow_are_flushed_first():
    top, bottom = 2**63 - 1, -(2**63)
    lines = [f"mabs c up {NOW_S} {top}\n"] * 3 + [f"mabs c down {NOW_S} {bottom}\n"] * 2 + [f"mabs c up {NOW_S} -5\n"]
    records = records_of("".join(lines))
    by_key = {}
    for record in records:
        assert -(2**63) <= record.json["value"] < 2**63
        by_key.setdefault(record.key, []).append(record.json)
    assert sum(value["value"] for value in by_key[b"up"]) == 3 * top - 5
    assert sum(value["value"] for value in by_key[b"down"]) == 2 * bottom
    assert sum(value["lines"] for value in by_key[b"up"]) == 4


def test_gauge_sums_never_become_infinite():
    records = records_of(f"mabs g m {NOW_S} 1.7e308\n" * 3)
    assert sum(record.json["count"] for record in records) == 3
    assert all(record.json["sum"] in (1.7e308, 1.7e308 * 1) for record in records)
    assert all(record.json["max"] == 1.7e308 for record in records)


def test_digest_weight_stays_below_2_53():
    heavy = tdigest.text(tdigest.verbose([(1.0, 2.0**52), (2.0, 2.0**51)]))
    records = records_of(f"mabs h m {NOW_S} {heavy}\n" * 3)
    assert all(record.json["count"] <= 2**53 for record in records)
    assert sum(record.json["count"] for record in records) == 3 * (2**52 + 2**51)


def test_late_lines_give_one_more_record_of_their_bucket():
    with Agent("--stdout", "--flush-interval", "0.2") as agent:
        for number in range(1, 4):
            agent.send(f"mabs c m {NOW_S} {number}\nmabs s s {NOW_S} {number}\n")
            wait_until(lambda: len(agent.stdout_records()) >= 2 * number, 20, "a flush")
        agent.terminate()
        records = agent.stdout_records()
    counters = [record.json for record in records if record.json["type"] == "counter"]
    assert [(value["ts"], value["value"]) for value in counters] == [(NOW_S, 1), (NOW_S, 2), (NOW_S, 3)]
    samples = [record.json for record in records if record.json["type"] == "histogram"]
    assert [(value["ts"], value["count"], value["sum"]) for value in samples] == [(NOW_S, 1, 1), (NOW_S, 1, 2), (NOW_S, 1, 3)]


def test_an_unchanged_bucket_is_not_sent_again():
    with Agent("--stdout", "--flush-interval", "0.1") as agent:
        agent.send(f"mabs c m {NOW_S} 1\n")
        wait_until(agent.stdout_records, 20, "a flush")
        # Ten flushes later, seen by the records of another series.
        for number in range(10):
            agent.send(f"mabs c other {NOW_S} 1\n")
            wait_until(lambda: len(agent.stdout_records()) >= number + 2, 20, "a flush")
        assert [record.key for record in agent.stdout_records()].count(b"m") == 1


@pytest.mark.parametrize("resolution, buckets", [("60", 2), ("1", 4), ("0.5", 5), ("3600", None)])
def test_the_resolution_makes_the_buckets(resolution, buckets):
    offsets_ms = (0, 499, 500, 1000, 2999, 60_000)
    records = records_of("".join(f"mabs c m {NOW_S * 1000 + offset} 1\n" for offset in offsets_ms), "--resolution", resolution)
    step_ms = round(float(resolution) * 1000)
    expected = {(NOW_S * 1000 + offset) // step_ms * step_ms for offset in offsets_ms}
    assert {round(record.json["ts"] * 1000) for record in records} == expected
    assert buckets is None or len(records) == buckets
    assert all(record.json["interval"] == float(resolution) for record in records)


def test_headers_number_each_topic_from_one():
    with Agent("--stdout", "--flush-interval", "0.1", "--host", "h") as agent:
        for number in range(5):
            agent.send(f"mabs c m{number} 1 by_node=1\nmabs c k{number} 1\nput p {NOW_S} 1\n")
            wait_until(lambda: len(agent.stdout_records()) >= 4 * (number + 1), 20, "a flush")
        agent.terminate()
        records = agent.stdout_records()
    assert len({record.run for record in records}) == 1
    assert uuid.UUID(records[0].run).version == 4
    assert records[0].run == str(uuid.UUID(records[0].run))
    for topic, count in (("mabs", 10), ("mabs.by_node", 5), ("tsdb", 5)):
        assert [record.seq for record in records if record.topic == topic] == list(range(1, count + 1))


def test_each_start_is_a_run_of_its_own():
    runs = {records_of(f"mabs c m {NOW_S} 1\n")[0].run for _ in range(3)}
    assert len(runs) == 3


def test_numbers_are_the_shortest_that_parse_back():
    generator = random.Random(7)
    values = [0.1, 1 / 3, 1e21, 1e22, 123456789.125, 2.0**53, 5e-324, 1.7976931348623157e308, 4.35, 0.000001, 1e-7]
    while len(values) < 2000:
        (value,) = struct.unpack(">d", struct.pack(">Q", generator.getrandbits(64)))
        if value == value and abs(value) != float("inf"):
            values.append(value)
    text = "".join(
        f"put n{number} {NOW_S} {value!r}\nmabs g n{number} {NOW_S} {value:.20e}\n" for number, value in enumerate(values)
    )
    with Agent("--stdout", *NEVER) as agent:
        assert agent.send(text) == (2 * len(values), 0)
        agent.terminate()
        lines = agent.stdout.splitlines()
    seen = 0
    for line in lines:
        record = json.loads(line, parse_float=str, parse_int=str)["value"]
        if record["type"] == "agent":
            continue
        value = values[int(record["metric"][1:])]
        names = ("value",) if record["type"] == "point" else ("value", "min", "max", "sum")
        for name in names:
            assert float(record[name]) == value, (name, record)
            assert len(record[name]) <= len(repr(value)), (record[name], value)
        seen += 1
    assert seen == 2 * len(values)


def test_the_agents_own_record_holds_the_ledger():
    with Agent("--stdout", *NEVER, "--host", "web-1") as agent:
        agent.send("mabs c a 1 by_node=1\n" * 10 + f"put p {NOW_S} 1\n" * 3 + "nonsense\n" * 2 + "mabs c a x\n")
        agent.terminate()
        (record,) = agent.stdout_agent_records()
        run = agent.stdout_records()[0].run
    assert record.key == b"web-1" and (record.run, record.seq) == (run, 1)
    value = record.json
    assert (value["v"], value["type"], value["host"], value["run"]) == (1, "agent", "web-1", run)
    assert (value["received"], value["accepted"]) == (16, 13)
    assert value["rejected"] == {"unknown_command": 2, "bad_value": 1}
    assert [value["topics"][topic]["accepted"] for topic in ledger.TOPICS] == [10, 10, 3]
    assert abs(value["start"] + value["uptime"] - time.time()) < 60
    ledger.check_record(value)


def test_integers_stay_integers():
    values = [0, 1, -1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
    text = "".join(f"put n{number} {NOW_S} {value}\nmabs c c{number} {NOW_S} {value}\n" for number, value in enumerate(values))
    for record in records_of(text):
        value = record.json["value"]
        assert type(value) is int and value == values[int(record.json["metric"][1:])]


def test_a_quantile_of_many_samples_is_right():
    generator = random.Random(3)
    values = sorted(generator.lognormvariate(3, 1) for _ in range(20_000))
    shuffled = values[:]
    generator.shuffle(shuffled)
    (record,) = records_of("".join(f"mabs s m {NOW_S} {value!r}\n" for value in shuffled))
    digest = check_histogram(record.json)
    assert digest.count == len(values)
    # Without any interpolation: the mean of the centroid that holds the rank.
    for q in (0.01, 0.1, 0.5, 0.9, 0.99, 0.999):
        passed = 0.0
        for mean, weight in digest.centroids:
            passed += weight
            if passed >= q * len(values):
                break
        assert tdigest.rank_error(values, q, mean) < 0.02 * (4 * q * (1 - q)) ** 0.5 + 0.0005
