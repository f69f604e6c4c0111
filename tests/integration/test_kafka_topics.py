"""Topics that are missing, forbidden or strict, and what Kafka itself refuses (durability.md, Kafka)."""

import random
import time

import pytest
from support import kcat as kcat_tool
from support import ledger
from support.agent import Agent
from support.check import nothing_pending, read_back
from support.model import TopicModel
from support.wait import wait_until

pytestmark = pytest.mark.kafka

# A parked topic is probed every 10 s.
PROBE_S = 10
SLACK_S = 20


def _agent(kafka, prefix, *arguments):
    return Agent("--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", "h", "--flush-interval", "0.2", *arguments)


def _lines(count):
    return f"mabs c a 1\nput p {int(time.time())} 1\n" * count


def _check_the_good_one_is_not_held_up(agent, rounds=5):
    """mabs is delivered quickly, round after round, while tsdb only grows."""
    for number in range(1, rounds + 1):
        agent.send(_lines(100))
        wait_until(lambda: ledger.delivered(agent.stats(), "mabs") == number * 100, 10, agent.stats)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.topic_lines(stats, "tsdb", "pending") == number * 100
    return rounds * 100


@pytest.mark.slow
def test_a_missing_topic_beside_a_good_one(kafka, prefix):
    kafka.create_topics(prefix, names=("mabs", "mabs.agent"))
    with _agent(kafka, prefix) as agent:
        count = _check_the_good_one_is_not_held_up(agent)
        agent.wait_stderr(prefix + "tsdb", 30)  # the operator is told which
        kafka.create_topic(prefix + "tsdb")
        wait_until(lambda: ledger.delivered(agent.stats(), "tsdb") == count, PROBE_S + SLACK_S, agent.stats)
        agent.send(_lines(10))
        wait_until(nothing_pending(agent), 20, agent.stats)
        agent.terminate()
    models = read_back(kafka, prefix, topics=("mabs", "tsdb"))
    assert models["mabs"].lines == models["tsdb"].lines == count + 10


@pytest.mark.slow
def test_a_forbidden_topic_beside_a_good_one(kafka, prefix):
    kafka.create_topics(prefix)
    kafka.forbid_writes(prefix + "tsdb")
    try:
        with _agent(kafka, prefix) as agent:
            count = _check_the_good_one_is_not_held_up(agent)
            agent.wait_stderr(prefix + "tsdb", 30)
            kafka.permit_writes(prefix + "tsdb")
            wait_until(lambda: ledger.delivered(agent.stats(), "tsdb") == count, PROBE_S + SLACK_S, agent.stats)
            agent.terminate()
    finally:
        kafka.permit_writes(prefix + "tsdb")
    models = read_back(kafka, prefix, topics=("mabs", "tsdb"))
    assert models["mabs"].lines == models["tsdb"].lines == count


@pytest.mark.slow
def test_a_topic_forbidden_while_running(kafka, prefix):
    kafka.create_topics(prefix)
    try:
        with _agent(kafka, prefix) as agent:
            agent.send(_lines(100))
            wait_until(nothing_pending(agent), 20, agent.stats)
            kafka.forbid_writes(prefix + "tsdb")
            for number in range(2, 5):
                agent.send(_lines(100))
                wait_until(lambda: ledger.delivered(agent.stats(), "mabs") == number * 100, 10, agent.stats)
            kafka.permit_writes(prefix + "tsdb")
            wait_until(nothing_pending(agent), PROBE_S + SLACK_S, agent.stats)
            agent.terminate()
    finally:
        kafka.permit_writes(prefix + "tsdb")
    models = read_back(kafka, prefix, topics=("mabs", "tsdb"))
    assert models["mabs"].lines == models["tsdb"].lines == 400


@pytest.mark.slow
def test_a_topic_deleted_while_running_and_made_again(kafka, prefix):
    kafka.create_topics(prefix)
    with _agent(kafka, prefix) as agent:
        agent.send(_lines(100))
        wait_until(nothing_pending(agent), 20, agent.stats)
        kafka.delete_topic(prefix + "tsdb")
        for number in range(2, 4):
            agent.send(_lines(100))
            wait_until(lambda: ledger.delivered(agent.stats(), "mabs") == number * 100, 10, agent.stats)
        kafka.create_topic(prefix + "tsdb")
        wait_until(nothing_pending(agent), PROBE_S + SLACK_S, agent.stats)
        agent.terminate()
    records = {record.seq for record in kcat_tool.read_topic(kafka.brokers, prefix + "tsdb")}
    assert records == set(range(101, 301)), "all that came after the deletion"


@pytest.mark.slow
def test_with_a_topic_missing_sigterm_still_ends_it_and_says_what_was_left(kafka, prefix):
    kafka.create_topic(prefix + "mabs")
    with _agent(kafka, prefix) as agent:
        agent.send(_lines(17))
        wait_until(lambda: ledger.delivered(agent.stats(), "mabs") == 17, 10, agent.stats)
        agent.terminate(20, code=1)
        assert agent.left() == {"tsdb": 17}


def test_a_record_that_is_too_large_goes_alone(kafka, prefix):
    """One record over the topic's limit fails its whole batch; only that one may be dropped, and it is counted."""
    generator = random.Random(1)
    kafka.create_topic(prefix + "mabs.agent")
    kafka.create_topic(prefix + "mabs", max_message_bytes=2000)
    with _agent(kafka, prefix) as agent:
        for number in range(5):
            small = "".join(f"mabs c small{at} 1\n" for at in range(40))
            pads = (generator.randbytes(500).hex() for _ in range(10))  # or compression makes it small enough
            large = f"mabs c large{number} 1 " + " ".join(f"t{at}={pad}" for at, pad in enumerate(pads)) + "\n"
            agent.send(small + large + large)
            wait_until(nothing_pending(agent), 30, agent.stats)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.dropped(stats, "mabs", "too_large") == 10
        assert ledger.delivered(stats, "mabs") == 200
        agent.terminate()
    model = TopicModel().feed(kcat_tool.read_topic(kafka.brokers, prefix + "mabs"))
    assert model.lines == 200
    seqs = model.sequence(next(iter(model.runs())))
    assert len(seqs) <= seqs[-1] - 4, "consumers see the gaps"


@pytest.mark.slow
def test_a_timestamp_that_the_broker_refuses_is_sent_again_with_the_current_time(kafka, prefix):
    """Records older than the topic takes, after an outage: INVALID_TIMESTAMP must lose nothing."""
    limit_ms = 3000
    kafka.create_topic(prefix + "mabs.agent")
    kafka.create_topic(prefix + "mabs", message_timestamp_before_max_ms=limit_ms)
    with _agent(kafka, prefix) as agent:
        kafka.pause()
        agent.send("".join(f"mabs c m{number} 1\n" for number in range(500)))
        sent = time.monotonic()
        # The clock is the case here: what was sealed must become older than the limit.
        wait_until(lambda: time.monotonic() - sent > limit_ms / 1000 + 2, 30, "the limit to pass", every_s=0.2)
        kafka.resume()
        wait_until(nothing_pending(agent), 60, agent.stats)
        assert ledger.delivered(agent.stats(), "mabs") == 500
        agent.terminate()
    model = TopicModel().feed(kcat_tool.read_topic(kafka.brokers, prefix + "mabs"))
    model.check_no_gaps()
    assert model.lines == 500


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_compression_is_built_in(kafka, prefix, codec):
    kafka.create_topics(prefix, names=("mabs", "mabs.agent"))
    with _agent(kafka, prefix, "-X", f"compression.codec={codec}", "-X", "client.id=tested") as agent:
        agent.send("".join(f"mabs c m{number} 1\n" for number in range(2000)))
        wait_until(nothing_pending(agent), 30, agent.stats)
        agent.terminate()
    assert len(kcat_tool.read_topic(kafka.brokers, prefix + "mabs")) >= 2000


def _secure_agent(kafka, prefix, *more, password=None):
    properties = kafka.secure_properties(password) if password else kafka.secure_properties()
    flags = [word for name, value in properties.items() for word in ("-X", f"{name}={value}")]
    return Agent("--brokers", kafka.secure_brokers, "--topic-prefix", prefix, "--flush-interval", "0.2", *flags, *more)


def test_tls_and_scram_are_built_in(kafka, prefix):
    """Not with kcat: the SCRAM of Debian 12's librdkafka 2.0.2 does not get along with Kafka 4."""
    kafka.create_topics(prefix)
    with _secure_agent(kafka, prefix) as agent:
        agent.send(_lines(100))
        wait_until(nothing_pending(agent), 30, agent.stats)
        agent.terminate()
    models = read_back(kafka, prefix, topics=("mabs", "tsdb"))
    assert models["mabs"].lines == models["tsdb"].lines == 100


def test_a_wrong_password_is_said_and_nothing_is_lost_or_shown(kafka, prefix):
    kafka.create_topics(prefix)
    with _secure_agent(kafka, prefix, password="open-sesame") as agent:
        agent.send(_lines(10))
        agent.wait_stderr("(?i)authentication|sasl", 30)
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.pending(stats) == 20
        assert "open-sesame" not in agent.stderr


def test_two_agents_in_one_topic_are_told_apart(kafka, prefix):
    kafka.create_topics(prefix)
    with _agent(kafka, prefix) as first, _agent(kafka, prefix) as second:
        for _ in range(5):
            first.send("mabs c a 1\n" * 10)
            second.send("mabs c a 1\n" * 10)
        first.terminate()
        second.terminate()
    model = read_back(kafka, prefix, topics=("mabs",))["mabs"]
    assert len(model.runs()) == 2 and model.lines == 100
