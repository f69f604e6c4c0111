"""kill -9 at random instants under load: every line that a `sync` covered arrives, and none counts twice (durability.md)."""

import os
import random
import time

import pytest
from support import kcat as kcat_tool
from support import ledger
from support.agent import Agent
from support.batches import HOST, Writers
from support.check import TOPICS, read_back
from support.runs import all_delivered
from support.wait import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

KILLS = 20
CONNECTIONS = 4


def _seed():
    """Another one each time; METRICS_AGENT_TEST_SEED takes one up again."""
    seed = int(os.environ.get("METRICS_AGENT_TEST_SEED", random.SystemRandom().randrange(10**6)))
    print(f"METRICS_AGENT_TEST_SEED={seed}")  # pytest shows it beside a failure
    return seed


def _kill_while_it_starts(arguments, generator):
    """While it reads what was left: nothing may get lost by that either."""
    with Agent(*arguments, wait=False) as agent:
        time.sleep(generator.random() * 0.1)  # the instant is the case
        agent.kill()


def _live(arguments, writers, generator, longest_s):
    """-> the lines of earlier runs that it has come across."""
    with Agent(*arguments) as agent:
        writers.agent_at(agent.port)
        time.sleep(generator.random() * longest_s)  # the instant is the case
        stats = agent.stats()
        writers.agent_at(None)
        agent.kill()
    ledger.check(stats)
    return sum(ledger.topic_lines(stats, topic, "recovered") for topic in TOPICS)


def test_kill_9_at_20_random_instants(kafka, prefix, tmp_path):
    kafka.create_topics(prefix)
    seed = _seed()
    generator = random.Random(seed)
    arguments = ["--brokers", kafka.brokers, "--topic-prefix", prefix, "--host", HOST, "--state-dir", tmp_path / "state"]
    recovered = 0
    with Writers(CONNECTIONS, seed) as writers:
        for _ in range(KILLS):
            # Many flushes, or none before the end: what is killed is now in the outbox, now in the open buckets.
            how = ["--flush-interval", generator.choice((0.1, 0.5, 3600))]
            how += ["--fsync", generator.choice(("interval", "interval", "always", "never"))]
            if generator.random() < 0.3:
                _kill_while_it_starts([*arguments, *how], generator)
            recovered += _live([*arguments, *how], writers, generator, 1.5)
            writers.check_alive()
        with Agent(*arguments, "--flush-interval", 0.5) as last:
            writers.agent_at(last.port)
            writers.finish()
            wait_until(all_delivered(last), 90, last.stats)
            stats = last.stats()
            assert sum(ledger.topic_lines(stats, topic, "dropped") for topic in TOPICS) == 0
            last.terminate()
    print(f"{len(writers.batches)} batches, {writers.sent()} lines, {writers.covered()} covered, {recovered} found again")
    models = read_back(kafka, prefix)
    writers.check(models)
    _check_ledgers(kafka, prefix)
    # The test is worth something only if each of this has happened.
    assert recovered > 0 and 0 < writers.covered() < writers.sent()


def _check_ledgers(kafka, prefix):
    """Of every run; and of all its reports the counts never go down."""
    newest = {}
    for record in sorted(kcat_tool.read_topic(kafka.brokers, prefix + "mabs.agent"), key=lambda one: (one.run, one.seq)):
        value = record.json
        ledger.check_record(value)
        before = newest.get(record.run, value)
        assert value["run"] == record.run
        for topic in TOPICS:
            for count in ("accepted", "recovered", "delivered"):
                assert value["topics"][topic][count] >= before["topics"][topic][count], value
        newest[record.run] = value
    # Those killed left one only if they lived long enough; the last one said goodbye.
    assert newest, "no ledger at all"
