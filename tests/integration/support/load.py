"""The mixed load: lines of 5,000 series in every form the language has, and what a consumer must find in the end.

Everything comes from one seed and is made in advance. Numbers are dyadic fractions of small size, so that sums are exact in any order
and grouping. Lines of one gauge series stay on one connection, because its last value depends on arrival.
"""

import collections
import random
import time

from . import tdigest
from .bad_lines import BAD_LINES, bad_line
from .series import bucket_of, key_of

_TYPES = ("counter", "gauge", "histogram", "point")
_SERIES_SHARE = (0.36, 0.24, 0.24, 0.16)
_LONG_BAD_LINES = {"too_long"}
_BLANK_LINES = (b"\n", b"\r\n", b"  \t \n")


class Sums:
    """What all records of one topic must come to."""

    def __init__(self):
        # {(type, key): {bucket or None: state}}; None collects the lines without a timestamp.
        self.series = {}
        self.points = collections.Counter()  # (key, timestamp_ms, value)
        self.lines = 0

    def state(self, kind, key, bucket):
        buckets = self.series.setdefault((kind, key), {})
        state = buckets.get(bucket)
        if state is None:
            state = buckets[bucket] = State()
        return state


class State:
    """One series in one bucket, or merged over several. `value` is a counter's sum or a gauge's last."""

    __slots__ = ("lines", "value", "last", "low", "high", "sum", "count")

    def __init__(self):
        self.lines = 0
        self.value = 0
        self.last = None  # a gauge's (timestamp_ms or None, order)
        self.low = None
        self.high = None
        self.sum = 0.0
        self.count = 0

    def extend(self, low, high, total, count, lines=1):
        self.lines += lines
        self.sum += total
        self.count += count
        if count:
            self.low = low if self.low is None or low < self.low else self.low
            self.high = high if self.high is None or high > self.high else self.high

    def merge(self, other):
        """Adds a later state of the same series."""
        if other.last is not None and (self.last is None or other.last >= self.last):
            self.last = other.last
            self.value = other.value
        elif other.last is None:
            self.value += other.value
        self.extend(other.low, other.high, other.sum, other.count, other.lines)


class _Series:
    """A series with ready-made spellings of what stands before and behind the numbers."""

    def __init__(self, generator, number, node):
        self.type = generator.choices(_TYPES, _SERIES_SHARE)[0]
        metric = f"load.{self.type}.{number // 3:04d}"  # three series share a name and differ in tags
        tags = [("shard", str(number % 3)), ("service", f"pins-{number % 17}"), ("zone", "us-east-1a")][: 1 + number % 3]
        if number % 11 == 0:
            tags.append(("path", "/a,b}c\\d=e"))
        if number % 13 == 0:
            tags.append(("größe", "übergroß"))
        self.key = key_of(metric, tags)
        self.node_key = key_of(metric, tags, node)
        words = {
            "counter": ("mabs counter", "mabs c", "mabs\tcounter"),
            "gauge": ("mabs gauge", "mabs g"),
            "histogram": ("mabs histogram", "mabs  h"),
            "point": ("put", " put"),
        }[self.type]
        self.heads = [f"{word} {metric} " for word in words]
        self.sample_heads = [f"mabs sample {metric} ", f"mabs s  {metric} "]
        self.stamped = 1.0 if self.type == "point" else (1.0, 0.0, 0.5)[number % 3]
        self.is_flagged = self.type != "point" and number % 4 == 0
        self.tails = [self._tail(generator, tags, None) for _ in range(3)]
        self.flagged_tails = [self._tail(generator, tags, f"by_node={word}") for word in ("True", "true", "1")]
        self.tails += [self._tail(generator, tags, f"by_node={word}") for word in ("False", "0")] if self.is_flagged else []

    @staticmethod
    def _tail(generator, tags, flag):
        fields = [f"{name}={value}" for name, value in tags]
        if generator.random() < 0.2:
            fields.append("nothing=")
        if flag:
            fields.append(flag)
        generator.shuffle(fields)
        end = generator.choice(("\n", "\n", " \n", "\r\n", "\t \n"))
        return generator.choice((" ", "  ")).join(["", *fields]) + end


class _DigestPool:
    """Payloads of both layouts with what they add to a series: (text, min, max, sum, count)."""

    def __init__(self, generator, size=400):
        self.items = []
        for number in range(size):
            inner = generator.choice((0, 1, 2, 4, 4, 8, 24)) * 4
            values = [generator.randrange(0, 64_000) / 64 for _ in range(inner + 2)]
            centroids = tdigest.of_values(values, group=generator.choice((1, 2, 4)))
            encode = tdigest.small if number % 3 == 0 else tdigest.verbose
            payload = encode(centroids, compression=generator.choice((20.0, 100.0, 200.0)))
            if number % 10 == 0:
                payload += bytes(generator.randrange(1, 40))  # Java's asSmallBytes into a byteSize() buffer leaves zeros
            text = tdigest.text(payload, padding=number % 2 == 0)
            self.items.append((text, min(values), max(values), sum(values), len(values)))


class Load:
    """`data[i]` is what connection i sends; accepted[i] and rejected[i] are what its sync must then say."""

    def __init__(self, lines, connections=8, series=5000, seed=1, node="host-a", bad_share=0.01, now_s=None):
        self._generator = random.Random(seed)
        self._now_s = int(time.time()) if now_s is None else now_s
        self._connections = connections
        self._all = [_Series(self._generator, number, node) for number in range(series)]
        self._digests = _DigestPool(self._generator).items
        self._stamps = self._timestamps()
        self._order = 0
        self.topics = {"mabs": Sums(), "mabs.by_node": Sums(), "tsdb": Sums()}
        self.accepted = [0] * connections
        self.rejected = [0] * connections
        self.reasons = collections.Counter()
        self.data = self._make(lines, bad_share)

    @property
    def lines(self):
        return sum(self.accepted) + sum(self.rejected)

    def _timestamps(self):
        """(text, milliseconds) over five minutes of the past and a little of the future, both spellings."""
        pairs = []
        for _ in range(500):
            second = self._now_s + self._generator.randrange(-300, 120)
            millisecond = second * 1000 + self._generator.randrange(1000)
            pairs += [(f"{second} ", second * 1000), (f"{millisecond} ", millisecond)]
        return pairs

    def _make(self, lines, bad_share):
        chunks = [[] for _ in range(self._connections)]
        random_number = self._generator.random
        count = len(self._all)
        kinds = self._bad_kinds()
        for number in range(lines):
            draw = random_number()
            if draw < bad_share:
                connection = number % self._connections
                text, code = next(kinds)
                self.rejected[connection] += 1
                self.reasons[code] += 1
                chunks[connection].append(text)
                continue
            # Some series are far hotter than others, and every one comes early once.
            index = number if number < count else int(count * random_number() ** 2)
            series = self._all[index]
            connection = (index if series.type == "gauge" else number) % self._connections
            self.accepted[connection] += 1
            chunks[connection].append(self._line(series).encode())
            if draw > 0.999:
                chunks[connection].append(_BLANK_LINES[number % 3])
        return [b"".join(parts) for parts in chunks]

    def _bad_kinds(self):
        """Endless: every kind in turn, but a 64 KiB line only each tenth time."""
        turn = 0
        while True:
            for name, line, code in BAD_LINES:
                if name not in _LONG_BAD_LINES or turn % 10 == 0:
                    yield bad_line(line, self._now_s) + b"\n", code
            turn += 1

    def _line(self, series):
        draw = self._generator.random()
        pick = int(draw * 997)
        flagged = series.is_flagged and draw < 0.5
        tails = series.flagged_tails if flagged else series.tails
        # A sample and a digest of one name are one series.
        is_sample = series.type == "histogram" and pick % 2 == 1
        heads = series.sample_heads if is_sample else series.heads
        head = heads[pick % len(heads)]
        tail = tails[pick % len(tails)]
        stamp, time_ms = "", None
        if series.stamped == 1.0 or (series.stamped and self._generator.random() < series.stamped):
            stamp, time_ms = self._stamps[int(self._generator.random() * len(self._stamps))]
        make = self._sample if is_sample else getattr(self, "_" + series.type)
        value, note = make(time_ms)
        self._note(series, flagged, note)
        return f"{head}{stamp}{value}{tail}"

    # --- each type: (the text, how a topic's sums take it)

    def _counter(self, time_ms):
        delta = int(self._generator.random() ** 8 * 2_000_000_000) - 3

        def note(sums, key):
            state = sums.state("counter", key, _bucket(time_ms))
            state.lines += 1
            state.value += delta

        return ("+" if delta > 0 and delta % 7 == 0 else "") + str(delta), note

    def _gauge(self, time_ms):
        value = (int(self._generator.random() * 200_000) - 100_000) / 64
        self._order += 1
        order = self._order

        def note(sums, key):
            state = sums.state("gauge", key, _bucket(time_ms))
            last = (time_ms, order)
            if state.last is None or time_ms is None or state.last[0] <= time_ms:
                state.last = last
                state.value = value
            state.extend(value, value, value, 1)

        return _spelled(value, order), note

    def _sample(self, time_ms):
        value = int(self._generator.random() ** 3 * 640_000) / 64

        def note(sums, key):
            sums.state("histogram", key, _bucket(time_ms)).extend(value, value, value, 1)

        return _spelled(value, int(value)), note

    def _histogram(self, time_ms):
        text, low, high, total, count = self._digests[int(self._generator.random() * len(self._digests))]

        def note(sums, key):
            sums.state("histogram", key, _bucket(time_ms)).extend(low, high, total, count)

        return text, note

    def _point(self, time_ms):
        value = int(self._generator.random() * 1000)
        value = value if value % 2 else value / 64

        def note(sums, key):
            sums.points[(key, time_ms, value)] += 1

        return repr(value), note

    def _note(self, series, flagged, note):
        if series.type == "point":
            self._into("tsdb", note, series.key)
            return
        self._into("mabs", note, series.key)
        if flagged:
            self._into("mabs.by_node", note, series.node_key)

    def _into(self, topic, note, key):
        sums = self.topics[topic]
        sums.lines += 1
        note(sums, key)


def _bucket(time_ms):
    return None if time_ms is None else bucket_of(time_ms)


def _spelled(value, number):
    """The same double in one of its spellings."""
    kind = number % 5
    if kind == 0 and value == int(value):
        return str(int(value))
    if kind == 1:
        return f"{value * 1000!r}E-3" if float(f"{value * 1000!r}E-3") == value else repr(value)
    if kind == 2 and value >= 0:
        return f"+{value!r}"
    if kind == 3:
        return f"{value:.17g}"
    return repr(value)
