"""`tail --once`: files as they are now, and then the end (docs/tail.md)."""

import os
import pty
import random
import re
import signal
import subprocess

import pytest
from support import processes
from support.agent import binary
from support.log_check import LogRecord, Shipped, check_lines, read_log
from support.ports import PortLease
from support.tail_case import TailCase
from support.tailer import once

LINES = b"".join(b"line %d\n" % number for number in range(3000))


@pytest.fixture
def case(kafka, prefix, tmp_path):
    return TailCase(kafka, prefix, tmp_path)


def _ship(case, *arguments, code=0, **options):
    result = once(*arguments, kafka=case.kafka, topic=case.topic, **options)
    assert result.returncode == code, result.stderr.decode(errors="replace")
    return result


@pytest.mark.kafka
def test_files_to_their_last_byte(case):
    """The last line needs no LF; a file is sent whatever it is called."""
    paths = [case.put(name, data) for name, data in (("a", LINES), ("b.gz", b"one\n\nhalf"), ("-x", b"\xff\0\n"), ("empty", b""))]
    result = _ship(case, "--", *paths)
    found = case.check()
    check_lines(LINES, found["a"])
    assert [record.value for record in found["b.gz"]] == [b"one", b"", b"half"]
    assert b"\r" not in result.stderr, "progress is for terminals"


@pytest.mark.kafka
def test_standard_input(case):
    case.expect("input", LINES + b"half")
    _ship(case, "-", stdin=LINES + b"half")
    check_lines(LINES + b"half", case.check()["input"])


@pytest.mark.kafka
def test_empty_standard_input(case):
    _ship(case, "-")
    assert not read_log(case.kafka.brokers, case.topic)


@pytest.mark.kafka
def test_a_second_time_gives_the_same_ids(case):
    """So that consumers count once, whoever ran it twice."""
    path = case.put("a.log", LINES)
    for _ in range(2):
        _ship(case, path)
    case.check()
    records = read_log(case.kafka.brokers, case.topic)
    assert len(records) == 6000 and Shipped(records).replayed_bytes == len(LINES)


@pytest.mark.kafka
def test_with_a_state_directory_it_goes_on_where_it_was(case):
    path = case.put("a.log", LINES)
    for more in b"", b"", b"more\n":
        with path.open("ab") as file:
            file.write(more)
        case.append("a.log", more)
        _ship(case, "--state-dir", case.state, path)
    case.check()
    assert len(read_log(case.kafka.brokers, case.topic)) == 3001


@pytest.mark.kafka
def test_packed_frames_and_keys(case):
    data = b"".join(len(payload).to_bytes(4, "big") + payload for payload in (random.Random(1).randbytes(500) for _ in range(500)))
    path = case.put("a.bin", data)
    _ship(case, "--framing", "frames", "--pack-bytes", 65536, "--key", "file", path)
    records: list[LogRecord] = case.check(framing="frames")["a.bin"]
    assert len(records) < 6 and {record.key for record in records} == {os.fsencode(path)}


@pytest.mark.kafka
def test_a_missing_file_is_a_failure_and_the_others_come(case):
    path = case.put("a.log", LINES)
    result = _ship(case, case.logs / "missing.log", path, code=1)
    assert b"missing.log" in result.stderr
    case.check()


@pytest.mark.kafka
def test_progress_on_a_terminal(case):
    """Bytes, rate, time left; the line is written over."""
    case.put("a.log", b"".join(b"%d %s\n" % (line, b"x" * 100) for line in range(20_000)))
    main, other = pty.openpty()
    command = [binary(), "tail", "--once", "--topic", case.topic, "--brokers", case.kafka.brokers, "--rate-limit", "2000000"]
    process = processes.start([*command, str(case.logs / "a.log")], stdout=subprocess.DEVNULL, stderr=other)
    os.close(other)
    shown = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:  # how a terminal says that nobody is left
            break
        if not piece:
            break
        shown += piece
    os.close(main)
    assert process.wait(60) == 0, shown
    text = shown.decode(errors="replace")
    assert text.count("\r") > text.count("\n") and re.search(r"[kMG]i?B/s", text) and re.search(r"\d %", text), text
    case.check()


@pytest.mark.kafka
def test_a_topic_that_does_not_exist_is_no_success(case):
    path = case.put("a.log", b"one\n")
    command = [binary(), "tail", "--once", "--topic", case.prefix + "none", "--brokers", case.kafka.brokers, str(path)]
    process = processes.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for line in process.stderr:
        if b"none" in line:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode not in (0, None)


@pytest.mark.quick
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_without_a_broker_it_waits_and_can_be_ended(tmp_path, number):
    lease = PortLease()
    (tmp_path / "a.log").write_bytes(LINES)
    command = [binary(), "tail", "--once", "--topic", "t", "--brokers", f"127.0.0.1:{lease.port}", str(tmp_path / "a.log")]
    process = processes.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = process.stderr.readline()  # that it has no broker
    assert process.poll() is None, line
    process.send_signal(number)
    rest = process.communicate(timeout=20)[1]
    lease.close()
    assert process.returncode not in (0, None, -signal.SIGSEGV, -signal.SIGABRT)
    assert re.search(rb" 0 (of \d+ )?bytes are acknowledged", rest), f"says how far it came: {rest!r}"


USAGE = [
    (["--include", "/a"], "topic"),
    (["--topic", "t"], "include"),
    (["--topic", "t", "--once"], "FILE|file"),
    (["--topic", "t", "--include", "/a/[z"], r"\[z"),
    (["--topic", "t", "--include", "/a", "--framing", "csv"], "framing"),
    (["--topic", "t", "--include", "/a", "--framing", "multiline"], "multiline-start"),
    (["--topic", "t", "--include", "/a", "--framing", "multiline", "--multiline-start", "("], "multiline-start"),
    (["--topic", "t", "--include", "/a", "--multiline-start", "x"], "multiline"),
    (["--topic", "t", "--include", "/a", "--start", "middle"], "start"),
    (["--topic", "t", "--include", "/a", "--key", "name"], "key"),
    (["--topic", "t", "--include", "/a", "--rate-limit", "-1"], "rate-limit"),
    (["--topic", "t", "--include", "/a", "--max-record-bytes", "1"], "max-record-bytes"),
    (["--topic", "t", "--include", "/a", "--max-record-bytes", "1048576"], "max-record-bytes"),
    (["--topic", "t", "--include", "/a", "--pack-bytes", "1048576"], "pack-bytes"),
    (["--topic", "a b", "--include", "/a"], "topic"),
    (["--topic", "t", "--include", "/a", "-X", "no.such=1"], r"no\.such"),
]


@pytest.mark.quick
@pytest.mark.parametrize("arguments, message", USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_usage_errors(tmp_path, arguments, message):
    command = [binary(), "tail", "--state-dir", str(tmp_path), "--brokers", "127.0.0.1:1", *arguments]
    result = subprocess.run(command, capture_output=True, timeout=20, check=False)
    assert result.returncode == 2 and re.search(message, result.stderr.decode()), result
