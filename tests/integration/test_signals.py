"""SIGTERM and SIGINT: stop accepting, flush, deliver, say what was left, exit 0."""

import contextlib
import json
import signal
import socket
import subprocess
import time

import pytest
from support import needs, processes
from support.agent import Agent, binary, refused
from support.wait import wait_until

pytestmark = pytest.mark.quick

# 10 s without a state directory (durability.md), and what a busy machine adds.
SHUTDOWN_S = 10
SLACK_S = 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_flushes_what_is_open(number):
    with Agent("--stdout", "--flush-interval", "3600", "--host", "h") as agent:
        with agent.connect() as client:
            client.send("mabs c a 1 by_node=1\n" * 100 + "mabs g b 2\nmabs s c 3\n")
            assert client.sync() == (102, 0)
            agent.signal(number)
            assert agent.wait() == 0
            assert client.receive_line() is None, "the connection ends"
        records = {(record.topic, record.key): record.json for record in agent.stdout_records()}
    assert records["mabs", b"a"]["value"] == records["mabs.by_node", b"a{node=h}"]["value"] == 100
    assert len(records) == 4


def test_an_idle_agent_ends_at_once():
    with Agent("--stdout") as agent:
        before = time.monotonic()
        agent.terminate()
        assert time.monotonic() - before < SHUTDOWN_S / 2
        assert refused(agent.port)


def test_with_kafka_away_it_says_what_was_left():
    with Agent("--brokers", "127.0.0.1:1", "--flush-interval", "3600") as agent:
        agent.send("mabs c a 1\n" * 37 + f"put p {int(time.time())} 1\n" * 5)
        before = time.monotonic()
        agent.signal(signal.SIGTERM)
        wait_until(lambda: refused(agent.port), 5, "no more accepting")
        assert agent.wait(SHUTDOWN_S + SLACK_S) == 1, "lines were lost"
        assert time.monotonic() - before >= SHUTDOWN_S / 2, "it tried"
        assert agent.left() == {"mabs": 37, "tsdb": 5}


def test_a_second_signal_ends_it_at_once():
    with Agent("--brokers", "127.0.0.1:1", "--flush-interval", "3600") as agent:
        agent.send("mabs c a 1\n" * 37)
        agent.signal(signal.SIGTERM)
        wait_until(lambda: refused(agent.port), 5, "no more accepting")
        before = time.monotonic()
        agent.signal(signal.SIGTERM)
        assert agent.wait(SHUTDOWN_S) == 1
        assert agent.left() == {"mabs": 37}
        assert time.monotonic() - before < SHUTDOWN_S / 2


def test_lines_sent_before_the_signal_are_not_lost_to_it():
    """What the kernel has already taken from clients that closed is read before the end."""
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        clients = []
        for _ in range(20):
            with agent.connect() as client:
                client.send("mabs c a 1\n" * 500)
                clients.append(client)
        with agent.connect() as client:
            client.sync()
        agent.terminate()
        assert sum(record.json["value"] for record in agent.stdout_records()) == 20 * 500


def unread_bytes(port):
    """What the kernel has for the agent and the agent has not read (/proc/net/tcp: rx_queue)."""
    total = 0
    with open("/proc/net/tcp", encoding="ascii") as table:
        for row in list(table)[1:]:
            _, local, _, state, queues = row.split()[:5]
            if int(local.split(":")[1], 16) == port and state == "01":
                total += int(queues.split(":")[1], 16)
    return total


def test_megabytes_that_wait_in_the_kernel_are_read_before_the_end():
    """However long it takes: a stopping agent does not hurry past what has reached the host."""
    line = b"mabs c a 1 service=pins\n"
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        clients = [socket.create_connection(("127.0.0.1", agent.port)) for _ in range(10)]
        for client in clients:  # warm: they are known to send much
            client.sendall(line * 20_000 + b"sync warm\n")
        for client in clients:
            while b"warm" not in client.recv(4096):
                pass
        agent.signal(signal.SIGSTOP)
        for client in clients:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    client.send(line * 1000)
        waiting = unread_bytes(agent.port)
        assert waiting > 2_000_000
        agent.signal(signal.SIGTERM)
        agent.signal(signal.SIGCONT)
        agent.wait(SHUTDOWN_S)
        taken = sum(record.json["value"] for record in agent.stdout_records())
        assert taken >= 10 * 20_000 + waiting // len(line) - len(clients)
        for client in clients:
            client.close()


def test_sigpipe_on_stdout_ends_it_with_an_error():
    """`metrics-agent --stdout | head -1`: no crash, no endless loop."""
    head = processes.start(["head", "-n", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    command = [binary(), "run", "--no-state", "--stdout", "--listen", "127.0.0.1:0", "--flush-interval", "0.1"]
    process = processes.start(command, stdout=head.stdin, stderr=subprocess.PIPE)
    head.stdin.close()
    try:
        line = b""
        while b"ready listen=" not in line:
            line = process.stderr.readline()
            assert line, "it ended before it was ready"
        port = int(line.decode().split("listen=")[1].split()[0].split(",")[0].rpartition(":")[2])

        def write():
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    client.sendall(b"mabs c a 1\n")
            except OSError:
                pass
            return process.poll() is not None

        wait_until(write, 20, "the end after the reader has gone", every_s=0.1)
        assert process.returncode == 1
        assert json.loads(head.stdout.readline())["value"]["metric"] == "a"
    finally:
        processes.kill_group(process)
        processes.kill_group(head)


def test_a_closed_stdin_does_not_matter():
    needs.tool("sh")
    with Agent("--stdout", wrapper=["sh", "-c", 'exec "$@" <&-', "sh"]) as agent:
        assert agent.send("mabs c a 1\n") == (1, 0)
