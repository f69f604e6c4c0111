"""Many connections that write at once."""

import concurrent.futures
import random


def send_all(clients, parts, seed=1, max_chunk_bytes=64 * 1024):
    """Each client sends its part in pieces cut at random bytes; returns when all is written."""

    def send(number):
        clients[number].send_chopped(parts[number], random.Random(seed * 1000 + number), max_chunk_bytes)

    _each(clients, send)


def sync_all(clients, token="all", timeout_s=120):
    """-> [(accepted, rejected)] of the connections, asked at once."""
    return _each(clients, lambda number: clients[number].sync(f"{token}-{number}", timeout_s))


def _each(clients, work):
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(work, range(len(clients))))


def cut(parts, shares=(0.5,)):
    """Cuts every part at the same shares of its bytes, wherever that falls within a line -> a list of lists of parts."""
    bounds = [0.0, *shares, 1.0]
    return [[part[int(len(part) * low) : int(len(part) * high)] for part in parts] for low, high in zip(bounds, bounds[1:])]
