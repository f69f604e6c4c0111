"""Kafka goes away, dies, hangs, was never there: the agent keeps serving, and all that fits arrives (durability.md)."""

import signal
import time

import pytest
from support import kcat as kcat_tool
from support import ledger
from support.agent import Agent
from support.check import check_load, check_stats, nothing_pending, read_back
from support.load import Load
from support.sender import cut, send_all, sync_all
from support.wait import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

MIB = 1024 * 1024


def _arguments(kafka, prefix, flush_interval_s):
    return ["--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", "host-a", "--flush-interval", flush_interval_s]


def _serves(agent):
    before = time.monotonic()
    assert agent.send("") == (0, 0)
    assert time.monotonic() - before < 5


def test_a_broker_stopped_for_20_s_in_the_middle(kafka, prefix):
    kafka.create_topics(prefix)
    load = Load(300_000, connections=8, series=3000, seed=4)
    first, second, third = cut(load.data, (0.4, 0.9))
    with Agent(*_arguments(kafka, prefix, 5)) as agent:
        clients = [agent.connect() for _ in range(8)]
        send_all(clients, first)
        kafka.stop()
        stopped = time.monotonic()
        send_all(clients, second)
        _serves(agent)
        while (left := 20 - (time.monotonic() - stopped)) > 0:
            time.sleep(min(left, 1))
            _serves(agent)
        kafka.start()
        send_all(clients, third)
        assert sync_all(clients) == list(zip(load.accepted, load.rejected))
        check_stats(agent.stats(), load)
        for client in clients:
            client.close()
        # Later flushes than the outage's show that it has come back by itself.
        wait_until(nothing_pending(agent), 60, agent.stats)
        stats = agent.stats()
        assert sum(ledger.topic_lines(stats, topic, "dropped") for topic in ledger.TOPICS) == 0
        agent.terminate()
    check_load(kafka, prefix, load)


def test_a_broker_killed_twice_under_load(kafka, prefix):
    kafka.create_topics(prefix)
    load = Load(200_000, connections=4, series=1000, seed=5)
    parts = cut(load.data, (0.3, 0.6))
    with Agent(*_arguments(kafka, prefix, 0.5)) as agent:
        clients = [agent.connect() for _ in range(4)]
        for number, part in enumerate(parts):
            send_all(clients, part)
            if number < 2:
                kafka.kill()
                kafka.start()
        assert sync_all(clients) == list(zip(load.accepted, load.rejected))
        check_stats(agent.stats(), load)
        for client in clients:
            client.close()
        wait_until(nothing_pending(agent), 60, agent.stats)
        agent.terminate()
    check_load(kafka, prefix, load)


def test_a_broker_that_hangs_without_closing_a_socket(kafka, prefix):
    kafka.create_topics(prefix)
    load = Load(40_000, connections=2, series=500, seed=6)
    first, second = cut(load.data)
    with Agent(*_arguments(kafka, prefix, 0.5)) as agent:
        clients = [agent.connect() for _ in range(2)]
        send_all(clients, first)
        kafka.pause()
        send_all(clients, second)
        assert sync_all(clients) == list(zip(load.accepted, load.rejected))
        wait_until(lambda: ledger.pending(agent.stats()) > 0, 10, "something is pending")
        _serves(agent)
        kafka.resume()
        wait_until(nothing_pending(agent), 90, agent.stats)
        agent.terminate()
    check_load(kafka, prefix, load)


def test_a_broker_away_at_start(kafka, prefix):
    kafka.create_topics(prefix)
    kafka.stop()
    load = Load(20_000, connections=2, series=500, seed=7)
    with Agent(*_arguments(kafka, prefix, 0.5)) as agent:
        clients = [agent.connect() for _ in range(2)]
        send_all(clients, load.data)
        assert sync_all(clients) == list(zip(load.accepted, load.rejected))
        stats = agent.stats()
        check_stats(stats, load)
        assert ledger.pending(stats) == sum(load.topics[topic].lines for topic in load.topics)
        kafka.start()
        wait_until(nothing_pending(agent), 60, agent.stats)
        agent.terminate()
    check_load(kafka, prefix, load)


def test_records_of_an_outage_keep_their_place(kafka, prefix):
    """Per key the order of seqs in Kafka is the order of sealing, whatever was sent again."""
    kafka.create_topics(prefix)
    now = int(time.time())
    with Agent(*_arguments(kafka, prefix, 0.2)) as agent:
        for number in range(3):
            agent.send("".join(f"put p {now} {number * 1000 + value}\n" for value in range(1000)))
            if number == 0:
                kafka.stop()
            if number == 1:
                kafka.start()
        wait_until(nothing_pending(agent), 60, agent.stats)
        agent.terminate()
    records = read_back(kafka, prefix)["tsdb"].records
    raw = kcat_tool.read_topic(kafka.brokers, prefix + "tsdb")
    assert len({record.partition for record in raw}) == 1
    firsts = list(dict.fromkeys(record.seq for record in raw))
    assert firsts == sorted(firsts)
    assert [record.json["value"] for record in records] == list(range(3000))


def test_a_full_outbox_drops_the_oldest_and_counts_them(kafka, prefix):
    """110 MB of points into 64 MiB of memory while the broker is away."""
    kafka.create_topics(prefix)
    kafka.stop()
    now = int(time.time())
    count = 100_000
    with Agent(*_arguments(kafka, prefix, 1)) as agent:
        with agent.connect() as client:
            for start in range(0, count, 1000):
                client.send("".join(f"put p {now} {value} pad={'v' * 1000}\n" for value in range(start, start + 1000)))
            assert client.sync() == (count, 0)
        stats = agent.stats()
        ledger.check(stats)
        dropped = ledger.dropped(stats, "tsdb", "budget")
        assert count * 0.2 < dropped < count * 0.7
        assert agent.rss_bytes() < 200 * MIB
        kafka.start()
        wait_until(nothing_pending(agent), 90, agent.stats)
        stats = agent.stats()
        delivered = ledger.delivered(stats, "tsdb")
        dropped = ledger.dropped(stats, "tsdb", "budget")
        assert delivered + dropped == count
        agent.terminate()
    seqs = {record.seq: record for record in kcat_tool.read_topic(kafka.brokers, prefix + "tsdb")}
    assert len(seqs) == delivered
    newest = range(count - delivered // 2, count + 1)
    assert all(seq in seqs for seq in newest), "the newest are kept"
    assert all(record.json["value"] == seq - 1 for seq, record in seqs.items())


def test_sigterm_in_an_outage_says_what_was_left(kafka, prefix):
    kafka.create_topics(prefix)
    with Agent(*_arguments(kafka, prefix, 0.2)) as agent:
        agent.send("mabs c a 1\n" * 10)
        wait_until(nothing_pending(agent), 30, "all delivered")
        kafka.pause()
        agent.send("mabs c a 1\n" * 23)
        before = time.monotonic()
        agent.signal(signal.SIGTERM)
        assert agent.wait(20) == 1, "lines were lost"
        assert time.monotonic() - before < 15
        assert agent.left() == {"mabs": 23}
        kafka.resume()


def test_sigterm_delivers_what_is_open(kafka, prefix):
    kafka.create_topics(prefix)
    with Agent(*_arguments(kafka, prefix, 3600)) as agent:
        agent.send("mabs c a 1 by_node=1\n" * 1000)
        before = time.monotonic()
        agent.terminate()
        assert time.monotonic() - before < 8
    models = read_back(kafka, prefix, topics=("mabs", "mabs.by_node"))
    assert [model.lines for model in models.values()] == [1000, 1000]
