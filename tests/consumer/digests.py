"""The digests of histogram records: what is in one, and the quantiles of any number of them put together."""

import struct


def centroids_of(payload):
    """The verbose MergingDigest of the Java library, big-endian: int 1; double min, max, compression; int n; n times (double
    weight, double mean) -> [(mean, weight)]."""
    layout, _, _, _, count = struct.unpack_from(">idddi", payload)
    if layout != 1 or len(payload) != 32 + 16 * count:
        raise ValueError("not the verbose layout")
    return [(mean, weight) for weight, mean in struct.iter_unpack(">dd", payload[32:])]


def quantile(centroids, low, high, q):
    """The value of rank q as MergingDigest.quantile has it: centroids stand for their weight around their mean, those of weight 1
    for themselves; between two of them it is interpolated. None where nothing was measured."""
    if not centroids:
        return None
    means = [mean for mean, _ in centroids]
    weights = [weight for _, weight in centroids]
    total = sum(weights)
    index = q * total
    if len(means) == 1:
        return means[0]
    if index < 1:
        return low
    if index > total - 1:
        return high
    if index < weights[0] / 2:
        return low + (index - 1) / (weights[0] / 2 - 1) * (means[0] - low)
    if total - index <= weights[-1] / 2 and weights[-1] > 2:
        return high - (total - index - 1) / (weights[-1] / 2 - 1) * (high - means[-1])
    before = weights[0] / 2
    for left in range(len(means) - 1):
        step = (weights[left] + weights[left + 1]) / 2
        if before + step > index:
            to_left, to_right = index - before, before + step - index
            if weights[left] == 1:
                if to_left < 0.5:
                    return means[left]
                to_left -= 0.5
            if weights[left + 1] == 1:
                if to_right <= 0.5:
                    return means[left + 1]
                to_right -= 0.5
            return (means[left] * to_right + means[left + 1] * to_left) / (to_left + to_right)
        before += step
    return high
