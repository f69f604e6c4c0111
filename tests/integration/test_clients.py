"""Clients as they are: many, silent, rude. None of them may cost the others or the host (protocol.md, Admission)."""

import random
import socket
import struct
import threading
import time

import pytest
from support import ledger
from support.agent import Agent, is_sanitized
from support.client import Client
from support.wait import wait_until

pytestmark = pytest.mark.quick

MIB = 1024 * 1024
GOOD = "mabs counter good 1\n"
BAD = "mabs counter bad x\n"


def test_connections_without_a_byte_are_normal(agent):
    before = agent.stats()
    for _ in range(1000):
        agent.connect().close()
    assert agent.send(GOOD) == (1, 0)
    after = agent.stats()
    assert ledger.received(after) - ledger.received(before) == 1
    ledger.check(after)


def test_a_reset_ends_that_session_only(agent):
    before = agent.stats()
    with agent.connect() as bystander:
        for _ in range(50):
            client = agent.connect()
            client.send(GOOD * 10)
            assert client.sync() == (10, 0)
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        bystander.send(GOOD)
        assert bystander.sync() == (1, 0)
    assert ledger.accepted(agent.stats()) - ledger.accepted(before) == 501


def test_a_burst_of_connects_is_taken_within_100_ms_each():
    """Clients that give up a connect after 100 ms, and some never retry."""
    with Agent("--stdout") as agent:
        clients = []
        for _ in range(500):
            sock = socket.socket()
            sock.settimeout(0.1 if not is_sanitized() else 1)
            sock.connect(("127.0.0.1", agent.port))
            clients.append(sock)
        for sock in clients:
            sock.sendall(GOOD.encode())
        wait_until(lambda: ledger.accepted(agent.stats()) == 500, 20, agent.stats)
        for sock in clients:
            sock.close()


def test_clients_that_never_read_cost_little_and_hold_up_nobody():
    """50 of them ask and err without end; replies beyond 64 KiB are dropped, reading goes on."""
    lines_each = 20_000
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        agent.send(GOOD)
        idle_bytes = agent.rss_bytes()
        rude = [Client.tcp("127.0.0.1", agent.port, receive_buffer_bytes=4096) for _ in range(50)]
        block = (BAD + "sync token\n" + GOOD + "stats\n") * 100
        for _ in range(lines_each // 200):
            for client in rude:
                client.send(block)  # would time out here if the agent stopped reading
        before = time.monotonic()
        assert agent.send(GOOD) == (1, 0)
        answered_s = time.monotonic() - before
        wait_until(lambda: ledger.received(agent.stats()) == 50 * lines_each + 2, 60, agent.stats)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.rejected(stats, "bad_value") == 50 * lines_each // 2
        assert answered_s < (5 if not is_sanitized() else 60)
        if not is_sanitized():
            assert agent.rss_bytes() - idle_bytes < 50 * 2 * 64 * 1024 + 32 * MIB
        # A client that begins to read again gets whole lines.
        rude[0].half_close()
        for line in rude[0].receive_until_end():
            assert line.startswith(("error ", "ok token ", "end")) or " " in line, line
        for client in rude:
            client.close()
        assert agent.send(GOOD) == (1, 0)


def test_a_slow_reader_gets_what_it_asked_for_in_whole_lines():
    with Agent("--stdout") as agent:
        with Client.tcp("127.0.0.1", agent.port, receive_buffer_bytes=4096) as client:
            client.send("sync t\n" * 500)
            client.half_close()
            lines = client.receive_until_end()
    assert lines == ["ok t accepted=0 rejected=0 durable=0"] * 500


def test_a_client_that_reads_gets_every_answer_it_pipelined():
    """More answers to one write than may wait unsent, less than the kernel takes."""
    count = 4_000
    with Agent("--stdout", "--flush-interval", "3600") as agent, agent.connect() as client:
        writer = threading.Thread(
            target=client.send, args=("".join(f"mabs c a 1\nsync {i}\n" for i in range(count)),), daemon=True
        )
        writer.start()
        for i in range(count):
            assert client.receive_line() == f"ok {i} accepted={i + 1} rejected=0 durable=0"
        writer.join(30)


def test_many_connections_at_once_share_their_series():
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        clients = [agent.connect() for _ in range(300)]
        for turn in range(5):
            for client in clients:
                client.send(f"mabs c shared 1\nmabs g last {turn}\n")
        for client in clients:
            assert client.sync() == (10, 0)
            client.close()
        agent.terminate()
        values = {record.key: record.json for record in agent.stdout_records()}
    assert sum(record.json["value"] for record in agent.stdout_records() if record.key == b"shared") == 1500
    assert values[b"last"]["value"] == 4


def test_any_chunking_gives_the_same_replies(agent):
    generator = random.Random(11)
    lines = []
    for number in range(300):
        lines.append(generator.choice([GOOD, BAD, "\n", "nonsense\r\n", f"sync s{number}\n", "mabs c größe 1\n", "version\n"]))
    text = "".join(lines).encode()
    answers = set()
    for chunk in (1, 7, 100, 10_000):
        with agent.connect() as client:
            if chunk == 1:
                for at in range(len(text)):
                    client.send(text[at : at + 1])
            else:
                client.send_chopped(text, generator, chunk)
            client.half_close()
            answers.add("\n".join(client.receive_until_end()))
    assert len(answers) == 1


def test_random_bytes_reach_nothing(agent):
    generator = random.Random(5)
    before = agent.stats()
    for _ in range(20):
        with agent.connect() as client:
            client.send(generator.randbytes(20_000) + b"\nquit\n")
            client.receive_until_end()
    after = agent.stats()
    ledger.check(after)
    assert ledger.accepted(after) == ledger.accepted(before)
    assert agent.send(GOOD) == (1, 0)


def test_idle_costs_no_cpu():
    with Agent("--brokers", "127.0.0.1:1", "--flush-interval", "10") as agent:
        clients = [agent.connect() for _ in range(100)]
        assert clients[0].sync() == (0, 0)
        before_s, before = agent.cpu_s(), time.monotonic()
        assert clients[1].receives_nothing(3.0)
        share = (agent.cpu_s() - before_s) / (time.monotonic() - before)
        for client in clients:
            client.close()
    assert share < (0.05 if not is_sanitized() else 0.5), f"{share:.1%} of a core"
