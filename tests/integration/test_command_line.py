"""Flags, exit codes and the ready line (operations.md)."""

import pathlib
import re
import signal
import socket

import pytest
from support.agent import Agent, run
from support.client import Client
from support.wait import wait_until

pytestmark = pytest.mark.quick


def test_version_and_help():
    version = run("--version")
    assert version.returncode == 0 and re.search(rb"\d+\.\d+\.\d+", version.stdout) and version.stdout.count(b"\n") == 1
    help_text = run("--help")
    assert help_text.returncode == 0 and b"run" in help_text.stdout and b"digest" in help_text.stdout
    run_help = run("run", "--help")
    assert run_help.returncode == 0
    for flag in (
        b"--listen",
        b"--listen-unix",
        b"--allow-remote",
        b"--brokers",
        b"-X",
        b"--topic-prefix",
        b"--host",
        b"--no-state",
        b"--flush-interval",
        b"--resolution",
        b"--max-series",
        b"--embedded-broker",
        b"--stdout",
        b"--log-level",
    ):
        assert flag in run_help.stdout, flag


def test_run_is_the_default():
    """`metrics-agent --flags` and `metrics-agent run --flags` are the same."""
    result = run("--listen", "0.0.0.0:0", "--stdout")
    assert result.returncode == 2 and b"allow" in result.stderr


WRONG_USAGES = [
    ["--no-such-flag"],
    ["no-such-command"],
    ["run", "left-over"],
    ["run", "--listen"],
    ["run", "--listen", "nonsense"],
    ["run", "--listen", "127.0.0.1"],
    ["run", "--listen", "127.0.0.1:70000"],
    ["run", "--listen", "127.0.0.1:-1"],
    ["run", "--listen", "127.0.0.1:http"],
    ["run", "--flush-interval", "0"],
    ["run", "--flush-interval", "-1"],
    ["run", "--flush-interval", "often"],
    ["run", "--flush-interval", "nan"],
    ["run", "--resolution", "0"],
    ["run", "--resolution", "-60"],
    ["run", "--resolution", "inf"],
    ["run", "--max-series", "0"],
    ["run", "--max-series", "-5"],
    ["run", "--max-series", "many"],
    ["run", "--log-level", "loud"],
    ["run", "-X", "nonsense"],
    ["run", "-X", "no.such.property=1"],
    ["run", "-X", "acks=maybe"],
    ["run", "-X", "=1"],
    ["run", "--topic-prefix", "a b/"],
    ["run", "--embedded-broker", "--stdout"],
]


@pytest.mark.parametrize("arguments", WRONG_USAGES, ids=[" ".join(arguments) for arguments in WRONG_USAGES])
def test_wrong_usage_exits_with_2_and_says_why(arguments):
    named = [part for word in arguments if word != "run" for part in (word, word.partition("=")[0]) if part]
    if arguments[0] == "run" and "--listen" not in arguments:
        arguments = [*arguments, "--listen", "127.0.0.1:0"]
    result = run(*arguments)
    assert result.returncode == 2, result
    assert result.stderr.strip() and not result.stdout
    assert b"terminate called" not in result.stderr and len(result.stderr) < 4000
    assert any(word.encode() in result.stderr for word in named), result.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:18126"])
def test_leaving_loopback_needs_allow_remote(address):
    result = run("run", "--stdout", "--listen", address)
    assert result.returncode == 2
    assert b"--allow-remote" in result.stderr or b"allow_remote" in result.stderr
    assert address.rpartition(":")[0].strip("[]").encode() in result.stderr


def test_allow_remote_allows_it():
    with Agent("--stdout", "--allow-remote", listen=["0.0.0.0:0"]) as agent:
        assert agent.send("mabs c a 1\n") == (1, 0)


def test_loopback_needs_no_allow_remote():
    with Agent("--stdout", listen=["127.0.0.2:0", "localhost:0"]) as agent:
        with Client.tcp("127.0.0.2", agent.ports[0]) as client:
            client.send("mabs c a 1\n")
            assert client.sync() == (1, 0)


def test_listen_is_repeatable_and_all_are_in_the_ready_line(tmp_path):
    path = str(tmp_path / "a socket")
    path = path.replace(" ", "-")
    with Agent("--stdout", "--listen-unix", path, listen=["127.0.0.1:0", "127.0.0.1:0"]) as agent:
        assert len(set(agent.ports)) == 2 and 0 not in agent.ports
        assert agent.unix_path == path
        for port in agent.ports:
            with Client.tcp("127.0.0.1", port) as client:
                client.send("mabs c a 1\n")
                assert client.sync() == (1, 0)
        with Client.unix(path) as client:
            client.send("mabs c a 1\n")
            assert client.sync() == (1, 0)


def test_ipv6_loopback():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this host has no ::1")
    with Agent("--stdout", listen=["[::1]:0"]) as agent:
        with Client.tcp("::1", agent.port) as client:
            client.send("mabs c a 1\n")
            assert client.sync() == (1, 0)


def test_the_ready_line_names_the_brokers():
    with Agent("--brokers", "127.0.0.1:1,127.0.0.1:2") as agent:
        assert agent.brokers == "127.0.0.1:1,127.0.0.1:2"


def test_an_address_in_use_is_a_clear_error():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = run("run", "--stdout", "--listen", f"127.0.0.1:{port}")
    assert result.returncode == 1
    assert f"127.0.0.1:{port}".encode() in result.stderr and b"in use" in result.stderr


def test_an_address_of_another_host_is_a_clear_error():
    result = run("run", "--stdout", "--allow-remote", "--listen", "192.0.2.1:18126")
    assert result.returncode == 1 and b"192.0.2.1" in result.stderr


def test_a_port_can_be_taken_again_at_once():
    """Connections in TIME_WAIT do not keep the next start from its port."""
    with Agent("--stdout") as agent:
        port = agent.port
        with agent.connect() as client:
            client.send("quit\n")
            assert client.receive_line() is None
        agent.terminate()
    with Agent("--stdout", listen=[f"127.0.0.1:{port}"]) as agent:
        assert agent.port == port


def test_a_stale_unix_socket_is_replaced_and_a_live_one_is_not(tmp_path):
    path = str(tmp_path / "socket")
    with Agent("--stdout", "--listen-unix", path, listen=()) as agent:
        second = run("run", "--stdout", "--listen-unix", path, "--listen", "127.0.0.1:0")
        assert second.returncode == 1 and path.encode() in second.stderr
        with Client.unix(path) as client:
            assert client.sync() == (0, 0)
        agent.kill()
    with Agent("--stdout", "--listen-unix", path, listen=()):
        with Client.unix(path) as client:
            assert client.sync() == (0, 0)


def test_an_agent_that_is_still_delivering_leaves_the_next_ones_unix_socket_alone(tmp_path):
    path = str(tmp_path / "socket")
    with Agent("--brokers", "127.0.0.1:1", "--listen-unix", path) as old:
        old.send("mabs c a 1\n")
        old.signal(signal.SIGTERM)
        wait_until(lambda: not pathlib.Path(path).exists(), 10, "the path is given up")
        with Agent("--stdout", "--listen-unix", path):
            old.signal(signal.SIGTERM)  # do not wait for Kafka any longer
            old.wait(10)
            with Client.unix(path) as client:
                assert client.sync() == (0, 0)


def test_a_file_in_the_place_of_the_unix_socket_is_left_alone(tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    result = run("run", "--stdout", "--listen-unix", str(path), "--listen", "127.0.0.1:0")
    assert result.returncode == 1 and b"precious" in result.stderr
    assert path.read_text() == "data"


def test_the_unix_socket_is_removed_at_the_end(tmp_path):
    path = tmp_path / "socket"
    with Agent("--stdout", "--listen-unix", path) as agent:
        assert path.is_socket()
        agent.terminate()
    assert not path.exists()


def test_a_unix_path_that_is_too_long_is_said(tmp_path):
    result = run("run", "--stdout", "--listen-unix", str(tmp_path / ("x" * 120)), "--listen", "127.0.0.1:0")
    assert result.returncode in (1, 2) and b"107 bytes" in result.stderr


@pytest.mark.parametrize("limit", [1, 3])
def test_max_series_rejects_new_series_and_keeps_the_old_ones(limit):
    with Agent("--stdout", "--max-series", limit, "--flush-interval", "3600") as agent:
        with agent.connect() as client:
            for number in range(limit):
                client.send(f"mabs c s{number} 1\n")
            client.send("mabs c one.more 1\nmabs c s0 1\nsync t\n")
            client.expect_error(limit + 1, "too_many_series")
            assert client.expect_ok("t") == (limit + 1, 1, 0)
        agent.terminate()
        assert {record.json["metric"] for record in agent.stdout_records()} == {f"s{number}" for number in range(limit)}
