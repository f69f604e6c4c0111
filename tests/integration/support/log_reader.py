"""A consumer that stays: kcat follows a topic of log records, a thread puts them together."""

import subprocess
import threading
import time

from . import needs, processes
from .log_check import Shipped, parse

_STOP_TIMEOUT_S = 10


class LogReader:
    """Use it with `with`; only waits are served from it, in the end read_log() reads everything anew."""

    def __init__(self, brokers, topic, is_ordered=True):
        command = [needs.tool("kcat"), "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-q", "-u", "-E", "-J"]
        command += ["-X", "fetch.wait.max.ms=20", "-X", "reconnect.backoff.max.ms=500"]
        self._process = processes.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._is_ordered = is_ordered
        self._changed = threading.Condition()
        self.shipped = Shipped()
        self.count = 0
        self._problem = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for line in self._process.stdout:
                record = parse(line)
                with self._changed:
                    self.shipped.add(record)
                    self.count += 1
                    self._changed.notify_all()
        except Exception as problem:  # pylint: disable=broad-exception-caught
            with self._changed:
                self._problem = problem
                self._changed.notify_all()

    def wait_for(self, predicate, timeout_s, what):
        """Until predicate(shipped) is true; woken by each record."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not predicate(self.shipped):
                if self._problem:
                    raise self._problem
                left = deadline - time.monotonic()
                assert left > 0, f"not within {timeout_s} s: {what() if callable(what) else what}; came: {self.shipped}"
                self._changed.wait(left)

    def wait_bytes(self, size, timeout_s=30):
        """So many bytes of files have come, each counted once; a loss shows when the topic is read again."""
        self.wait_for(lambda shipped: shipped.covered_bytes >= size, timeout_s, f"{size} bytes")

    def wait_records(self, count, timeout_s=30):
        self.wait_for(lambda shipped: self.count >= count, timeout_s, f"{count} records")

    def covered_bytes(self):
        with self._changed:
            return self.shipped.covered_bytes

    def has_whole(self, generations):
        """Of files of a LogFile."""
        ends = self._ends()
        return all(ends.get(one.label, 0) >= one.must for one in generations)

    def has_some_of(self, generation):
        return generation.label in self._ends()

    def _ends(self):
        """How far each generation came without a gap; its lines begin with its label."""
        with self._changed:
            files = [file for file in self.shipped.files.values() if not file.gaps]
            return {file.records[0].value.split(b" ")[0].decode(): file.end for file in files}

    def partitions(self):
        with self._changed:
            return {record.partition for file in self.shipped.files.values() for record in file.records}

    def close(self):
        processes.kill_group(self._process)
        self._thread.join(_STOP_TIMEOUT_S)
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
