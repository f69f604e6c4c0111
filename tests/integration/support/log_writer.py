"""A program that writes a log and has it rotated. It knows for each generation of the file which bytes were in it.

Every line is one of its kind: name of the file, generation, number, padding.
"""

import os
import pathlib
import shutil
import threading
import time

from .wait import wait_until

_READER_TIMEOUT_S = 30


class Generation:
    """What one file held from its creation (or truncation) to its end. `must`: the first so many bytes have to come, by
    default all; `first` is where shipping begins, `gaps` the ranges that may be left out."""

    def __init__(self, label, data=b"", must=None, first=0, gaps=()):
        self.label = label
        self.data = bytearray(data)
        self._must = must
        self.first = first
        self.gaps = tuple(gaps)

    @property
    def must(self):
        return len(self.data) if self._must is None else self._must

    def close(self):
        """All that is written from now on may come and need not."""
        self._must = len(self.data)


class LogFile:
    """One file under rotation. Rotated files are `<path>.1` (the newest), `.2` and so on, or by `is_numbered` false
    `<path>.000001` (the oldest) and so on, as dates would be."""

    def __init__(self, path, generator, width=100, is_numbered=True):
        self.path = pathlib.Path(path)
        self.generations = []
        self._generator = generator
        self._width = width
        self._is_numbered = is_numbered
        self._rotated = 0
        self._number = 0
        self._file = None
        self.open()

    def open(self):
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._begin()

    def _begin(self):
        self.generations.append(Generation(f"{self.path.name}#{len(self.generations)}"))
        self._number = 0

    @property
    def current(self):
        return self.generations[-1]

    def written_bytes(self):
        return sum(len(one.data) for one in self.generations)

    # --- writing

    def write(self, data):
        assert os.write(self._file, data) == len(data)
        self.current.data += data

    def line(self):
        self._number += 1
        pad = "x" * self._generator.randrange(2 * self._width)
        return f"{self.current.label} {self._number} {pad}\n".encode()

    def write_lines(self, count, pieces=1):
        """Cut into so many write()s at any bytes."""
        data = b"".join(self.line() for _ in range(count))
        cuts = sorted(self._generator.randrange(len(data) + 1) for _ in range(pieces - 1))
        for begin, end in zip([0, *cuts], [*cuts, len(data)]):
            if begin < end:
                self.write(data[begin:end])

    def write_half_a_line(self):
        self.write(self.line()[:-1])

    # --- rotation

    def _make_room(self):
        """-> the path of the next rotated file; the older ones have moved on."""
        self._rotated += 1
        if not self._is_numbered:
            return f"{self.path}.{self._rotated:06}"
        for number in range(self._rotated - 1, 0, -1):
            try:
                os.rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")
            except FileNotFoundError:
                pass  # removed
        return f"{self.path}.1"

    def rename(self, late_lines=0):
        """As logrotate's `create`; the program notices late, and so the old file still gets some lines."""
        os.rename(self.path, self._make_room())
        if late_lines:
            self.write_lines(late_lines)
        os.close(self._file)
        self.open()

    def copytruncate(self, lost_lines=0):
        """What is written between the copy and the truncation is nobody's to find."""
        shutil.copyfile(self.path, self._make_room())
        self.current.close()
        if lost_lines:
            self.write_lines(lost_lines)
        os.ftruncate(self._file, 0)
        self._begin()

    def delete(self, late_lines=0):
        """Only what has the file open can read it to its end."""
        os.unlink(self.path)
        if late_lines:
            self.write_lines(late_lines)
        os.close(self._file)
        self.open()

    def remove_rotated(self, number):
        """The oldest but so many; -> whether there was one."""
        path = f"{self.path}.{number}"
        if not os.path.exists(path):
            return False
        os.unlink(path)
        return True

    def close(self):
        os.close(self._file)


class Rotator(threading.Thread):
    """Writes and rotates: so many times `rotate(file)`, between two of them about `lines` lines within about `period_s`.

    may_rotate() is asked before each rotation until it is true: for a reader that has to come along. From the rotation
    `open_ends_from` on a file's last line may have no end: such a line is sent only when its file has been quiet for 5 s.
    """

    def __init__(self, file, generator, rotate, rotations, lines=1000, period_s=0.15, may_rotate=lambda: True, open_ends_from=0):
        super().__init__(daemon=True)
        self.file = file
        self.done = 0
        self._generator = generator
        self._rotate = rotate
        self._rotations = rotations
        self._lines = lines
        self._period_s = period_s
        self._may_rotate = may_rotate
        self._open_ends_from = open_ends_from
        self._problem = None

    def run(self):
        try:
            for _ in range(self._rotations):
                self._fill()
                wait_until(self._may_rotate, _READER_TIMEOUT_S, "the reader comes along")
                self._rotate(self.file)
                self.done += 1
            self._fill()
        except Exception as problem:  # pylint: disable=broad-exception-caught
            self._problem = problem

    def _fill(self):
        """In bursts; now and then a file stays nearly empty, or its last line without an end."""
        bursts = self._generator.randrange(1, 10)
        lines = self._generator.choice((1, self._lines, self._lines, 2 * self._lines))
        for _ in range(bursts):
            self.file.write_lines(max(1, lines // bursts), pieces=self._generator.randrange(1, 5))
            time.sleep(self._period_s * self._generator.random() * 2 / bursts)  # the load is the case
        if self._generator.random() < 0.2 and self.done >= self._open_ends_from:
            self.file.write_half_a_line()

    def finish(self, timeout_s):
        """Waits for its end, and ends the last line."""
        self.join(timeout_s)
        assert not self.is_alive(), f"the writer does not come to its end: {self.done} rotations"
        if self._problem:
            raise self._problem
        if self.file.current.data and not self.file.current.data.endswith(b"\n"):
            self.file.write(b"\n")
