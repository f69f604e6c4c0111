"""metrics-agent parse: what the agent would take each line for."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from support import tdigest
from support.agent import binary, is_sanitized, run
from support.bad_lines import BAD_LINES, bad_line

pytestmark = pytest.mark.quick

DIGEST = tdigest.text(tdigest.verbose([(1.0, 1.0), (2.5, 3.0)]))


def parse(stdin, *arguments):
    """-> exit code, answers."""
    result = run("parse", *arguments, stdin=stdin)
    assert result.stderr == b""
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]


def test_good_lines():
    now = int(time.time())
    code, answers = parse(
        f"mabs counter a {now} 5 b=2 a=1 by_node=True\n\nmabs h d {DIGEST} e=\r\nput p {now}250 1.5\nsync t\n".encode()
    )
    assert code == 0
    counter, histogram, point, sync = answers
    assert counter == {
        "line": 1,
        "type": "counter",
        "metric": "a",
        "timestamp_ms": now * 1000,
        "value": 5,
        "tags": {"a": "1", "b": "2"},
        "by_node": True,
    }
    assert (histogram["line"], histogram["type"], histogram["tags"]) == (3, "histogram", {})
    facts = histogram["value"]
    assert (facts["count"], facts["min"], facts["max"], facts["sum"]) == (4, 1.0, 2.5, 8.5)
    shown = json.loads(run("digest", "show", "--json", stdin=DIGEST.encode() + b"\n").stdout)
    assert facts == {name: shown[name] for name in facts} and set(shown) == {*facts, "quantiles"}
    assert (point["type"], point["timestamp_ms"], point["value"]) == ("point", now * 1000 + 250, 1.5)
    assert sync == {"line": 5, "command": "sync", "token": "t"}


@pytest.mark.parametrize("line, expected", [row[1:] for row in BAD_LINES], ids=[row[0] for row in BAD_LINES])
def test_a_bad_line_of_every_kind(line, expected):
    code, answers = parse(b"mabs c good 1\n" + bad_line(line, int(time.time())) + b"\nmabs c good 1\n")
    assert code == 1
    assert [answer["line"] for answer in answers] == [1, 2, 3]
    assert answers[1]["error"]["code"] == expected and answers[1]["error"]["column"] >= 1


def test_a_running_agent_says_the_same(agent):
    """Codes and texts, of one line after the other, as a client gets them."""
    now = int(time.time())
    lines = [bad_line(line, now) for _, line, _ in BAD_LINES]
    _, answers = parse(b"".join(line + b"\n" for line in lines))
    assert len(answers) == len(lines)
    with agent.connect() as client:
        for number, (line, answer) in enumerate(zip(lines, answers), 1):
            client.send(line + b"\nsync t\n")
            code, message = answer["error"]["code"], answer["error"]["message"]
            assert client.receive_line() == f"error {2 * number - 1} {code}: {message}"
            assert client.receive_line().startswith("ok t ")


def test_without_an_lf_it_is_no_line():
    code, answers = parse(b"mabs c a 1\nmabs c a 1")
    assert code == 1
    assert answers[1]["error"]["code"] == "unterminated_line" and answers[1]["error"]["column"] == 11


def test_nothing_in_nothing_out():
    assert parse(b"") == (0, [])


def test_files_are_named_where_there_are_several(tmp_path):
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_bytes(b"mabs c a 1\n")
    second.write_bytes(b"\nmabs c b 1\n")
    code, answers = parse(b"", str(first))
    assert code == 0 and "file" not in answers[0]
    code, answers = parse(b"frob\n", str(first), "-", str(second))
    assert code == 1
    assert [(answer["file"], answer["line"]) for answer in answers] == [(str(first), 1), ("-", 1), (str(second), 2)]


def test_a_file_that_cannot_be_read_is_told_and_the_others_go_on(tmp_path):
    good = tmp_path / "good.txt"
    good.write_bytes(b"mabs c a 1\n")
    result = run("parse", str(tmp_path / "missing.txt"), str(tmp_path), str(good))
    assert result.returncode == 1
    assert result.stderr.count(b"metrics-agent: cannot read ") == 2 and b"missing.txt" in result.stderr
    assert json.loads(result.stdout)["metric"] == "a"


def test_the_moment_can_be_chosen():
    line = b"put a 1000000000 1\n"
    assert parse(line)[1][0]["error"]["code"] == "timestamp_too_old"
    for flags in (["--now", "1000000000"], ["--now", "1000000000000"], ["--any-time"]):
        assert parse(line, *flags)[0] == 0, flags
    assert parse(line, "--now", "1000086401")[1][0]["error"]["code"] == "timestamp_too_old"
    assert parse(line, "--now", "0999999399")[1][0]["error"]["code"] == "timestamp_too_far_ahead"


@pytest.mark.parametrize(
    "arguments", [["--now", "soon"], ["--now", "1"], ["--now", "1000000000", "--any-time"], ["--no-such-flag"]], ids=" ".join
)
def test_wrong_usage(arguments):
    result = run("parse", *arguments)
    assert result.returncode == 2 and result.stderr


def test_answers_come_while_the_input_goes_on():
    with subprocess.Popen([binary(), "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number in range(1, 6):
            process.stdin.write(b"c a 1\nmabs " if number > 1 else b"mabs c a 1\nmabs ")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == number
        process.stdin.close()
        assert json.loads(process.stdout.read())["error"]["code"] == "unterminated_line"
        assert process.wait(timeout=30) == 1


def test_a_reader_that_leaves_ends_it_quietly():
    with subprocess.Popen(
        [binary(), "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        try:
            for _ in range(1000):
                process.stdin.write(b"mabs c a 1\n" * 1000)
            process.stdin.close()
        except BrokenPipeError:
            process.stdin = None
        assert process.wait(timeout=30) == -signal.SIGPIPE
        assert process.stderr.read() == b""


def test_a_full_disk_is_told():
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [binary(), "parse"], input=b"mabs c a 1\n", stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert result.returncode == 1 and b"cannot write" in result.stderr


def test_memory_does_not_grow_with_the_input(tmp_path):
    """64 MB without an LF, then as much of short lines, under a limit of address space that holds neither."""
    if is_sanitized():
        pytest.skip("sanitizers reserve terabytes of address space")
    path = tmp_path / "input"
    with open(path, "wb") as file:
        for _ in range(64):
            file.write(b"x" * 1_000_000)
        file.write(b"\n")
        for _ in range(20):
            file.write(b"x\n" * 500_000)
    command = f'ulimit -v 100000; exec "{binary()}" parse "{path}"'
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE) as process:
        count, last = 0, b""
        while chunk := process.stdout.read(1 << 20):
            count += chunk.count(b"\n")
            last = chunk
        assert process.wait(timeout=60) == 1
    assert count == 10_000_001
    assert json.loads(last.splitlines()[-1])["line"] == 10_000_001


def test_on_a_terminal_errors_have_a_caret():
    text = _on_a_terminal(b"mabs c a 1\nmabs counter a 1.5\nmabs c a\x1b[2J 1\n", columns=60)
    lines = text.split("\r\n")
    assert json.loads(lines[0])["line"] == 1
    assert lines[1:4] == [
        'line 2, column 16: bad_value: counter wants a decimal integer (int64), got "1.5"',
        "  mabs counter a 1.5",
        "                 ^~~",
    ]
    assert lines[4].startswith("line 3, column 9: control_character: ")
    assert lines[5:7] == ["  mabs c a\\x1b[2J 1", "          ^~~~"] and "\x1b" not in text


def test_on_a_terminal_long_lines_are_cut_to_its_width():
    text = _on_a_terminal(b"mabs c a 1 " + b"x" * 3000 + b" t=v\n", columns=40)
    shown = text.split("\r\n")[1:3]
    assert max(map(len, shown)) <= 40 and shown[0].endswith("...")
    assert "^" in shown[1]


def _on_a_terminal(stdin, columns):
    """What `parse` writes to a terminal of that width."""
    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen([binary(), "parse"], stdin=subprocess.PIPE, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            theirs = -1
            process.stdin.write(stdin)
            process.stdin.close()
            written = b""
            while select.select([ours], [], [], 30)[0]:
                try:
                    written += os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
            assert process.wait(timeout=30) == 1
        return written.decode()
    finally:
        os.close(ours)
        if theirs != -1:
            os.close(theirs)
