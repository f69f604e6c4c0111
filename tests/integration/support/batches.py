"""Lines of which it can be said afterwards what must have arrived, whatever was killed in between.

A batch is what one connection sends to series of its own. All that it sends comes in one order, so what arrived of a series must
be what its first n lines come to, with n between the lines that a `sync` covered and those that were sent. Points all differ.
"""

import math
import random
import re
import threading
import time

from . import tdigest
from .client import Client
from .series import bucket_of, key_of

HOST = "host-a"
_OK = re.compile(r"ok (\d+) accepted=(\d+) rejected=0 durable=([01])$")
_KINDS = ("counter", "counter", "gauge", "histogram", "histogram")
_UNANSWERED = 3  # syncs under way on a connection: so that there is always something that is not covered yet
_POINTS_SHARE = 0.05  # each is a record
_POINT_STRIDE = 1_000_000


class _Series:
    def __init__(self, kind, metric, is_flagged, stamp):
        self.kind = kind
        self.metric = metric
        self.is_flagged = is_flagged
        self.stamp = stamp
        self.values = []  # of each line: (what it adds to a counter or a sum, how many measurements)
        self.covered = 0

    @property
    def keys(self):
        """{topic: key} of where it must be found."""
        keys = {"mabs": key_of(self.metric, [])}
        if self.is_flagged:
            keys["mabs.by_node"] = key_of(self.metric, [], HOST)
        return keys

    def line(self, generator):
        number = len(self.values) + 1
        word, text, count = self.kind, str(number), 1
        if self.kind == "histogram" and number % 4 == 0:
            count = 3
            text = tdigest.text(tdigest.verbose([(float(number), float(count))]))
        elif self.kind == "histogram":
            word = "sample"
        value = generator.randrange(1, 1000) if self.kind == "counter" else number
        if self.kind == "counter":
            text = str(value)
        self.values.append((value, count))
        stamp = f" {self.stamp}" if self.stamp else ""
        return f"mabs {word} {self.metric}{stamp} {text}{' by_node=True' if self.is_flagged else ''}\n"

    def check(self, topic, states):
        """states: the model's buckets of its key."""
        where = f"{self.metric} on {topic}: {self.covered} of {len(self.values)} lines covered by a sync"
        lines = sum(state.lines for state in states.values())
        assert self.covered <= lines <= len(self.values), f"{where}, {lines} found"
        if self.stamp and lines:
            assert set(states) == {bucket_of(self.stamp * 1000)}, where
        sent = self.values[:lines]
        if self.kind == "counter":
            assert sum(state.value for state in states.values()) == sum(value for value, _ in sent), f"{where}, {lines} found"
            return
        assert sum(state.count for state in states.values()) == sum(count for _, count in sent), f"{where}, {lines} found"
        total = sum(value * count for value, count in sent)
        assert math.isclose(sum(state.sum for state in states.values()), total, rel_tol=1e-9), f"{where}, {lines} found"
        if lines:
            assert min(state.low for state in states.values()) == 1, where
            assert max(state.high for state in states.values()) == lines, where


class Batch:
    """The series of one connection until it breaks or has had enough."""

    def __init__(self, connection, number, generator):
        self._generator = generator
        self._now = int(time.time())
        stamp = self._now - 120 if number % 3 == 0 else None
        name = f"k.{connection}.{number}"
        self.series = [_Series(kind, f"{name}.{at}", at % 2 == 1, stamp) for at, kind in enumerate(_KINDS)]
        self.point_metric = f"k.{connection}.points"
        self._first_point = number * _POINT_STRIDE
        self.points = []  # values
        self.points_covered = 0
        self.lines = 0
        self._steps = []  # for each sync: the lines that it covers, over all, of each series, of points
        self.answered = 0

    def step(self):
        """The next lines and their sync."""
        text = []
        for _ in range(self._generator.choice((3, 10, 60))):
            if self._generator.random() > _POINTS_SHARE:
                text.append(self._generator.choice(self.series).line(self._generator))
            else:
                self.points.append(self._first_point + len(self.points))
                text.append(f"put {self.point_metric} {self._now} {self.points[-1]}\n")
        self.lines += len(text)
        self._steps.append((self.lines, [len(series.values) for series in self.series], len(self.points)))
        text.append(f"sync {len(self._steps) - 1}\n")
        return "".join(text)

    @property
    def unanswered(self):
        return len(self._steps) - self.answered

    def take_answer(self, line, durable):
        found = _OK.match(line)
        assert found and int(found[1]) == self.answered and int(found[3]) == durable, f"step {self.answered}: {line!r}"
        lines, of_series, points = self._steps[self.answered]
        assert int(found[2]) == lines, line
        self.answered += 1
        for series, covered in zip(self.series, of_series):
            series.covered = covered
        self.points_covered = points


class Writers:
    """Connections that each send batch after batch, to whichever agent there is, while the `with` lasts."""

    def __init__(self, connections, seed, durable=1, steps=60):
        self._durable = durable
        self._steps = steps
        self._changed = threading.Condition()
        self._port = None
        self._ends = False
        self._failures = []
        self.batches = []  # all, in any order
        self._threads = [
            threading.Thread(target=self._run, args=(number, random.Random(f"{seed} {number}")), daemon=True)
            for number in range(connections)
        ]

    def agent_at(self, port):
        """None: it is going to be killed; connections that break are no failures anyway."""
        with self._changed:
            self._port = port
            self._changed.notify_all()

    def _run(self, connection, generator):
        try:
            number = 0
            while (port := self._wait_for_agent()) is not None:
                number += 1
                self._send_batch(port, connection, number, generator)
        except Exception as failure:  # pylint: disable=broad-except
            self._failures.append(failure)

    def _wait_for_agent(self):
        with self._changed:
            self._changed.wait_for(lambda: self._ends or self._port is not None)
            return None if self._ends else self._port

    def _send_batch(self, port, connection, number, generator):
        batch = Batch(connection, number, generator)
        try:
            with Client.tcp("127.0.0.1", port) as client:
                self.batches.append(batch)
                for _ in range(generator.randrange(1, self._steps)):
                    client.send(batch.step())
                    while batch.unanswered > _UNANSWERED:
                        if not self._take_answer(client, batch):
                            return
                while batch.unanswered and self._take_answer(client, batch):
                    pass
        except OSError:
            with self._changed:
                self._changed.wait_for(lambda: self._ends or self._port != port, 0.01)  # it is dead: not again at once

    def _take_answer(self, client, batch):
        try:
            line = client.receive_line()
        except AssertionError:
            if client.ended:
                return False  # killed in the middle of an answer
            raise
        if line is not None:
            batch.take_answer(line, self._durable)
        return line is not None

    def check_alive(self):
        if self._failures:
            raise self._failures[0]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end(1)

    def finish(self):
        """All send their batches to the end; an agent has to be there for that."""
        self._end(120)
        assert not any(thread.is_alive() for thread in self._threads), "a writer hangs"
        self.check_alive()

    def _end(self, timeout_s):
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)

    # --- afterwards

    def sent(self):
        return sum(batch.lines for batch in self.batches)

    def covered(self):
        return sum(sum(series.covered for series in batch.series) + batch.points_covered for batch in self.batches)

    def check(self, models):
        """models: {topic: TopicModel} of all that came."""
        known = {"mabs": set(), "mabs.by_node": set()}
        for batch in self.batches:
            for series in batch.series:
                for topic, key in series.keys.items():
                    known[topic].add((series.kind, key))
                    series.check(topic, models[topic].series.get((series.kind, key), {}))
        for topic, series in known.items():
            strange = models[topic].series.keys() - series
            assert not strange, f"{topic}: nobody sent {sorted(strange)[:3]}"
        self._check_points(models["tsdb"].points)

    def _check_points(self, found):
        sent, covered = set(), set()
        for batch in self.batches:
            points = [(batch.point_metric, value) for value in batch.points]
            sent.update(points)
            covered.update(points[: batch.points_covered])
        came = {(key, value) for key, _, value in found}
        assert not came - sent, f"nobody sent {sorted(came - sent)[:3]}"
        assert not covered - came, f"{len(covered - came)} points are lost, e.g. {sorted(covered - came)[:3]}"
        twice = [point for point, count in found.items() if count != 1]
        assert not twice, f"counted twice: {twice[:3]}"
