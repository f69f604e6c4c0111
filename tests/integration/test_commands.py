"""sync, version, stats, help, quit: how a client knows (protocol.md)."""

import re
import subprocess

import pytest
from support import ledger, needs
from support.agent import Agent, run
from support.client import Client

pytestmark = pytest.mark.quick

GOOD = "mabs counter good 1\n"
BAD = "mabs counter bad x\n"


def test_sync_counts_this_connection_only(agent):
    agent.send(GOOD * 5)
    with agent.connect() as client:
        client.send("sync first\n")
        assert client.expect_ok("first") == (0, 0, 0)
        client.send(GOOD * 3 + BAD + "sync second\n" + GOOD + "sync third\n")
        client.expect_error(5, "bad_value")
        assert client.expect_ok("second") == (3, 1, 0)
        assert client.expect_ok("third") == (4, 1, 0)


def test_sync_without_a_journal_says_not_durable(agent):
    with agent.connect() as client:
        client.send(GOOD + "sync t\n")
        assert client.expect_ok("t") == (1, 0, 0)


@pytest.mark.parametrize("token", ["x", "0", "ok", "a=b", "größe", "t" * 255, '"{},\\'])
def test_sync_repeats_its_token(agent, token):
    with agent.connect() as client:
        client.send(f"  sync \t {token} \r\n")
        assert client.expect_ok(token) == (0, 0, 0)


def test_commands_and_blank_lines_are_no_lines(agent):
    with agent.connect() as client:
        client.send("\n \n\r\nversion\nhelp\nstats\nsync t\n")
        while not client.receive_line().startswith("ok t accepted=0 rejected=0 "):
            pass


def test_version_is_one_line_and_the_same_as_on_the_command_line(agent):
    with agent.connect() as client:
        client.send("version\nsync t\n")
        version = client.receive_line()
        client.expect_ok("t")
    assert re.search(r"\d+\.\d+", version)
    number = re.search(r"\d+\.\d+[^\s]*", version).group(0)
    assert number in run("--version").stdout.decode()


def test_help_names_every_command(agent):
    with agent.connect() as client:
        client.send("help\nquit\n")
        text = "\n".join(client.receive_until_end())
    for word in ("mabs", "counter", "gauge", "histogram", "sample", "put", "sync", "version", "stats", "quit"):
        assert word in text


def test_stats_are_names_and_values_up_to_end(agent):
    agent.send(GOOD * 7 + BAD * 2)
    before = agent.stats()
    ledger.check(before)
    agent.send(GOOD * 7 + BAD * 2 + "mabs counter bad{ 1\n")
    after = agent.stats()
    ledger.check(after)
    assert ledger.received(after) - ledger.received(before) == 10
    assert ledger.accepted(after) - ledger.accepted(before) == 7
    assert ledger.rejected(after) - ledger.rejected(before) == 3
    assert ledger.rejected(after, "bad_value") - ledger.rejected(before, "bad_value") == 2
    assert ledger.rejected(after, "bad_metric") - ledger.rejected(before, "bad_metric") == 1


@pytest.mark.parametrize("word", ["quit", "exit"])
def test_quit_closes_after_the_pending_replies(agent, word):
    with agent.connect() as client:
        client.send(GOOD + f"sync t\nversion\n{word}\n")
        client.expect_ok("t")
        assert client.receive_line()
        assert client.receive_line() is None


def test_answers_come_in_the_order_of_the_commands(agent):
    with agent.connect() as client:
        client.send("".join(f"sync {number}\n{GOOD}" for number in range(1000)))
        for number in range(1000):
            assert client.expect_ok(str(number)) == (number, 0, 0)


def test_half_close_with_nc(agent):
    nc = needs.tool("nc")
    result = subprocess.run(
        [nc, "-N", "127.0.0.1", str(agent.port)],
        input=b"mabs counter a 1\nsync x\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert result.stdout == b"ok x accepted=1 rejected=0 durable=0\n"
    assert result.returncode == 0


def test_half_close_over_the_unix_socket_with_nc(tmp_path):
    nc = needs.tool("nc")
    path = str(tmp_path / "socket")
    with Agent("--stdout", "--listen-unix", path):
        result = subprocess.run(
            [nc, "-N", "-U", path], input=b"mabs counter a 1\nsync x\n", capture_output=True, timeout=30, check=False
        )
    assert result.stdout == b"ok x accepted=1 rejected=0 durable=0\n"


def test_half_close_without_a_command_just_ends(agent):
    with agent.connect() as client:
        client.send(GOOD)
        client.half_close()
        assert client.receive_line() is None


def test_both_listeners_are_one_agent(tmp_path):
    path = str(tmp_path / "socket")
    with Agent("--stdout", "--listen-unix", path) as agent:
        with Client.unix(path) as client:
            client.send(GOOD * 3)
            assert client.sync() == (3, 0)
        agent.send(GOOD * 2)
        assert ledger.accepted(agent.stats()) == 5
