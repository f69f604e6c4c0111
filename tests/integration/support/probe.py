"""Somebody else's client while others misbehave: how long its `sync` takes."""

import statistics
import threading
import time

from .agent import is_sanitized
from .wait import wait_until

# What the specification promises, for the middle of many; a sanitizer's build is some ten times slower.
WITHIN_S = 0.1 if not is_sanitized() else 2.0
PAUSE_S = 0.01


class Probe:
    """Sends a good line and a sync, again and again on one connection, while the `with` lasts."""

    def __init__(self, agent):
        self._client = agent.connect()
        self._client.sync("first")  # connected for certain, before the others come
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._failure = None
        self.times_s = []

    @property
    def lines(self):
        return len(self.times_s)

    def _run(self):
        try:
            while not self._ends.wait(PAUSE_S):
                before = time.monotonic()
                self._client.send("mabs c probe 1\n")
                assert self._client.sync() == (self.lines + 1, 0)
                self.times_s.append(time.monotonic() - before)
        except Exception as failure:  # pylint: disable=broad-except
            self._failure = failure

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *_):
        if kind is None:  # the work may be over before it could be probed
            wait_until(lambda: self.lines >= 3 or self._failure, 60, "three syncs were answered")
        self._ends.set()
        self._thread.join(120)
        self._client.close()
        if kind is None:
            if self._failure:
                raise self._failure
            middle = statistics.median(self.times_s)
            text = f"sync took {middle:.3f} s in the middle, {max(self.times_s):.3f} s at the most"
            assert middle < WITHIN_S, text
            # Of the rest a busy machine has its share.
            assert sorted(self.times_s)[self.lines * 9 // 10 - 1] < 3 * WITHIN_S, text
            print(f"{self.lines} syncs: {middle * 1000:.1f} ms in the middle, {max(self.times_s) * 1000:.1f} ms at the most")
