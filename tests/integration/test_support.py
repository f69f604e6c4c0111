"""The tests' own instruments, held against others: a wrong ruler must not pass for a right agent."""

import base64
import copy
import random
import struct
import subprocess
import time

import pytest
from support import kcat as kcat_tool
from support import murmur2, tdigest
from support.load import Load
from support.model import TopicModel
from support.record import Record
from support.series import bucket_of, key_of

RUN = "9b2c7e0e-7c0d-4f0e-9d52-1d2f0a1b7c11"


@pytest.mark.quick
def test_murmur2_of_known_keys():
    known = {
        b"21": -973932308,
        b"foobar": -790332482,
        b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829,
        b"abc": 479470107,
    }
    for key, expected in known.items():
        assert murmur2.murmur2(key) == expected & 0xFFFFFFFF


@pytest.mark.quick
def test_keys():
    assert key_of("m", []) == "m"
    assert key_of("m", [("b", "2"), ("a", "1")]) == "m{a=1,b=2}"
    assert key_of("m", [], "h") == "m{node=h}"
    assert key_of("m", [("z", "1")], "h") == "m{z=1,node=h}"
    assert key_of("m", [("a", "x,y}\\"), ("b", "")]) == "m{a=x\\,y\\}\\\\}"
    assert bucket_of(119_999) == 60


@pytest.mark.quick
def test_digests_come_back_as_written():
    centroids = [(1.0, 1.0), (2.5, 4.0), (9.0, 1.0)]
    digest = tdigest.Digest(tdigest.verbose(centroids, compression=50.0))
    digest.check()
    assert digest.centroids == centroids and (digest.count, digest.min, digest.max, digest.compression) == (6, 1, 9, 50)


@pytest.mark.quick
def test_a_load_counts_its_own_lines():
    load = Load(20_000, connections=3, series=300, seed=1)
    lines = sum(1 for part in load.data for line in part.split(b"\n") if line.strip(b" \t\r"))
    assert lines == load.lines == 20_000
    assert sum(load.reasons.values()) == sum(load.rejected)
    assert load.topics["mabs"].lines + load.topics["tsdb"].lines == sum(load.accepted)
    assert Load(500, seed=5, now_s=1_000_000_000).data == Load(500, seed=5, now_s=1_000_000_000).data


def _records_of(sums, topic, node=None):
    """The records that a right agent would make of a load: two for each bucket, the lines without a time in the current one."""
    records, seq = [], 0
    now = bucket_of(int(time.time() * 1000))

    def add(key, value, metric_and_tags):
        nonlocal seq
        seq += 1
        metric, tags = metric_and_tags
        value = {"v": 1, "metric": metric, "tags": tags, **value, **({"node": node} if node else {})}
        headers = (("run", RUN.encode()), ("seq", str(seq).encode()))
        record = Record(topic, murmur2.partition(key.encode(), 3), seq, int(time.time() * 1000), headers, key.encode(), b"-")
        record.json = value
        records.append(record)

    for (kind, key), buckets in sums.series.items():
        for bucket, state in buckets.items():
            common = {"type": kind, "ts": now if bucket is None else bucket, "interval": 60, "lines": state.lines}
            parts = _parse_key(key, node)
            if kind == "counter":
                add(key, {**common, "lines": 1, "value": state.value - 5}, parts)
                add(key, {**common, "lines": state.lines - 1 or 1, "value": 5}, parts)
                if state.lines == 1:
                    records.pop()
                    records[-1].json["value"] += 5
                    seq -= 1
            elif kind == "gauge":
                last_ts = common["ts"] * 1000 if bucket is None else state.last[0]
                gauge = {"last_ts": last_ts, "value": state.value, "min": state.low, "max": state.high, "sum": state.sum}
                add(key, {**common, **gauge, "count": state.count}, parts)
            else:
                ends = [(state.low, 1.0), (state.high, 1.0)] if state.count > 1 else [(state.low, 1.0)]
                if state.count > 2:
                    middle = state.count - 2
                    ends.insert(1, ((state.sum - state.low - state.high) / middle, float(middle)))
                text = tdigest.text(tdigest.verbose(ends))
                histogram = {"count": state.count, "min": state.low, "max": state.high, "sum": state.sum, "digest": text}
                add(key, {**common, **histogram}, parts)
    for (key, time_ms, value), count in sums.points.items():
        for _ in range(count):
            add(key, {"type": "point", "ts": time_ms / 1000, "interval": 0, "lines": 1, "value": value}, _parse_key(key, node))
    return records


def _parse_key(key, node):
    """The inverse of key_of for the keys of a load."""
    metric, brace, rest = key.partition("{")
    tags, text, at = {}, "", 0
    if brace:
        rest = rest[:-1]
        while at <= len(rest):
            if at == len(rest) or rest[at] == ",":
                name, _, value = text.partition("=")
                if not (node and name == "node"):
                    tags[name] = value
                text = ""
            elif rest[at] == "\\":
                at += 1
                text += rest[at]
            else:
                text += rest[at]
            at += 1
    return metric, tags


@pytest.fixture(scope="module")
def load():
    return Load(20_000, connections=3, series=300, seed=2)


@pytest.mark.quick
@pytest.mark.parametrize("topic, node", [("mabs", None), ("mabs.by_node", "host-a"), ("tsdb", None)])
def test_the_model_accepts_a_right_agent(load, topic, node):
    records = _records_of(load.topics[topic], topic, node)
    model = TopicModel().feed(records).feed(records)  # everything twice
    assert model.duplicates == len(records)
    model.check_no_gaps()
    model.check_sums(load.topics[topic])


def _lost(_, records):
    del records[len(records) // 2]


def _buckets(sums, record):
    return sums.series[record.json["type"], record.key.decode()]


def _changed(name, amount):
    def change(sums, records):
        record = next(record for record in records if name in record.json and None not in _buckets(sums, record))
        record.json = {**record.json, name: record.json[name] + amount}

    return change


def _counted_twice(_, records):
    again = copy.copy(records[3])
    again.headers = (again.headers[0], ("seq", str(len(records) + 1).encode()))
    again.__dict__.pop("_header_map", None)
    records.append(again)


def _other_content(_, records):
    again = copy.copy(records[3])
    again.value = b"other"
    records.append(again)


def _wrong_partition(_, records):
    records[3].partition = (records[3].partition + 1) % 3


def _wrong_key(_, records):
    records[3].key += b"x"


WRONGS = {
    "lost": _lost,
    "value": _changed("value", 1),
    "lines": _changed("lines", 1),
    "ts": _changed("ts", 60),
    "last_ts": _changed("last_ts", 1),
    "count": _changed("count", 1),
    "sum": _changed("sum", 1),
    "min": _changed("min", -1),
    "max": _changed("max", 1),
    "counted_twice": _counted_twice,
    "other_content": _other_content,
    "wrong_partition": _wrong_partition,
    "wrong_key": _wrong_key,
}


@pytest.mark.quick
@pytest.mark.parametrize("spoil", WRONGS.values(), ids=WRONGS)
def test_the_model_refuses_a_wrong_agent(load, spoil):
    records = _records_of(load.topics["mabs"], "mabs")
    spoil(load.topics["mabs"], records)
    with pytest.raises(AssertionError):
        model = TopicModel().feed(records)
        model.check_no_gaps()
        model.check_sums(load.topics["mabs"])


@pytest.mark.kafka
def test_murmur2_is_javas(java_tool):
    generator = random.Random(1)
    keys = [generator.randbytes(size) for size in range(64) for _ in range(20)]
    for count in (1, 3, 12, 1000):
        assert [murmur2.partition(key, count) for key in keys] == java_tool.partitions(keys, count)


@pytest.mark.kafka
@pytest.mark.parametrize("encode", [tdigest.verbose, tdigest.small], ids=["verbose", "small"])
def test_java_reads_our_digests(java_tool, encode):
    values = list(range(1, 1003))
    payload = encode(tdigest.of_values(values, group=8))
    facts = java_tool.digest(payload)
    assert (facts["size"], facts["min"], facts["max"], facts["sum"], facts["bytes_left"]) == (1002, 1, 1002, sum(values), 0)
    for q in (0.01, 0.5, 0.9, 0.99):
        assert tdigest.rank_error(values, q, facts["quantiles"][str(q)]) < 0.005


@pytest.mark.kafka
def test_we_read_javas_digests(java_tool):
    values = [float(number) for number in range(2000)]
    digest = tdigest.Digest(java_tool.encode(values))
    digest.check()
    assert (digest.count, digest.min, digest.max) == (2000, 0, 1999)
    small = java_tool.encode(values, small=True)
    assert struct.unpack(">i", small[:4]) == (2,) and base64.b64encode(small)


@pytest.mark.kafka
def test_kcat_and_java_read_any_bytes(kafka, prefix):
    topic = prefix + "bytes"
    kafka.create_topic(topic)
    records = [
        ("plain", b'{"a":1}', [("run", RUN), ("seq", "1")]),
        ("größe\nzeile", bytes(range(2, 256)) + b"\n\n", []),
        ("", b"\n", [("seq", "18446744073709551615")]),
    ]
    kcat_tool.produce(kafka.brokers, topic, records)
    from_c = kcat_tool.read_topic(kafka.brokers, topic)
    assert sorted((record.key or b"", record.value, record.headers) for record in from_c) == sorted(
        (key.encode(), value, tuple((name, text.encode()) for name, text in headers)) for key, value, headers in records
    )


@pytest.mark.kafka
@pytest.mark.slow
def test_the_broker_keeps_what_it_acknowledged(kafka, prefix):
    topic = prefix + "kept"
    kafka.create_topic(topic)
    port = kafka.port
    for number, end in enumerate((kafka.stop, kafka.kill)):
        kcat_tool.produce(kafka.brokers, topic, [(f"k{number}", b"v", [])])
        end()
        assert not kafka.is_running()
        kafka.start()
        assert kafka.port == port
    assert {record.key for record in kcat_tool.read_topic(kafka.brokers, topic)} == {b"k0", b"k1"}
    kafka.pause()
    kafka.resume()
    assert len(kcat_tool.read_topic(kafka.brokers, topic)) == 2


@pytest.mark.kafka
def test_topics_are_made_forbidden_and_deleted(kafka, prefix):
    topic = prefix + "life"
    assert not kafka.topic_exists(topic)
    kafka.create_topic(topic, partitions=5, max_message_bytes=2000)
    assert kafka.topic_exists(topic)
    with pytest.raises(subprocess.CalledProcessError):
        kcat_tool.produce(kafka.brokers, topic, [("k", b"x" * 4000, [])])
    kafka.forbid_writes(topic)
    with pytest.raises(subprocess.CalledProcessError):
        kcat_tool.produce(kafka.brokers, topic, [("k", b"x", [])])
    kafka.permit_writes(topic)
    kcat_tool.produce(kafka.brokers, topic, [("k", b"x", [])])
    kafka.delete_topic(topic)
    assert not kafka.topic_exists(topic)
