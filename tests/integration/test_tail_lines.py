"""Log files to records: framing, packing, splitting, keys, which files, where to start (docs/tail.md)."""

import os
import time

import pytest
from support.log_check import Shipped, check_lines, read_log
from support.tail_case import TailCase

pytestmark = pytest.mark.kafka

MIB = 1 << 20
MAX_RECORD_BYTES = MIB - 4096


@pytest.fixture
def case(kafka, prefix, tmp_path):
    return TailCase(kafka, prefix, tmp_path)


def _long_line(size):
    return bytes(97 + number * number % 26 for number in range(10_000)) * (size // 10_000) + b"end"


FILES = {
    "plain.log": b"one\ntwo\nthree\n",
    "crlf.log": b"one\r\n\r\ntwo\r\n\rthree\r\n",
    "empty-lines.log": b"\n\n\none\n\n\n",
    "any-bytes.log": bytes(range(256)) + b"\n\xff\xfe\n\0\0\n\xed\xa0\x80\n" + bytes(reversed(range(256))) + b"\n",
    "100-kb.log": b"before\n" + _long_line(100_000) + b"\nbehind\n",
    "3-mb.log": b"before\n" + _long_line(3_000_000) + b"\nbehind\n",
    "limit.log": b"y" * (MAX_RECORD_BYTES - 1) + b"\n" + b"z" * MAX_RECORD_BYTES + b"\n" + b"a" * (MAX_RECORD_BYTES + 1) + b"\nb\n",
    "many.log": b"".join(b"line %d\n" % number for number in range(20_000)),
    "no-bytes.log": b"",
}


def test_lines_byte_for_byte(case):
    for name, data in FILES.items():
        case.put(name, data)
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    found = case.check()
    for name, records in found.items():
        if name not in ("3-mb.log", "limit.log"):
            check_lines(FILES[name], records)
    assert {record.key for records in found.values() for record in records} == {None}
    sizes = [len(record.value) for record in found["3-mb.log"]]
    assert sizes[0] == 6 and sizes[-1] == 6 and max(sizes) <= MAX_RECORD_BYTES
    assert len(sizes) == 2 + -(-3_000_000 // MAX_RECORD_BYTES), "parts as large as they may be"
    assert all(b"\n" not in record.value for record in found["limit.log"])
    assert max(len(record.value) for record in found["limit.log"]) <= MAX_RECORD_BYTES


def test_a_line_without_an_end_waits(case):
    """It is sent when its LF comes, from the byte where it began."""
    path = case.put("a.log", b"one\n")
    half = "half of it, "
    with case.tail() as tail, case.reader() as reader:
        reader.wait_records(1)
        for piece in half, "and of that half, ":
            with path.open("a", encoding="ascii") as file:
                file.write(piece)
            case.append("a.log", piece.encode())
        case.put("b.log", b"another file\n")
        reader.wait_records(2)
        with path.open("a", encoding="ascii") as file:
            file.write("the end\n")
        case.append("a.log", b"the end\n")
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    assert [record.value for record in case.check()["a.log"]] == [b"one", b"half of it, and of that half, the end"]


def test_a_line_without_an_end_waits_across_a_restart_until_the_file_is_rotated(case):
    path = case.put("a.log", b"one\nhalf", must=4)
    with case.tail() as tail, case.reader() as reader:
        reader.wait_records(1)
        tail.terminate()
        with case.tail() as tail:
            case.put("b.log", b"b\n")
            reader.wait_records(2)
            path.rename(path.with_suffix(".log.1"))
            case.put("a.log", b"new\n", label="a.log, new")
            reader.wait_bytes(case.expected_bytes() + len(b"half"))
            tail.terminate()
    assert [record.value for record in case.check()["a.log"]] == [b"one", b"half"]


def test_smaller_records(case):
    case.put("a.log", b"x" * 5000 + b"\n" + b"y" * 1024 + b"\nz\n")
    records = case.run("--max-record-bytes", 1024)["a.log"]
    assert [len(record.value) for record in records][:4] == [1024] * 4
    assert max(len(record.value) for record in records) == 1024 and records[-1].value == b"z"


def test_packing_joins_whole_lines(case):
    data = b"".join(b"line %d %s\n" % (number, b"x" * (number % 300)) for number in range(5000)) + b"y" * 20_000 + b"\nz\n\n\n"
    case.put("a.log", data)
    case.put("crlf.log", b"a\r\n\r\nb\r\n")
    found = case.run("--pack-bytes", 8192)
    records = found["a.log"]
    assert len(records) < 1.2 * len(data) / 8192 + 2, "well filled"
    for record in records:
        assert data[record.end - 1 : record.end] == b"\n", "a line is cut"
        assert len(record.value) <= 8192 or b"\n" not in record.value, "only a line that is longer itself"
    assert b"\n".join(record.value for record in records) + b"\n" == data
    assert b"\n".join(record.value for record in found["crlf.log"]) == b"a\r\n\r\nb\r"


def test_key_file_is_the_path_and_keeps_the_order(kafka, case):
    kafka.create_topic(case.prefix + "keyed", 3)
    case.topic = case.prefix + "keyed"
    for number in range(6):
        case.put(f"{number}.log", b"".join(b"%d %d\n" % (number, line) for line in range(300)))
    found = case.run("--key", "file")
    for name, records in found.items():
        assert {record.key for record in records} == {os.fsencode(case.logs / name)}
        assert len({record.partition for record in records}) == 1
    assert len({records[0].partition for records in found.values()}) > 1


def test_without_a_key_src_gives_the_order(kafka, case):
    """The producer changes the partition every few milliseconds."""
    kafka.create_topic(case.prefix + "spread", 3)
    case.topic = case.prefix + "spread"
    path = case.put("a.log", b"")
    with case.tail() as tail, case.reader() as reader:
        for turn in range(100):
            data = b"".join(b"%d %d %s\n" % (turn, line, b"x" * 200) for line in range(2000))
            with path.open("ab") as file:
                file.write(data)
            reader.wait_records(2000 * (turn + 1))
            if len(reader.partitions()) == 3:
                break
        tail.terminate()
    records = read_log(kafka.brokers, case.topic)
    assert len({record.partition for record in records}) == 3
    (file,) = Shipped(records, is_ordered=False).files.values()
    assert not file.gaps and (file.begin, file.end) == (0, path.stat().st_size)


# --- which files


def test_globs_excludes_and_files_that_come_later(case):
    def data(name):
        return f"in {name}\n".encode() * 10

    def put(*names):
        for name in names:
            case.put(name, data(name))

    def put_others(*names):
        for name in names:
            path = case.logs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"not wanted\n")

    include = [case.logs / "*.log", case.logs / "deep/**/x?.txt", case.logs / "later/[ab]/*"]
    put("a.log", "deep/x1.txt", "deep/1/x1.txt", "deep/1/2/3/x2.txt", "twice.log")
    put_others("a.txt", "b.log.gz", "deep/1/x10.txt", "deep/1/x1.txt.1", "skip.log", "deep/1/skip/x1.txt", "sub/a.log")
    exclude = ["--exclude", case.logs / "skip*", "--exclude", case.logs / "**/skip/*", "--exclude", "/nowhere/*"]
    include.append(case.logs / "twi*")
    with case.tail(*exclude, include=include) as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        put("new.log", "deep/1/2/new/and/newer/x3.txt", "later/a/any", "later/b/.hidden")
        put_others("new.txt", "later/c/any", "later/a/sub/any")
        (case.logs / "moved").mkdir()
        (case.logs / "moved/x1.txt").write_bytes(data("deep/moved/x1.txt"))
        (case.logs / "moved").rename(case.logs / "deep/moved")
        case.expect("deep/moved/x1.txt", data("deep/moved/x1.txt"))
        reader.wait_bytes(case.expected_bytes(), 20)  # a rescan would come only after 30 s
        tail.terminate()
    case.check()


def test_a_directory_that_is_not_there_yet(case):
    """Nor its parents."""
    with case.tail(include=[case.logs / "not/yet/there/*.log"]) as tail, case.reader() as reader:
        case.put("not/yet/there/a.log", b"one\n")
        reader.wait_bytes(4, 20)
        tail.terminate()
    case.check()


def test_start_end(case):
    """Files that are there at the first start from their end; later ones, and all after a restart, wholly."""
    old = b"old\n" * 100
    path = case.put("a.log", old, first=len(old))
    with case.reader() as reader:
        for number in range(2):
            with case.tail("--start", "end") as tail:
                if number:
                    case.put("new.log", b"from the beginning\n")
                with path.open("ab") as file:
                    file.write(b"new %d\n" % number)
                case.append("a.log", b"new %d\n" % number)
                reader.wait_bytes(case.expected_bytes())
                tail.terminate()
            with path.open("ab") as file:
                file.write(b"while away\n")
            case.append("a.log", b"while away\n")
        with case.tail("--start", "end") as tail:
            reader.wait_bytes(case.expected_bytes())
            tail.terminate()
    case.check()


def test_rate_limit(case):
    """A megabyte at 400,000 bytes a second: what may come at once is not promised, but not all of it."""
    case.put("a.log", b"".join(b"%d %s\n" % (line, b"x" * 100) for line in range(10_000)))
    size = case.expected_bytes()
    with case.tail("--rate-limit", 400_000) as tail, case.reader() as reader:
        reader.wait_bytes(1)
        before = time.monotonic()
        reader.wait_bytes(size)
        took_s = time.monotonic() - before
        tail.terminate()
    case.check()
    assert 1.0 < took_s < 10, f"{size / took_s:.0f} bytes/s"
