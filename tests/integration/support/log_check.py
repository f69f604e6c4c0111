"""What came of log files, as docs/tail.md has consumers read it: by file uid, and what was seen skipped or trimmed by its byte range.

Every record says with `src` which bytes of which file it is. So of each file must have come every byte, in order, once, and
the bytes must be those that were written.
"""

import json
import re
import subprocess

from . import needs

_SRC = re.compile(r"([a-z2-7]{16})@(\d+)-(\d+)")
_KCAT = ["-q", "-J", "-o", "beginning", "-X", "fetch.wait.max.ms=20", "-X", "check.crcs=true"]


class LogRecord:
    __slots__ = ("uid", "begin", "end", "value", "key", "partition")

    def __init__(self, src, value, key=None, partition=0):
        found = _SRC.fullmatch(src)
        assert found, f"no src: {src!r}"
        self.uid, self.begin, self.end = found[1], int(found[2]), int(found[3])
        self.value, self.key, self.partition = value, key, partition
        assert self.begin < self.end, f"an empty range: {src}"

    def __repr__(self):
        return f"<{self.uid}@{self.begin}-{self.end} {self.value[:80]!r}>"


def parse(line):
    """A line of kcat -J, bytes that are not UTF-8 kept as they are -> LogRecord."""
    got = json.loads(line.decode("utf-8", "surrogateescape"))
    names, values = got["headers"][::2], got["headers"][1::2]
    assert names == ["src"], f"headers {got['headers']}"
    return LogRecord(values[0], _raw(got["payload"]) or b"", _raw(got["key"]), got["partition"])


def _raw(text):
    return None if text is None else text.encode("utf-8", "surrogateescape")


def read_log(brokers, topic, timeout_s=120):
    """All records that the topic has now, in the order of each partition."""
    command = [needs.tool("kcat"), "-C", "-b", brokers, "-t", topic, "-e", *_KCAT]
    result = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
    assert result.returncode == 0, f"kcat {topic}: {result.stderr.decode(errors='replace')}"
    return [parse(line) for line in result.stdout.split(b"\n")[:-1]]


class ShippedFile:
    """The records of one uid. `end` is how far it is known without a gap, when all come in order."""

    def __init__(self):
        self.records = []
        self.gaps = []
        self.begin = self.end = None
        self.replayed_bytes = 0
        self._by_range = {}

    def add(self, record):
        before = self._by_range.setdefault((record.begin, record.end), record.value)
        assert before == record.value, f"one range, two contents: {record} and {before[:80]!r}"
        self.records.append(record)
        if self.end is None:
            self.begin = record.begin
        elif record.begin > self.end:
            self.gaps.append((self.end, record.begin))
        else:
            self.replayed_bytes += min(self.end, record.end) - record.begin
        self.end = max(self.end or 0, record.end)

    @property
    def covered_bytes(self):
        return self.end - self.begin - sum(end - begin for begin, end in self.gaps)


class Shipped:
    """All that came to one topic. Without `is_ordered` (several partitions and no key) the ranges are put in order first."""

    def __init__(self, records=(), is_ordered=True):
        self.files = {}
        for record in records if is_ordered else sorted(records, key=lambda record: record.begin):
            self.add(record)

    def add(self, record):
        self.files.setdefault(record.uid, ShippedFile()).add(record)

    @property
    def covered_bytes(self):
        return sum(file.covered_bytes for file in self.files.values())

    @property
    def replayed_bytes(self):
        return sum(file.replayed_bytes for file in self.files.values())

    def __str__(self):
        rows = [f"{uid} {file.begin}-{file.end} gaps {file.gaps[:5]}" for uid, file in self.files.items()]
        return f"{len(rows)} files, {self.covered_bytes} bytes: {', '.join(rows[:20])}"

    # --- against what was written

    def missing_of(self, generations, framing="lines"):
        """For a message: which bytes of which generations have not come -> [(label, came, to come)]."""
        index = _Index(generations)
        came = {}
        for file in self.files.values():
            for generation in index.candidates(file.records[0], framing):
                if _is_of(file, generation, framing):
                    came[generation.label] = max(came.get(generation.label, 0), file.end)
        return [(one.label, came.get(one.label, 0), one.must) for one in generations if came.get(one.label, 0) < one.must]

    def check(self, generations, framing="lines"):
        """Each generation came under one uid of its own: whole, in order, and nothing else came -> {label: uid}."""
        index = _Index(generations)
        taken = set()
        found = {}
        for uid, file in self.files.items():
            free = (one for one in index.candidates(file.records[0], framing) if one not in taken)
            generation = next((one for one in free if _is_of(file, one, framing)), None)
            assert generation is not None, f"{uid}: {_why_none(file, generations, taken, framing)}"
            taken.add(generation)
            found[generation.label] = uid
            _check_whole(uid, file, generation)
        missing = [one for one in generations if one not in taken and one.must > one.first]
        assert not missing, f"nothing came of {[one.label for one in missing]} ({sum(one.must for one in missing)} bytes)"
        return found


def matches(data, record, framing="lines"):
    """Whether the record is those bytes: without the LF, or without the length before a frame."""
    part = data[record.begin : record.end]
    if len(part) != record.end - record.begin:
        return False
    if framing == "frames" and part[4:] == record.value:
        return True
    return part == record.value or (part[-1:] == b"\n" and part[:-1] == record.value)


class _Index:
    """Finds generations by the bytes that a record holds of them: there may be thousands of both."""

    def __init__(self, generations):
        self._generations = generations
        self._by_place = {}

    def candidates(self, record, framing):
        value = record.value[:64]
        begin = record.begin + (4 if framing == "frames" and record.end - record.begin == len(record.value) + 4 else 0)
        place = (begin, len(value))
        if place not in self._by_place:
            by_bytes = self._by_place[place] = {}
            for one in self._generations:
                by_bytes.setdefault(bytes(one.data[begin : begin + len(value)]), []).append(one)
        return self._by_place[place].get(value, [])


def _is_of(file, generation, framing):
    data = generation.data
    return matches(data, file.records[0], framing) and all(matches(data, record, framing) for record in file.records)


def _check_whole(uid, file, generation):
    name = f"{generation.label} ({uid})"
    assert file.begin == generation.first, f"{name} begins at {file.begin}, not at {generation.first}"
    unexpected = [gap for gap in file.gaps if gap not in generation.gaps]
    assert not unexpected, f"{name}: lost or out of order: {unexpected[:10]} of {file.end} bytes"
    assert file.end >= generation.must, f"{name} ends at {file.end}, {generation.must} bytes were written"


def _why_none(file, generations, taken, framing):
    for one in generations:
        if matches(one.data, file.records[0], framing):
            wrong = [record for record in file.records if not matches(one.data, record, framing)]
            if wrong:
                return f"of {one.label} by its first record, but {len(wrong)} others are not, the first {wrong[0]}"
            if one in taken:
                return f"{one.label} came under two uids, ranges {file.begin}-{file.end} again"
    return f"no file holds its first record {file.records[0]}"


def check_lines(data, records):
    """Of a file with framing `lines`: each record is one line, none cut, none joined."""
    ends = [record.end for record in records]
    wanted = [index + 1 for index in range(len(data)) if data[index : index + 1] == b"\n"]
    if not data.endswith(b"\n"):
        wanted.append(len(data))
    assert ends == wanted, f"{len(ends)} records, {len(wanted)} lines"
