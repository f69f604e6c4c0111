"""Records in Kafka as others read them: kcat in C, and Java with the reference t-digest library."""

import random
import time

import pytest
from support import kcat as kcat_tool
from support import ledger, murmur2, tdigest
from support.agent import Agent
from support.check import check_load
from support.load import Load
from support.model import TopicModel
from support.sender import send_all, sync_all

pytestmark = pytest.mark.kafka

QUANTILES = (0.01, 0.5, 0.9, 0.99)


def _agent(kafka, prefix, *arguments, host="host-a"):
    return Agent("--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", host, "--flush-interval", "0.5", *arguments)


def test_kcat_and_java_read_the_same_and_java_reads_every_digest(kafka, prefix):
    kafka.create_topics(prefix)
    load = Load(30_000, connections=2, series=500, seed=8)
    with _agent(kafka, prefix) as agent:
        clients = [agent.connect() for _ in range(2)]
        send_all(clients, load.data)
        sync_all(clients)
        agent.terminate()
    check_load(kafka, prefix, load)
    digests = 0
    for topic in ("mabs", "mabs.by_node", "tsdb"):
        from_c = {(record.partition, record.offset): record for record in kcat_tool.read_topic(kafka.brokers, prefix + topic)}
        from_java = kafka.java_read(prefix + topic)
        assert len(from_java) == len(from_c) > 0
        for record in from_java:
            other = from_c[record.partition, record.offset]
            assert (record.content, record.timestamp_ms) == (other.content, other.timestamp_ms)
            value = record.json
            assert (record.java_digest is not None) == (value["type"] == "histogram")
            if record.java_digest is not None:
                facts = record.java_digest
                assert (facts["size"], facts["min"], facts["max"]) == (value["count"], value["min"], value["max"]), record
                assert abs(facts["sum"] - value["sum"]) <= 1e-9 * abs(value["sum"])
                quantiles = [facts["quantiles"][str(q)] for q in QUANTILES]
                assert quantiles == sorted(quantiles) and value["min"] <= quantiles[0] <= quantiles[-1] <= value["max"]
                digests += 1
    assert digests > 100


def test_the_partition_is_the_java_clients(kafka, prefix, java_tool):
    partitions = 12
    kafka.create_topics(prefix, partitions=partitions)
    with _agent(kafka, prefix) as agent:
        names = [f"m{number}{'x' * (number % 7)}" for number in range(400)] + ["größe", "日本", "a.b-c_d"]
        agent.send("".join(f"mabs c {name} 1 t=a,b by_node=1\nput {name} {int(time.time())} 1\n" for name in names))
        agent.terminate()
    for topic in ("mabs", "mabs.by_node", "tsdb"):
        records = kcat_tool.read_topic(kafka.brokers, prefix + topic)
        assert len(records) >= len(names)
        keys = [record.key for record in records]
        assert [record.partition for record in records] == java_tool.partitions(keys, partitions)
        assert [record.partition for record in records] == [murmur2.partition(key, partitions) for key in keys]
        assert len({record.partition for record in records}) == partitions


def test_seqs_of_a_topic_have_no_gap_over_its_partitions(kafka, prefix):
    kafka.create_topics(prefix, partitions=12)
    with _agent(kafka, prefix) as agent:
        for number in range(10):
            agent.send("".join(f"mabs c m{at} {number} by_node={at % 2}\n" for at in range(300)))
        agent.terminate()
    for topic in ("mabs", "mabs.by_node"):
        model = TopicModel(partitions=12).feed(kcat_tool.read_topic(kafka.brokers, prefix + topic))
        model.check_no_gaps()
        assert len(model.runs()) == 1 and model.duplicates == 0


def test_the_kafka_timestamp_is_the_time_of_sealing(kafka, prefix):
    kafka.create_topics(prefix)
    before_ms = int(time.time() * 1000)
    with _agent(kafka, prefix) as agent:
        agent.send(f"mabs c m {int(time.time()) - 7200} 1\n")
        agent.terminate()
    (record,) = kcat_tool.read_topic(kafka.brokers, prefix + "mabs")
    assert before_ms <= record.timestamp_ms <= int(time.time() * 1000)
    assert record.json["ts"] < record.timestamp_ms / 1000 - 7000


def test_the_agents_own_record_is_in_kafka(kafka, prefix):
    kafka.create_topics(prefix)
    with _agent(kafka, prefix) as agent:
        agent.send("mabs c m 1 by_node=1\nnonsense\n")
        agent.terminate()
    records = kcat_tool.read_topic(kafka.brokers, prefix + "mabs.agent")
    assert {record.key for record in records} == {b"host-a"}
    assert sorted(record.seq for record in records) == list(range(1, len(records) + 1))
    for record in records:
        ledger.check_record(record.json)
    last = max(records, key=lambda record: record.seq).json
    assert last["topics"]["mabs"]["delivered"] + last["topics"]["mabs"]["pending"] == 1
    assert last["rejected"] == {"unknown_command": 1}


def test_java_finds_the_true_percentiles_of_three_hosts(kafka, prefix):
    """Why this exists: three hosts' latencies, each of its own shape; merged digests give the fleet's true percentiles."""
    kafka.create_topics(prefix)
    generator = random.Random(9)
    shapes = {
        "a": [generator.uniform(1, 10) for _ in range(8000)],
        "b": [generator.expovariate(0.05) for _ in range(4000)],
        "c": [generator.lognormvariate(5, 0.3) for _ in range(500)],
    }
    for host, values in shapes.items():
        with _agent(kafka, prefix, host=host) as agent:
            agent.send("".join(f"mabs s latency {value!r} by_node=True\n" for value in values))
            agent.terminate()
    everything = sorted(value for values in shapes.values() for value in values)
    merged = kafka.java_merge(prefix + "mabs", QUANTILES)["latency"]
    assert (merged["size"], merged["min"], merged["max"]) == (len(everything), everything[0], everything[-1])
    for q in QUANTILES:
        assert tdigest.rank_error(everything, q, merged["quantiles"][str(q)]) < tdigest.rank_tolerance(q), q
    by_node = kafka.java_merge(prefix + "mabs.by_node", QUANTILES)
    assert set(by_node) == {f"latency{{node={host}}}" for host in shapes}
    for host, values in shapes.items():
        facts = by_node[f"latency{{node={host}}}"]
        assert facts["size"] == len(values)
        assert tdigest.rank_error(sorted(values), 0.9, facts["quantiles"]["0.9"]) < tdigest.rank_tolerance(0.9)
