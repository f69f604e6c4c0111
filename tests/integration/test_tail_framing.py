"""Frames and multiline records (docs/tail.md)."""

import random
import struct
import time

import pytest
from support import kcat as kcat_tool
from support.log_check import LogRecord, Shipped, read_log
from support.log_writer import Generation
from support.tail_case import TailCase
from support.wait import wait_until

pytestmark = pytest.mark.kafka

MAX_RECORD_BYTES = (1 << 20) - 4096
JAVA = rb"^\d{4}-\d\d-\d\d "


@pytest.fixture
def case(kafka, prefix, tmp_path):
    return TailCase(kafka, prefix, tmp_path)


def _frame(payload):
    return struct.pack(">I", len(payload)) + payload


def _run(case, *arguments):
    with case.tail("--framing", "frames", *arguments) as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    return case.check(framing="frames")


def _payloads(count, seed=1):
    generator = random.Random(seed)
    return [generator.randbytes(generator.choice((1, 10, 200, 2000, 70_000 if count < 1000 else 300))) for _ in range(count)]


def test_frames(case):
    payloads = _payloads(500)
    case.put("a.log", b"".join(map(_frame, payloads)))
    assert [record.value for record in _run(case)["a.log"]] == payloads


def test_empty_frames(case):
    payloads = [b"", b"\n", b"", b"", b"\0\0\0\0", b"x"]
    case.put("a.log", b"".join(map(_frame, payloads)))
    assert [record.value for record in _run(case)["a.log"]] == payloads


def test_frames_packed_keep_their_lengths(case):
    data = b"".join(map(_frame, _payloads(3000)))
    case.put("a.log", data)
    records = _run(case, "--pack-bytes", 65536)["a.log"]
    assert b"".join(record.value for record in records) == data
    assert max(len(record.value) for record in records) <= 65536 and len(records) < 1.2 * len(data) / 65536 + 2
    for record in records:
        _check_whole_frames(record)


def _check_whole_frames(record: LogRecord):
    at = 0
    while at < len(record.value):
        at += 4 + struct.unpack_from(">I", record.value, at)[0]
    assert at == len(record.value), "a frame is cut"


def test_a_frame_in_pieces_waits_for_its_last_byte(case):
    payload = random.Random(2).randbytes(300_000)
    data = _frame(payload) + _frame(b"next")
    path = case.put("a.log", b"")
    with case.tail("--framing", "frames") as tail, case.reader() as reader:
        for begin, end in ((0, 2), (2, 5), (5, 100_000), (100_000, len(data) - 1)):
            with path.open("ab") as file:
                file.write(data[begin:end])
            time.sleep(0.05)  # for the tailer to look at it: any instant will do
        case.append("a.log", data[:-8])
        reader.wait_bytes(case.expected_bytes())
        with path.open("ab") as file:
            file.write(data[-1:])
        case.append("a.log", data[-8:])
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    assert [record.value for record in case.check(framing="frames")["a.log"]] == [payload, b"next"]


def test_a_frame_over_the_limit_is_split(case):
    payloads = [b"before", random.Random(3).randbytes(2_500_000), b"behind"]
    data = b"".join(map(_frame, payloads))
    case.put("a.log", data)
    records = _run(case)["a.log"]
    assert len(records) == 5 and max(len(record.value) for record in records) <= MAX_RECORD_BYTES
    assert b"".join(record.value for record in records[1:4]) in (payloads[1], _frame(payloads[1]))


@pytest.mark.parametrize("framing", ["lines", "frames"])
def test_a_topic_that_takes_only_smaller_records(kafka, case, framing):
    """The broker refuses them, so they come in parts; whatever was sent beside them may come before, or twice."""
    case.topic = case.prefix + "small"
    kafka.create_topic(case.topic, 1, max_message_bytes=300_000)
    values = [b"before", random.Random(4).randbytes(700_000).replace(b"\n", b"x"), b"behind"]
    data = b"".join(map(_frame, values)) if framing == "frames" else b"\n".join(values) + b"\n"
    case.put("a.log", data)
    with case.tail("--framing", framing) as tail:
        wait_until(lambda: _unordered(case).covered_bytes >= len(data), 30, lambda: _unordered(case), every_s=0.2)
        tail.terminate()
    shipped = _unordered(case)
    shipped.check([Generation("a.log", data)], framing)
    (file,) = shipped.files.values()
    assert max(len(record.value) for record in file.records) < 300_000


def _unordered(case):
    return Shipped(read_log(case.kafka.brokers, case.topic), is_ordered=False)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x80000000, 0x7FFFFFFF])
def test_an_impossible_length_ends_the_file(case, length):
    """What stood before it has come; other files go on; the rest is counted."""
    good = b"".join(map(_frame, [b"one", b"two"]))
    rubbish = b"rubbish" * 100
    path = case.put("bad.log", good + struct.pack(">I", length) + rubbish, must=len(good))
    case.put("good.log", _frame(b"good"))
    with case.tail("--framing", "frames") as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        with path.open("ab") as file:
            file.write(_frame(b"three"))
        case.put("later.log", _frame(b"later"))
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    (log,) = kcat_tool.read_topic(case.kafka.brokers, case.prefix + "mabs.agent")[-1].json["logs"]
    assert log["skipped"].keys() == {"bad_frame"} and log["skipped"]["bad_frame"] >= 4 + len(rubbish)
    found = case.check(framing="frames")
    assert [record.value for record in found["bad.log"]] == [b"one", b"two"]


def test_multiline(case):
    stacks = [
        b"2026-11-22 one line",
        b"2026-11-22 java.lang.Exception: who\n\tat a.b.C(C.java:1)\n\tat a.b.D(D.java:2)\nCaused by: him\n\n\t... 3 more",
        b"2026-11-22 \xff\r\n\r\n and more",
    ]
    head = b"no start\nnor here\n"
    data = head + b"\n".join(stacks) + b"\n"
    path = case.put("a.log", data)
    last = b"2026-11-22 the last\n with more\n"
    with case.tail("--framing", "multiline", "--multiline-start", JAVA.decode()) as tail, case.reader() as reader:
        # The last one has no next: a second of silence ends it.
        before = time.monotonic()
        reader.wait_bytes(len(data), 20)
        assert time.monotonic() - before < 10
        with path.open("ab") as file:
            file.write(last)
        case.append("a.log", last)
        reader.wait_bytes(case.expected_bytes(), 20)
        tail.terminate()
    values = [record.value for record in case.check()["a.log"]]
    assert values[-4:] == [*stacks, last[:-1]]
    assert b"\n".join(values[:-4]) + b"\n" == head


def test_multiline_waits_for_the_rest_while_it_comes(case):
    """Lines of one record with less than a second between them are one record."""
    path = case.put("a.log", b"2026-11-22 first\n")
    with case.tail("--framing", "multiline", "--multiline-start", JAVA.decode()) as tail, case.reader() as reader:
        for number in range(4):
            time.sleep(0.3)  # the silence is the case
            with path.open("ab") as file:
                file.write(b" line %d\n" % number)
            case.append("a.log", b" line %d\n" % number)
        reader.wait_bytes(case.expected_bytes(), 20)
        tail.terminate()
    assert [record.value for record in case.check()["a.log"]] == [b"2026-11-22 first\n line 0\n line 1\n line 2\n line 3"]


def test_multiline_over_the_limit_is_split(case):
    data = b"2026-11-22 first\n" + b" more of it\n" * 1000 + b"2026-11-22 second\n"
    case.put("a.log", data)
    with case.tail("--framing", "multiline", "--multiline-start", JAVA.decode(), "--max-record-bytes", 4096) as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes(), 20)
        tail.terminate()
    records = case.check()["a.log"]
    assert len(records) == 4 and max(len(record.value) for record in records) <= 4096
