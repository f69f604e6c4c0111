"""The main job on real input: mixed lines of 5,000 series into a real Kafka, every sum compared in the end."""

import pytest
from support import ledger
from support.agent import Agent
from support.check import check_load, check_stats
from support.client import Client
from support.load import Load
from support.sender import send_all, sync_all

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


def _send_and_check(agent, clients, load):
    send_all(clients, load.data)
    assert sync_all(clients) == list(zip(load.accepted, load.rejected))
    stats = agent.stats()
    check_stats(stats, load)
    # What stands behind the last LF is no line, also at the end of such a stream.
    for client in clients:
        client.send("mabs counter cut 1")
        client.half_close()
        (reply,) = client.receive_until_end()
        assert " unterminated_line: " in reply
        client.close()
    stats = agent.stats()
    ledger.check(stats)
    assert ledger.rejected(stats, "unterminated_line") == len(clients)


def test_a_million_mixed_lines_over_8_connections(kafka, prefix):
    kafka.create_topics(prefix)
    load = Load(1_000_000, connections=8, series=5000, seed=1)
    with Agent("--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", "host-a", "--flush-interval", "2") as agent:
        _send_and_check(agent, [agent.connect() for _ in range(8)], load)
        agent.terminate()
    check_load(kafka, prefix, load)


def test_200_000_mixed_lines_over_the_unix_socket(kafka, prefix, tmp_path):
    """The same with a fifth of the lines: what differs is only the socket."""
    kafka.create_topics(prefix)
    load = Load(200_000, connections=8, series=5000, seed=2)
    path = str(tmp_path / "socket")
    arguments = ["--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", "host-a", "--flush-interval", "1"]
    with Agent(*arguments, "--listen-unix", path) as agent:
        _send_and_check(agent, [Client.unix(path) for _ in range(8)], load)
        agent.terminate()
    check_load(kafka, prefix, load)


def test_flushes_in_between_change_no_sum(kafka, prefix):
    """A flush ten times a second, in the middle of everything; a tick of single-byte writes among the blocks."""
    kafka.create_topics(prefix)
    load = Load(60_000, connections=3, series=500, seed=3)
    with Agent("--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", "host-a", "--flush-interval", "0.1") as agent:
        clients = [agent.connect() for _ in range(3)]
        send_all(clients, load.data, max_chunk_bytes=4096)
        assert sync_all(clients) == list(zip(load.accepted, load.rejected))
        check_stats(agent.stats(), load)
        for client in clients:
            client.close()
        agent.terminate()
    check_load(kafka, prefix, load)
