"""Hostile input and overload: memory stays under a stated bound, others are served meanwhile, and all is counted."""

import os
import resource
import socket
import time

import pytest
from support import ledger, needs
from support.agent import Agent, is_sanitized
from support.client import Client
from support.probe import Probe
from support.wait import wait_until

pytestmark = pytest.mark.quick

KIB = 1024
MIB = 1024 * KIB
NEVER = ("--flush-interval", "3600")
# A sanitizer's build is slow and its memory says nothing: fewer of everything, and no look at memory.
SCALE = 1 if not is_sanitized() else 10
# Started as by a shell with the usual soft limit; the agent raises it to the hard one.
FEW_DESCRIPTORS = ("sh", "-c", 'ulimit -S -n 256; exec "$@"', "sh")


def need_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        needs.unavailable(f"{count} open files are needed, the hard limit is {hard}: ulimit -H -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def connect(agent, count, **options):
    return [agent.connect(**options) for _ in range(count)]


def close(clients):
    for client in clients:
        client.close()


def grew_at_most(agent, before_bytes, limit_bytes):
    grown = agent.rss_bytes() - before_bytes
    print(f"resident memory grew by {grown / MIB:.1f} MiB")
    assert is_sanitized() or grown <= limit_bytes, f"{grown / MIB:.1f} MiB more, at most {limit_bytes / MIB:.0f} stated"


def test_ten_thousand_idle_connections():
    count = 10_000 // SCALE
    need_descriptors(count + 200)
    with Agent("--stdout", *NEVER, wrapper=FEW_DESCRIPTORS) as agent:
        agent.send("mabs c a 1\n")
        before = agent.rss_bytes()
        with Probe(agent) as probe:
            clients = connect(agent, count)
            wait_until(lambda: agent.stats()["connections_open"] == count + 2, 30, agent.stats)
            grew_at_most(agent, before, 64 * MIB)
            for client in clients:  # and when each has sent a little, with the next line begun
                client.send("mabs c a 1\nmabs c a")
            wait_until(lambda: ledger.accepted(agent.stats()) >= count + 1, 30, agent.stats)
            grew_at_most(agent, before, 64 * MIB)
        close(clients)
        wait_until(lambda: agent.stats()["connections_open"] == 1, 30, agent.stats)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.accepted(stats) == 1 + count + probe.lines
        assert ledger.rejected(stats, "unterminated_line") == ledger.rejected(stats) == count
        assert stats["connections_refused"] == stats["connections_idle_closed"] == stats["accept_failures"] == 0


def test_a_thousand_clients_that_err_and_never_read():
    """Each reply is either read in the end or counted as dropped; the errors before a `sync` are one reply."""
    count, rounds = 1000 // SCALE, 200
    need_descriptors(count + 200)
    block = ("mabs c bad x\n" * 20 + "sync t\n") * 10 + "stats\n"
    with Agent("--stdout", *NEVER) as agent:
        agent.send("mabs c a 1\n")
        before = agent.rss_bytes()
        with Probe(agent) as probe:
            clients = connect(agent, count, receive_buffer_bytes=4096)
            for _ in range(rounds // 10):
                for client in clients:
                    client.send(block)  # would time out here if the agent stopped reading
            lines = count * rounds * 20
            wait_until(lambda: ledger.rejected(agent.stats()) == lines, 60, agent.stats)
            # The shared 16 MiB, and for each connection: 8 KiB of replies, 4 KiB of held errors, the connection.
            grew_at_most(agent, before, (16 + 4) * MIB + count * 16 * KIB)
            dropped = agent.stats()["dropped_replies"]
            assert dropped > 0
        replies = 0
        for client in clients:  # one by one: a second after its end a client that has not read is given up
            client.half_close()
            replies += count_replies(client)
            client.close()
        assert replies + dropped == count * rounds // 10 * 21
        stats = agent.stats()
        ledger.check(stats)
        assert stats["dropped_replies"] == dropped
        assert stats["unsent_bytes"] == 0
        assert ledger.rejected(stats, "bad_value") == lines
        assert ledger.accepted(stats) == 1 + probe.lines


def count_replies(client):
    """Whole replies only, of the block above: errors of one batch, the answer to sync, the answer to stats."""
    data = bytearray()
    while piece := client.sock.recv(MIB):
        data += piece
    assert data.endswith(b"\n")
    errors = data.count(b"error ")
    assert errors % 20 == 0 and data.count(b"version ") == data.count(b"\nend\n")
    return errors // 20 + data.count(b"ok t accepted=0 ") + data.count(b"\nend\n")


def test_slowloris():
    """Long lines that come in drips share 16 MiB. Those longest under way are rejected, all others are taken."""
    count, size = 1500 // SCALE, 40_000
    need_descriptors(count + 200)
    with Agent("--stdout", *NEVER) as agent:
        agent.send("mabs c a 1\n")
        before = agent.rss_bytes()
        with Probe(agent) as probe, agent.connect() as short:
            clients = connect(agent, count)
            typed = iter("mabs c typed 1 by_node=False\n" * 2)
            for client in clients:
                client.send("mabs c slow" + " " * size)
            for turn in range(20):  # byte by byte
                short.send(next(typed))
                for client in clients[turn::20]:
                    client.send(" ")
            wait_until(lambda: agent.stats()["received_bytes"] > count * (size + 12), 30, agent.stats)
            stats = agent.stats()
            assert SCALE != 1 or stats["unfinished_bytes"] > 12 * MIB
            assert stats["unfinished_bytes"] <= 16 * MIB
            grew_at_most(agent, before, 24 * MIB + count * 4 * KIB)
            given_up = stats["given_up_lines"]
            assert (given_up > count // 2) == (SCALE == 1)
            for byte in typed:
                short.send(byte)
            assert short.sync() == (2, 0)
            lost = 0
            for client in clients:
                client.send(" 1\nmabs c slow 1\n")  # the connection lives on
            for client in clients:
                accepted, rejected = client.sync()
                assert accepted + rejected == 2 and accepted >= 1
                lost += rejected
            assert lost == given_up
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.rejected(stats) == ledger.rejected(stats, "overloaded") == stats["given_up_lines"] == given_up
        assert ledger.accepted(stats) == 1 + 2 * count - given_up + 2 + probe.lines
        assert stats["unfinished_bytes"] == 0
        close(clients)


def test_out_of_descriptors():
    """Accepting waits without spinning, who is connected is served, and it goes on when there are descriptors again."""
    with Agent("--stdout", *NEVER) as agent, agent.connect() as friend, agent.connect() as asking:
        friend.send("mabs c a 1\n")
        assert friend.sync() == (1, 0)
        before = asking.stats()
        _, hard = resource.prlimit(agent.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{agent.pid}/fd")), hard))
        clients = connect(agent, 20)  # the kernel takes them in
        for client in clients:
            client.send("mabs c a 1\n")
        wait_until(lambda: asking.stats()["accept_failures"] >= 2, 20, asking.stats)
        cpu_s, began, failures = agent.cpu_s(), time.monotonic(), asking.stats()["accept_failures"]
        for turn in range(10):
            friend.send("mabs c a 1\n")
            assert friend.sync() == (turn + 2, 0)
            assert clients[turn].receives_nothing(0.1)
        lasted_s = time.monotonic() - began
        assert agent.cpu_s() - cpu_s < (0.2 if not is_sanitized() else 0.8) * lasted_s
        assert asking.stats()["accept_failures"] - failures <= lasted_s / 0.1 + 2  # one attempt each 100 ms
        resource.prlimit(agent.pid, resource.RLIMIT_NOFILE, (hard, hard))
        for client in clients:
            assert client.sync() == (1, 0)
            client.close()
        stats = asking.stats()
        ledger.check(stats)
        assert ledger.accepted(stats) == 11 + 20
        assert stats["connections_accepted"] - before["connections_accepted"] == 20
        assert stats["connections_refused"] == stats["connections_idle_closed"] == 0


def test_a_low_limit_on_descriptors_is_a_cap_on_connections():
    """Clients beyond it are closed and counted, not left waiting, and some descriptors stay for Kafka and files."""
    with Agent("--stdout", *NEVER, wrapper=("sh", "-c", 'ulimit -n 200; exec "$@"', "sh")) as agent:
        with agent.connect() as asking:
            most = asking.stats()["connections_max"]
            assert most == 200 - 64
            clients = connect(agent, 160)
            wait_until(lambda: asking.stats()["connections_refused"] == 160 + 1 - most, 20, asking.stats)
            served = 0
            for client in clients:
                try:
                    client.send("mabs c a 1\n")
                    served += client.sync() == (1, 0)
                except (OSError, AssertionError):
                    pass  # closed
            stats = asking.stats()
            assert served == ledger.accepted(stats) == most - 1
            assert stats["connections_open"] == most
            assert stats["accept_failures"] == 0
            close(clients)
            wait_until(lambda: asking.stats()["connections_open"] == 1, 20, asking.stats)
        assert agent.send("mabs c a 1\n") == (1, 0)


def test_a_hundred_thousand_series_with_32_tags():
    """The cap on series holds, is told by name, and what is there goes on working; memory as stated."""
    count, most = 100_000 // SCALE, 80_000 // SCALE
    tags = " ".join(f"tag{number:02d}=value" for number in range(31))
    with Agent("--stdout", *NEVER, "--max-series", str(most)) as agent:
        agent.send("mabs c a 1\n")
        before = agent.rss_bytes()
        with Probe(agent) as probe, agent.connect() as client:
            for start in range(0, count, 1000):
                client.send("".join(f"mabs c load {number} {tags} number={number}\n" for number in range(start, start + 1000)))
            accepted, rejected = client.sync()
            assert accepted + rejected == count
            assert accepted in (most - 2, most - 1)  # `a` is one, and `probe`, if it came before the cap
            grew_at_most(agent, before, 112 * MIB)  # 1.4 KiB for each: the text as it came, and sorted
            stats = agent.stats()
            assert stats["series"] == most
            assert stats["too_many_series.last_metric"] == "load"
            assert stats["too_many_series.last_peer"].startswith("127.0.0.1:")
            client.send(f"mabs c load 1 {tags} number=0\n" + f"mabs c load 1 {tags} number={count - 1}\n")
            assert client.sync() == (accepted + 1, rejected + 1)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.rejected(stats) == ledger.rejected(stats, "too_many_series") == rejected + 1
        assert ledger.accepted(stats) == 1 + accepted + 1 + probe.lines


def test_256_megabytes_without_a_line_feed():
    block = b"mabs c x" * (8 * KIB)
    blocks = 4096 // SCALE
    with Agent("--stdout", *NEVER) as agent:
        agent.send("mabs c a 1\n")
        before = agent.rss_bytes()
        with Probe(agent) as probe, agent.connect() as client:
            for _ in range(blocks):
                client.send(block)
            wait_until(lambda: agent.stats()["received_bytes"] >= blocks * len(block), 30, agent.stats)
            grew_at_most(agent, before, 4 * MIB)
            client.send("\nmabs c a 1\nsync t\n")
            client.expect_error(1, "line_too_long")
            assert client.expect_ok("t") == (1, 1, 0)
        stats = agent.stats()
        ledger.check(stats)
        assert stats["loop_stretches"] > stats["loop_stretches_over_1_ms"] >= stats["loop_stretches_over_1000_ms"]
        assert stats["loop_longest_us"] >= stats["loop_longest_cpu_us"] > 0
        assert ledger.rejected(stats) == ledger.rejected(stats, "line_too_long") == 1
        assert ledger.accepted(stats) == 2 + probe.lines


def test_a_unix_path_that_is_taken(tmp_path):
    path = tmp_path / "socket"
    path.write_text("something of value\n")
    with Agent("--stdout", "--listen-unix", path, wait=False) as agent:
        assert agent.wait() == 1
        assert f"cannot listen on unix:{path}: the path exists and is not a socket" in agent.stderr
    assert path.read_text() == "something of value\n"
    path.unlink()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with Agent("--stdout", "--listen-unix", path) as first:
        with Agent("--stdout", "--listen-unix", path, wait=False) as second:
            assert second.wait() == 1
            assert f"cannot listen on unix:{path}: another process listens there" in second.stderr
        with Client.unix(first.unix_path) as client:
            client.send("mabs c a 1\n")
            assert client.sync() == (1, 0)
        first.kill()
    assert path.exists()
    with Agent("--stdout", "--listen-unix", path) as next_one, Client.unix(next_one.unix_path) as client:
        assert client.sync() == (0, 0)
