"""When errors are answered: where it cannot hurt the client, and nowhere else (protocol.md, Replies)."""

import time

import pytest
from support import ledger
from support.agent import Agent
from support.client import Client, parse_error
from support.wait import wait_until

pytestmark = pytest.mark.quick

SILENCE_S = 0.2
# What a clock tick and the agent's own gathering of reads may take off.
EARLIEST_S = 0.18
# Far beyond the silence: what has not come by then is not coming.
LONG_S = 0.8
GOOD = "mabs counter good 1\n"
BAD = "mabs counter bad x\n"


def test_success_is_silent(agent):
    with agent.connect() as client:
        client.send(GOOD * 3 + f"put p {int(time.time())} 1\n")
        assert client.receives_nothing(LONG_S)
        client.send("sync t\n")
        assert client.expect_ok("t") == (4, 0, 0)


def test_a_person_gets_the_error_after_the_silence(agent):
    with agent.connect() as client:
        before = time.monotonic()
        client.send(BAD)
        message = client.expect_error(1, "bad_value")
        assert time.monotonic() - before >= EARLIEST_S
        assert '"x"' in message
        # And so again: the connection is still that of a person.
        client.send(GOOD)
        before = time.monotonic()
        client.send("nonsense\n")
        client.expect_error(3, "unknown_command")
        assert time.monotonic() - before >= EARLIEST_S


def test_the_silence_starts_anew_with_every_byte(agent):
    for _ in range(20):
        with agent.connect() as client:
            gap_s = 0.0
            client.send(BAD)
            last = time.monotonic()
            for piece in ("mabs ", "counter ", "bad", " x", "\n", "mabs", " c", " a", " 1\n"):
                assert client.receives_nothing(0.08) or time.monotonic() - last >= EARLIEST_S, "a reply while typing"
                gap_s = max(gap_s, time.monotonic() - last)
                client.send(piece)
                last = time.monotonic()
            if gap_s > SILENCE_S / 2:  # this machine was too busy to type evenly
                continue
            client.expect_error(1, "bad_value")
            assert time.monotonic() - last >= EARLIEST_S
            client.expect_error(2, "bad_value")
            return
    pytest.skip("the machine is too busy to write every 80 ms")


@pytest.mark.parametrize("put", ["put p {now} 1\n", "put p {now}\n"], ids=["good", "bad"])
def test_none_unasked_where_a_put_was_sent(agent, put):
    with agent.connect() as client:
        client.send(BAD + put.format(now=int(time.time())))
        assert client.receives_nothing(LONG_S)
        client.send("sync t\n")
        client.expect_error(1, "bad_value")


def test_a_put_ends_the_unasked_answers_for_good(agent):
    with agent.connect() as client:
        client.send(BAD)
        client.expect_error(1, "bad_value")
        client.send(f"put p {int(time.time())} 1\n")
        client.send(BAD)
        assert client.receives_nothing(LONG_S)


def test_31_lines_are_a_person_32_are_not(agent):
    with agent.connect() as client:
        client.send(BAD + GOOD * 30)
        client.expect_error(1, "bad_value")
    with agent.connect() as client:
        client.send(BAD + GOOD * 31)
        assert client.receives_nothing(LONG_S)
        assert client.sync() == (31, 1)


@pytest.mark.parametrize("command", ["sync t", "stats", "version", "help"])
def test_held_errors_come_before_the_answer_of_any_command(agent, command):
    with agent.connect() as client:
        client.send(BAD + GOOD * 100 + "mabs counter bad y\n" + command + "\n")
        client.expect_error(1, "bad_value")
        client.expect_error(102, "bad_value")
        assert parse_error(client.receive_line()) is None


def test_held_errors_come_before_the_end_of_a_quit(agent):
    with agent.connect() as client:
        client.send(BAD + GOOD * 100 + "quit\n")
        client.expect_error(1, "bad_value")
        assert client.receive_line() is None


def test_held_errors_come_at_half_close(agent):
    with agent.connect() as client:
        client.send(BAD + GOOD * 100)
        assert client.receives_nothing(LONG_S)
        client.half_close()
        client.expect_error(1, "bad_value")
        assert client.receive_line() is None


@pytest.mark.parametrize("count", [20, 21, 500])
def test_a_batch_shows_20_errors_and_counts_the_rest(agent, count):
    with agent.connect() as client:
        for batch in range(2):
            client.send(BAD * count + f"sync b{batch}\n")
            first = batch * (count + 1) + 1
            for number in range(first, first + 20):
                client.expect_error(number, "bad_value")
            if count > 20:
                assert client.expect_suppressed() == count - 20
            assert client.expect_ok(f"b{batch}") == (0, (batch + 1) * count, 0)


def test_the_line_number_counts_every_lf(agent):
    lines = [
        "",  # 1
        GOOD.strip(),
        "  \t\r",
        "mabs counter bad x",  # 4
        "sync one",
        "mabs counter a " + " " * 65536 + "1",  # 6
        "version",
        "mabs counter bad x",  # 8
        "sync two",
    ]
    with agent.connect() as client:
        client.send("\n".join(lines) + "\n")
        client.expect_error(4, "bad_value")
        assert client.expect_ok("one") == (1, 1, 0)
        client.expect_error(6, "line_too_long")
        assert parse_error(client.receive_line()) is None
        client.expect_error(8, "bad_value")
        assert client.expect_ok("two") == (1, 3, 0)


def test_the_offending_text_is_cut_to_64_bytes(agent):
    with agent.connect() as client:
        client.send("mabs counter a " + "9x" * 200 + "\nmabs counter a " + "x" + "é" * 200 + "\nsync t\n")
        message = client.expect_error(1, "bad_value")
        assert "9x" * 32 in message and "9x" * 33 not in message
        message = client.expect_error(2, "bad_value")
        assert "é" * 31 in message and "é" * 32 not in message and "�" not in message


def test_a_reply_is_one_printable_line_whatever_was_sent(agent):
    with agent.connect() as client:
        client.send(b"\x1b[31m\xff\x00\x9b evil\nsync t\n")
        line = client.receive_line()  # decodes UTF-8
        assert line.isprintable(), repr(line)
        client.expect_ok("t")


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_a_client_that_never_reads_loses_nothing_by_a_wrong_line(tmp_path, kind):
    """It writes 20,000 lines, the first one wrong, and closes. An early reply would reset what it had still queued."""
    path = str(tmp_path / "socket")
    with Agent("--stdout", "--listen-unix", path, "--flush-interval", "3600") as agent:
        for turn in range(1, 6):
            client = agent.connect() if kind == "tcp" else Client.unix(path)
            lines = BAD + GOOD * 19_999
            for at in range(0, len(lines), 1000):
                client.send(lines[at : at + 1000])
            client.close()
            wait_until(lambda: ledger.received(agent.stats()) >= 20_000 * turn, 30, agent.stats)
        stats = agent.stats()
        assert (ledger.accepted(stats), ledger.rejected(stats)) == (5 * 19_999, 5)
        agent.terminate()
        assert sum(record.json["value"] for record in agent.stdout_records()) == 5 * 19_999
