"""A reader of serialized t-digests, written from the description of the formats and not from the agent's sources.

read(payload) gives every layout that the bytes can be read as, each after full validation."""

import math
import struct

BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {character: value for value, character in enumerate(BASE64)}
_LEAST_NORMAL = 2.0**-1022
MAX_WEIGHT = 2**53


class Bad(Exception):
    """The payload cannot be this layout."""


class Reading:
    """One way to read a payload."""

    def __init__(self, layout, used, compression, low, high, means, weights, slack):
        self.layout = layout
        self.used = used
        self.compression = compression
        self.min = low
        self.max = high
        self.means = means
        self.weights = weights
        self.slack = slack
        self.is_exact = False

    def facts(self):
        """What `parse` says of it; None stands for what is not finite."""
        if not self.means:
            return {"count": 0, "min": None, "max": None, "sum": 0}
        total = 0.0
        for mean, weight in zip(self.means, self.weights):
            total += mean * weight
        low = self.means[0] if self.min is None else self.min
        high = max(self.means) if self.max is None else self.max
        return {"count": sum(self.weights), "min": low, "max": high, "sum": total if math.isfinite(total) else None}


def decode_base64(text):
    """bytes -> bytes, or None: the standard alphabet, padding whole or missing, spare bits of any value."""
    if len(text) % 4 == 0 and text.endswith(b"="):
        text = text[:-2] if text.endswith(b"==") else text[:-1]
    if len(text) % 4 == 1:
        return None
    number = 0
    for character in text:
        if character not in _VALUES:
            return None
        number = number << 6 | _VALUES[character]
    bits = len(text) * 6
    return (number >> bits % 8).to_bytes(bits // 8, "big") if text else b""


def _take(payload, offset, form):
    form = struct.Struct(">" + form)
    if offset + form.size > len(payload):
        raise Bad
    return form.unpack_from(payload, offset)


def _count(payload, offset, form, centroid_bytes, header, more=0):
    (count,) = _take(payload, offset, form)
    if count < 0 or header > len(payload):
        raise Bad
    count += more
    if count * centroid_bytes > len(payload) - header:
        raise Bad
    return count


def _verbose_slack(low, high):
    return 1e-12 * max(abs(low), abs(high))


def _merging_verbose(payload):
    low, high, compression = _take(payload, 4, "ddd")
    count = _count(payload, 28, "i", 16, 32)
    pairs = _take(payload, 32, f"{2 * count}d")
    return Reading("merging-verbose", 32 + 16 * count, compression, low, high, pairs[1::2], pairs[::2], _verbose_slack(low, high))


def _small_slack(low, high):
    return math.ldexp(max(abs(low), abs(high)), -23) + math.ldexp(1.0, -149)


def _merging_small(payload, name="merging-small", more=0):
    low, high, compression = _take(payload, 4, "ddf")
    count = _count(payload, 28, "h", 8, 30, more)
    # A small AVL digest that was cut off within its count begins like an empty one of this layout, but for its ends.
    if count == 0 and any(math.isfinite(end) and abs(end) >= _LEAST_NORMAL for end in (low, high)):
        raise Bad
    pairs = _take(payload, 30, f"{2 * count}f")
    reading = Reading(name, 30 + 8 * count, compression, low, high, pairs[1::2], pairs[::2], _small_slack(low, high))
    return _empty_of_3_1(reading) if more else reading


def _empty_of_3_1(reading):
    if reading.means == (0.0,) and reading.weights == (0.0,) and math.isfinite(reading.min):
        reading.means = reading.weights = ()
    return reading


def _merging_verbose_3_1(payload):
    low, high, compression, again = _take(payload, 4, "ddff")
    if compression != again:
        raise Bad
    count = _count(payload, 36, "i", 16, 40, 1)
    pairs = _take(payload, 40, f"{2 * count}d")
    name = "merging-verbose-3.1"
    return _empty_of_3_1(Reading(name, 40 + 16 * count, compression, low, high, pairs[1::2], pairs[::2], _verbose_slack(low, high)))


def _merging_small_3_1(payload):
    return _merging_small(payload, "merging-small-3.1", 1)


def _varints(payload, offset, count):
    values = []
    for _ in range(count):
        value = 0
        for place in range(6):
            if place == 5 or offset >= len(payload):
                raise Bad
            byte = payload[offset]
            offset += 1
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                break
        if value >= 2**31:  # Java's int has wrapped
            raise Bad
        values.append(value)
    return values, offset


def _tree(name, is_small, compression_at, count_at, header, has_ends):
    def read_tree(payload):
        (compression,) = _take(payload, compression_at, "d")
        count = _count(payload, count_at, "i", 5 if is_small else 12, header)
        if is_small:
            means, mean = [], 0.0
            for step in _take(payload, header, f"{count}f"):
                mean += step
                means.append(mean)
            weights, used = _varints(payload, header + 4 * count, count)
        else:
            means = _take(payload, header, f"{count}d")
            weights = _take(payload, header + 8 * count, f"{count}i")
            used = header + 12 * count
        low, high = _take(payload, 4, "dd") if has_ends else (None, None)
        ends = (low, high) if has_ends else (means[0], means[-1]) if count else (0.0, 0.0)
        if is_small:
            slack = math.ldexp(abs(ends[0]) + abs(ends[1]), -22) + count * math.ldexp(1.0, -149)
        else:
            slack = _verbose_slack(*ends)
        return Reading(name, used, compression, low, high, means, weights, slack)

    return read_tree


_LAYOUTS = {
    1: (
        _merging_verbose,
        _tree("avl-verbose", False, 20, 28, 32, True),
        _merging_verbose_3_1,
        _tree("tree-verbose-legacy", False, 4, 12, 16, False),
    ),
    2: (
        _merging_small,
        _tree("avl-small", True, 20, 28, 32, True),
        _merging_small_3_1,
        _tree("tree-small-legacy", True, 4, 12, 16, False),
    ),
    3: (_tree("array-verbose-legacy", False, 4, 16, 20, False),),
    4: (_tree("array-small-legacy", True, 4, 16, 20, False),),
}


def _validate(reading):
    if not 0 < reading.compression <= 1e6:
        raise Bad
    if not reading.means:
        return
    low, high = reading.min, reading.max
    if low is not None and not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise Bad
    total, largest = 0, -math.inf
    for mean, weight in zip(reading.means, reading.weights):
        if not (math.isfinite(weight) and weight > 0 and weight == math.floor(weight)):
            raise Bad
        total += int(weight)
        if total > MAX_WEIGHT or not math.isfinite(mean):
            raise Bad
        if low is not None and not low - reading.slack <= mean <= high + reading.slack:
            raise Bad
        if mean < largest - reading.slack:
            raise Bad
        largest = max(largest, mean)


def read(payload):
    """All valid readings; none: the payload is no digest."""
    if len(payload) < 4:
        return []
    readings = []
    for layout in _LAYOUTS.get(_take(payload, 0, "i")[0], ()):
        try:
            reading = layout(payload)
            if any(payload[reading.used :]):
                raise Bad
            _validate(reading)
        except Bad:
            continue
        reading.is_exact = reading.used == len(payload)
        readings.append(reading)
    return readings
