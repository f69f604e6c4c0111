#!/usr/bin/env python3
"""A consumer of the agent's topics as docs/consuming.md describes it: it counts each record once and merges what belongs together.

    kcat -C -b BROKERS -t mabs -o beginning -e -q -J | reference_reader.py [--quantiles Q,...]

Reads what `kcat -J` writes, of one topic or of several behind each other, in any order, each record as often as you like. Writes JSON
lines: one for each series and bucket of time, one for each point, then one for each run in each topic: how many records came, how
many of them again, and which seqs are missing. Exit code 1: some input was wrong, above all one (run, seq) with two contents;
standard error says which. What is missing is no error here: a consumer has to expect it. All is kept in memory.
"""

import argparse
import base64
import collections
import hashlib
import itertools
import json
import math
import re
import struct
import sys

import digests

_ERRORS_SHOWN = 20


class Wrong(Exception):
    """Something in the input that no agent writes."""


class Record:
    """One line of `kcat -J`. A record that comes again has the same topic, run and seq, and must have the same content."""

    def __init__(self, line):
        try:
            fields = json.loads(line)
            self.topic, self.key, payload, headers = (fields[name] for name in ("topic", "key", "payload", "headers"))
            self.sealed_ms = int(fields["ts"])
            headers = list(zip(headers[::2], headers[1::2]))
            content = json.dumps([self.key, payload, headers])  # all but where and since when Kafka has it
            if not all(isinstance(text, str) for text in (self.topic, self.key, payload)):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise Wrong(f"not a line of `kcat -J` with key, headers and payload: {line[:200]!r}") from None
        self.fingerprint = hashlib.blake2b(content.encode(), digest_size=16).digest()
        self.run = self._only(headers, "run", r".+")
        self.seq = int(self._only(headers, "seq", r"[1-9][0-9]{0,19}"))
        try:
            self.value = json.loads(payload)
            self.type, version = self.value["type"], self.value["v"]
        except (ValueError, KeyError, TypeError):
            raise Wrong(f"{self}: not one of our records: {payload[:200]!r}") from None
        if version != 1:
            raise Wrong(f"{self}: a version that is not known here: {version!r}")

    def _only(self, headers, name, pattern):
        """The one header of that name."""
        values = [value for other, value in headers if other == name]
        if len(values) != 1 or not re.fullmatch(pattern, str(values[0])):
            raise Wrong(f"topic {self.topic}: a record without one good {name}: {headers}")
        return values[0]

    def __str__(self):
        return f"topic {self.topic} run {self.run} seq {self.seq}"


class Identities:
    """Which records have been counted: for each topic and run the seqs, here with a fingerprint of each."""

    def __init__(self):
        self._seen = collections.defaultdict(dict)
        self._again = collections.Counter()

    def is_new(self, record):
        seqs = self._seen[record.topic, record.run]
        if record.seq not in seqs:
            seqs[record.seq] = record.fingerprint
            return True
        self._again[record.topic, record.run] += 1
        if seqs[record.seq] != record.fingerprint:
            raise Wrong(f"{record}: came twice, with different contents")
        return False

    def report(self):
        for (topic, run), seqs in sorted(self._seen.items()):
            last = max(seqs)
            missing = list(_missing(seqs, last))
            yield {
                "type": "run",
                "topic": topic,
                "run": run,
                "records": len(seqs),
                "last_seq": last,
                "duplicates": self._again[topic, run],
                "missing": last - len(seqs),
                "missing_seqs": [list(bounds) for bounds in missing],
            }


def _missing(seqs, last):
    """The gaps below `last` as (first, last)."""
    before = 0
    for seq in itertools.chain(sorted(seqs), [last + 1]):
        if seq > before + 1:
            yield before + 1, seq - 1
        before = seq


# --- what is merged: each add() takes the value of one record, in any order


class Counter:
    def __init__(self):
        self._sum = 0

    def add(self, record):
        self._sum += record.value["value"]  # may leave int64: a consumer's own sum has to be wider

    def report(self):
        return {"value": self._sum}


class Gauge:
    def __init__(self):
        self._last = None
        self._bounds = Bounds()

    def add(self, record):
        value = record.value
        self._bounds.add(value)
        # The latest timestamp wins; of equal ones that which was sealed later, in one run the higher seq.
        last = (value["last_ts"], record.sealed_ms, record.seq, value["value"])
        self._last = last if self._last is None else max(self._last, last)

    def report(self):
        return {"value": self._last[3], "last_ts": self._last[0], **self._bounds.report()}


class Histogram:
    """The centroids of all digests together: nothing is rounded by merging, but it grows. The t-digest library's own merging
    does not, and is as good as exact (docs/accuracy.md)."""

    def __init__(self, quantiles):
        self._quantiles = quantiles
        self._bounds = Bounds()
        self._centroids = []

    def add(self, record):
        try:
            centroids = digests.centroids_of(base64.b64decode(record.value["digest"], validate=True))
        except (ValueError, struct.error) as error:
            raise Wrong(f"{record}: a digest that cannot be read: {error}") from None
        weight = sum(weight for _, weight in centroids)
        if weight != record.value["count"]:
            raise Wrong(f"{record}: count {record.value['count']}, in the digest {weight}")
        self._bounds.add(record.value)
        self._centroids += centroids

    def report(self):
        bounds = self._bounds.report()
        self._centroids.sort()
        found = {str(q): digests.quantile(self._centroids, bounds["min"], bounds["max"], q) for q in self._quantiles}
        return {**bounds, "quantiles": found}


class Bounds:
    """min, max, sum and count, as gauges and histograms have them. null stands for what is not there or not finite."""

    def __init__(self):
        self._lows, self._highs, self._sums, self._count = [], [], [], 0

    def add(self, value):
        self._count += value["count"]
        for name, values in (("min", self._lows), ("max", self._highs), ("sum", self._sums)):
            if value[name] is not None:
                values.append(value[name])

    def report(self):
        low, high = min(self._lows, default=None), max(self._highs, default=None)
        return {"min": low, "max": high, "sum": _sum(self._sums), "count": self._count}


def _sum(numbers):
    try:
        return math.fsum(numbers)  # the same in any order
    except OverflowError:
        return None


# --- all together


class Reader:
    def __init__(self, quantiles):
        self._new = {"counter": Counter, "gauge": Gauge, "histogram": lambda: Histogram(quantiles)}
        self.identities = Identities()
        self._merged = {}
        self._lines = collections.Counter()
        self._alone = []  # points, and the agents' own records

    def add(self, line):
        record = Record(line)
        if not self.identities.is_new(record):
            return
        try:
            self._take(record)
        except (KeyError, TypeError, ValueError) as error:
            raise Wrong(f"{record}: without what a {record.type} has: {error!r}") from None

    def _take(self, record):
        head = {"type": record.type, "topic": record.topic, "key": record.key}
        if record.type == "point":
            self._alone.append({**head, "ts": record.value["ts"], "value": record.value["value"]})
            return
        if record.type == "agent":
            self._alone.append({**head, **record.value})
            return
        if record.type not in self._new:
            raise Wrong(f"{record}: a type that is not known here: {record.type!r}")
        # Type and key name the series: the key has the metric and the tags, on mabs.by_node also the host.
        bucket = (record.topic, record.key, record.type, int(record.value["ts"]), int(record.value["interval"]))
        lines = int(record.value["lines"])
        state = self._merged.get(bucket) or self._new[record.type]()
        state.add(record)
        self._merged[bucket] = state
        self._lines[bucket] += lines

    def report(self):
        for bucket in sorted(self._merged):
            topic, key, kind, ts, interval = bucket
            head = {"type": kind, "topic": topic, "key": key, "ts": ts, "interval": interval, "lines": self._lines[bucket]}
            yield {**head, **self._merged[bucket].report()}
        yield from self._alone
        yield from self.identities.report()


def _quantiles(text):
    found = [float(q) for q in text.split(",")]
    if not all(0 <= q <= 1 for q in found):
        raise ValueError
    return found


def main(arguments, source=sys.stdin.buffer, out=sys.stdout, errors=sys.stderr):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], epilog="See docs/consuming.md.")
    parser.add_argument("--quantiles", type=_quantiles, default="0.5,0.9,0.99", metavar="Q,...", help="(%(default)s)")
    reader = Reader(parser.parse_args(arguments).quantiles)
    wrongs = 0
    for line in source:
        try:
            reader.add(line)
        except Wrong as wrong:
            wrongs += 1
            if wrongs <= _ERRORS_SHOWN:
                print(wrong, file=errors)
    if wrongs > _ERRORS_SHOWN:
        print(f"{wrongs} wrong lines in all", file=errors)
    for item in reader.report():
        print(json.dumps(item, ensure_ascii=False, separators=(",", ":")), file=out)
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
