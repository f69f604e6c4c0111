"""A consumer as users should write one: it keeps (run, seq) per topic, counts each record once, and merges what belongs together.

Along the way it checks of every record all that records.md promises of a single one.
"""

import collections
import math
import uuid

from . import murmur2, tdigest
from .load import State
from .series import RESOLUTION_S, key_of

_COMMON = {"v", "type", "metric", "tags", "ts", "interval", "lines"}
_FIELDS = {
    "counter": _COMMON | {"value"},
    "gauge": _COMMON | {"value", "last_ts", "min", "max", "sum", "count"},
    "histogram": _COMMON | {"count", "min", "max", "sum", "digest"},
    "point": _COMMON | {"value"},
}


class TopicModel:
    """The merged view of one topic. Feed it records in any order, the same ones as often as you like."""

    def __init__(self, resolution_s=RESOLUTION_S, partitions=3):
        self._resolution_s = resolution_s
        self._partitions = partitions
        self._seen = {}  # (run, seq) -> content
        self.duplicates = 0
        self.records = []  # each id once
        self.lines = 0
        self.series = collections.defaultdict(dict)  # (type, key) -> {bucket: State}
        self.points = collections.Counter()  # (key, timestamp_ms, value)

    def feed(self, records):
        fresh = []
        for record in records:
            identity = (record.run, record.seq)
            before = self._seen.get(identity)
            if before is not None:
                assert before == record.content, f"one id, two contents: {before} and {record}"
                self.duplicates += 1
                continue
            self._seen[identity] = record.content
            fresh.append(record)
        fresh.sort(key=lambda record: record.seq)
        for record in fresh:
            self._check(record)
            self._merge(record)
        self.records += fresh
        return self

    # --- identity

    def runs(self):
        return {run for run, _ in self._seen}

    def sequence(self, run):
        return sorted(seq for other, seq in self._seen if other == run)

    def check_no_gaps(self):
        """Every run's seqs go from 1 without a gap."""
        for run in self.runs():
            numbers = self.sequence(run)
            assert numbers == list(range(1, len(numbers) + 1)), f"run {run}: {_gaps(numbers)}"

    # --- single records

    def _check(self, record):
        value = record.json
        kind = value["type"]
        assert uuid.UUID(record.run).version == 4, record
        assert record.seq >= 1, record
        assert [name for name, _ in record.headers] == ["run", "seq"], record
        assert set(value) - {"node"} == _FIELDS[kind], record
        assert value["v"] == 1 and type(value["lines"]) is int and value["lines"] >= 1, record
        assert record.key.decode() == key_of(value["metric"], value["tags"].items(), value.get("node")), record
        assert record.partition == murmur2.partition(record.key, self._partitions), record
        assert abs(record.timestamp_ms / 1000 - value["ts"]) < 25 * 3600, record
        if kind == "point":
            assert value["interval"] == 0 and value["lines"] == 1, record
        else:
            assert value["interval"] == self._resolution_s and value["ts"] % self._resolution_s == 0, record
        if kind == "counter":
            assert type(value["value"]) is int and -(2**63) <= value["value"] < 2**63, record
        elif kind == "gauge":
            assert value["min"] <= value["value"] <= value["max"] and value["count"] == value["lines"], record
            assert value["ts"] * 1000 <= value["last_ts"] < (value["ts"] + self._resolution_s) * 1000, record
        elif kind == "histogram":
            check_histogram(value)

    def _merge(self, record):
        value = record.json
        kind = value["type"]
        key = record.key.decode()
        self.lines += value["lines"]
        if kind == "point":
            self.points[(key, round(value["ts"] * 1000), value["value"])] += 1
            return
        state = State()
        if kind == "counter":
            state.lines = value["lines"]
            state.value = value["value"]
        elif kind == "gauge":
            state.last = (value["last_ts"], record.seq)
            state.value = value["value"]
            state.extend(value["min"], value["max"], value["sum"], value["count"], value["lines"])
        else:
            state.extend(value.get("min"), value.get("max"), value["sum"], value["count"], value["lines"])
        buckets = self.series[(kind, key)]
        if value["ts"] in buckets:
            buckets[value["ts"]].merge(state)
        else:
            buckets[value["ts"]] = state

    # --- against what was sent

    def check_sums(self, sums):
        """All sums, counts, bounds and last values are what load.Sums says; by bucket where all lines carried their time."""
        assert self.points == sums.points, _difference(self.points, sums.points)
        assert self.series.keys() == sums.series.keys(), _difference(self.series, sums.series)
        for identity, expected in sums.series.items():
            found = self.series[identity]
            if None in expected:
                found = {None: _merged(found)}
                is_unstamped = len(expected) == 1
                expected = {None: _merged(expected)}
            else:
                is_unstamped = False
                assert found.keys() == expected.keys(), f"{identity}: buckets {sorted(found)}, expected {sorted(expected)}"
            for bucket, state in expected.items():
                knows_last = bucket is not None or is_unstamped
                _check_state(identity, bucket, found[bucket], state, knows_last)
        assert self.lines == sums.lines


def check_histogram(value):
    """A histogram record against its own digest."""
    digest = tdigest.Digest.of_text(value["digest"])
    digest.check()
    assert digest.count == value["count"], value
    assert digest.min == value["min"] and digest.max == value["max"], value
    total = math.fsum(mean * weight for mean, weight in digest.centroids)
    scale = math.fsum(abs(mean) * weight for mean, weight in digest.centroids)
    assert abs(total - value["sum"]) <= 1e-9 * scale, f"sum {value['sum']}, the digest's {total}"
    return digest


def _merged(buckets):
    merged = State()
    states = list(buckets.values())
    # Lines without a time come without an order among those that have one; their last value is not compared.
    states.sort(key=lambda state: tuple(-1 if part is None else part for part in state.last) if state.last else ())
    for number, state in enumerate(states):
        if number == 0:
            merged.value, merged.last = state.value, state.last
            merged.extend(state.low, state.high, state.sum, state.count, state.lines)
        else:
            if state.last is not None:
                merged.value, merged.last = state.value, state.last
            else:
                merged.value += state.value
            merged.extend(state.low, state.high, state.sum, state.count, state.lines)
    return merged


def _check_state(identity, bucket, found, expected, knows_last):
    where = f"{identity} in bucket {bucket}"
    kind = identity[0]
    assert found.lines == expected.lines, f"{where}: {found.lines} lines, expected {expected.lines}"
    if kind == "counter":
        assert found.value == expected.value, f"{where}: {found.value}, expected {expected.value}"
        return
    assert found.count == expected.count, f"{where}: count {found.count}, expected {expected.count}"
    assert (found.low, found.high) == (expected.low, expected.high), f"{where}: {found.low}..{found.high}"
    if kind == "gauge":
        assert found.sum == expected.sum, f"{where}: sum {found.sum}, expected {expected.sum}"
        if knows_last:
            assert found.value == expected.value, f"{where}: last {found.value}, expected {expected.value}"
            if bucket is not None:
                assert found.last[0] == expected.last[0], f"{where}: last_ts {found.last[0]}, expected {expected.last[0]}"
    else:
        assert abs(found.sum - expected.sum) <= 1e-9 * max(abs(expected.sum), 1.0), (
            f"{where}: sum {found.sum}, expected {expected.sum}"
        )


def _difference(found, expected):
    missing = [item for item in expected if item not in found]
    extra = [item for item in found if item not in expected]
    return f"{len(missing)} missing, e.g. {missing[:3]}; {len(extra)} extra, e.g. {extra[:3]}"


def _gaps(numbers):
    have = set(numbers)
    missing = [number for number in range(1, numbers[-1] + 1) if number not in have]
    return f"{len(missing)} of {numbers[-1]} missing, from {missing[0] if missing else '-'}"
