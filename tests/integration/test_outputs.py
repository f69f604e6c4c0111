"""--embedded-broker, read by kcat, and --stdout."""

import json
import time

import pytest
from support import kcat as kcat_tool
from support import ledger
from support.agent import Agent
from support.model import TopicModel
from support.wait import wait_until

pytestmark = pytest.mark.quick


def test_stdout_has_one_json_object_a_line():
    now = int(time.time())
    with Agent("--stdout", "--topic-prefix", "dev.", "--host", "h", "--flush-interval", "3600") as agent:
        agent.send(f'mabs c a 1 by_node=1 t=x\nput p {now} 2 q="\\\n')
        agent.terminate()
        lines = [json.loads(line) for line in agent.stdout.splitlines()]
    assert sorted(line["topic"] for line in lines) == ["dev.mabs", "dev.mabs.agent", "dev.mabs.by_node", "dev.tsdb"]
    for line in lines:
        assert set(line) == {"topic", "key", "headers", "value"}
        assert set(line["headers"]) == {"run", "seq"}
    point = next(line for line in lines if line["topic"] == "dev.tsdb")
    assert point["key"] == 'p{q="\\\\}' and point["value"]["tags"] == {"q": '"\\'}


def test_stdout_carries_nothing_but_records():
    with Agent("--stdout", "--log-level", "debug", "--flush-interval", "0.1") as agent:
        agent.send("mabs c a 1\nnonsense\n")
        wait_until(agent.stdout_records, 20, "a record")
        agent.terminate()
        assert [record.key for record in agent.stdout_records()] == [b"a"]


def test_a_slow_reader_of_stdout_holds_up_nobody():
    """Nobody reads the pipe (64 KiB): lines are taken all the same, and counted as pending."""
    now = int(time.time())
    with Agent("--stdout", wrapper=["sh", "-c", '"$@" | sleep 1000', "sh"]) as agent:
        with agent.connect() as client:
            for _ in range(50):
                client.send(f"put p {now} 1 t={'v' * 900}\n" * 100)
            assert client.sync() == (5000, 0)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.pending(stats) > 4000


def test_the_embedded_broker_is_read_by_kcat(kcat, prefix):
    with Agent("--embedded-broker", "--topic-prefix", prefix, "--host", "h", "--flush-interval", "0.2") as agent:
        assert agent.brokers and agent.brokers.startswith("127.0.0.1:")
        accepted, rejected = agent.send(
            "mabs c requests 5 service=pins by_node=True\nmabs g load 1.5\nmabs s db.ms 12\nmabs s db.ms 14\n"
            f"put old.style {int(time.time())} 3\nwrong\n"
        )
        assert (accepted, rejected) == (5, 1)
        wait_until(lambda: ledger.pending(agent.stats()) == 0, 30, agent.stats)
        topics = {name: kcat_tool.read_topic(agent.brokers, prefix + name) for name in ("mabs", "mabs.by_node", "tsdb")}
        metadata = kcat_tool.metadata(agent.brokers)
        agent.terminate()
    for name in topics:
        assert f'"{prefix}{name}"' in metadata
    assert sorted(record.key for record in topics["mabs"]) == [b"db.ms", b"load", b"requests{service=pins}"]
    assert [record.key for record in topics["mabs.by_node"]] == [b"requests{service=pins,node=h}"]
    assert [record.json["value"] for record in topics["tsdb"]] == [3]
    for name, records in topics.items():
        partitions = _partitions_of(metadata, prefix + name)
        TopicModel(partitions=partitions).feed(records).check_no_gaps()


def _partitions_of(metadata, topic):
    line = next(line for line in metadata.splitlines() if f'topic "{topic}"' in line)
    return int(line.split(" with ")[1].split()[0])


def test_the_embedded_broker_takes_a_large_load(kcat, prefix):
    """Up to what it keeps (5 MiB a partition): everything arrives."""
    count = 20_000
    with Agent("--embedded-broker", "--topic-prefix", prefix, "--flush-interval", "0.5") as agent:
        assert agent.send("".join(f"mabs c m{number % 2000} 1\n" for number in range(count))) == (count, 0)
        wait_until(lambda: ledger.pending(agent.stats()) == 0, 60, agent.stats)
        records = kcat_tool.read_topic(agent.brokers, prefix + "mabs")
        ledger.check(agent.stats())
    assert sum(record.json["value"] for record in records) == count
