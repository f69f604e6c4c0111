"""The two MergingDigest layouts of the reference Java library (3.2 and 3.3), written and read here so that no test has to
trust the agent's own code. All big-endian:

    verbose: int 1; double min, max, compression; int n; n x (double weight, double mean)
    small:   int 2; double min, max; float compression; short capacity, buffer, n; n x (float weight, float mean)
"""

import base64
import bisect
import math
import struct


def verbose(centroids, compression=100.0, low=None, high=None):
    """centroids: (mean, weight), sorted by mean. min and max default to the outer means."""
    low, high = _bounds(centroids, low, high)
    parts = [struct.pack(">idddi", 1, low, high, compression, len(centroids))]
    parts += [struct.pack(">dd", weight, mean) for mean, weight in centroids]
    return b"".join(parts)


def small(centroids, compression=100.0, low=None, high=None):
    """As verbose(); weights and means are rounded to floats."""
    low, high = _bounds(centroids, low, high)
    capacity = int(2 * math.ceil(compression)) + 10
    parts = [struct.pack(">iddfhhh", 2, low, high, compression, capacity, 5 * capacity, len(centroids))]
    parts += [struct.pack(">ff", weight, mean) for mean, weight in centroids]
    return b"".join(parts)


def _bounds(centroids, low, high):
    if not centroids:
        return math.inf, -math.inf
    return (centroids[0][0] if low is None else low), (centroids[-1][0] if high is None else high)


def text(payload, padding=True):
    """The Base64 of a line."""
    encoded = base64.b64encode(payload).decode()
    return encoded if padding else encoded.rstrip("=")


def of_values(values, group=1):
    """Centroids of plain data: sorted, `group` neighbours to a centroid, the two ends alone."""
    values = sorted(values)
    if len(values) <= 2 or group == 1:
        return [(value, 1.0) for value in values]
    inner = values[1:-1]
    middle = [
        (sum(part) / len(part), float(len(part))) for part in (inner[at : at + group] for at in range(0, len(inner), group))
    ]
    return [(values[0], 1.0), *middle, (values[-1], 1.0)]


class Digest:
    """A verbose digest as read back. centroids are (mean, weight)."""

    def __init__(self, payload):
        code, self.min, self.max, self.compression, count = struct.unpack_from(">idddi", payload)
        assert code == 1, f"not the verbose layout: {code}"
        assert len(payload) == 32 + 16 * count, f"{count} centroids in {len(payload)} bytes"
        pairs = struct.iter_unpack(">dd", payload[32:])
        self.centroids = [(mean, weight) for weight, mean in pairs]
        self.count = sum(weight for _, weight in self.centroids)

    @classmethod
    def of_text(cls, encoded):
        return cls(base64.b64decode(encoded, validate=True))

    def check(self):
        """What every digest must hold, whoever wrote it."""
        means = [mean for mean, _ in self.centroids]
        assert means == sorted(means)
        assert all(weight > 0 and math.isfinite(weight) and math.isfinite(mean) for mean, weight in self.centroids)
        assert not means or self.min <= means[0] and means[-1] <= self.max
        assert len(means) <= 2 * math.ceil(self.compression) + 10


def rank_tolerance(q):
    """What a digest of compression 100 may be off by in rank: centroids are large in the middle and small at the ends."""
    return 0.001 + 0.06 * q * (1 - q)


def rank_error(values, q, answer):
    """How far in rank `answer` is from the quantile q of the sorted raw values."""
    low = bisect.bisect_left(values, answer) / len(values)
    high = bisect.bisect_right(values, answer) / len(values)
    return max(low - q, q - high, 0.0)
