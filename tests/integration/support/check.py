"""The end of every test against Kafka: read all back and compare with what was sent."""

from . import kcat, ledger
from .model import TopicModel

TOPICS = ledger.TOPICS


def read_back(kafka, prefix, topics=TOPICS, partitions=3):
    """-> {topic: TopicModel}; ids in Kafka twice are counted once, and each run's seqs have no gap."""
    models = {}
    for topic in topics:
        models[topic] = TopicModel(partitions=partitions).feed(kcat.read_topic(kafka.brokers, prefix + topic))
        models[topic].check_no_gaps()
    return models


def check_load(kafka, prefix, load):
    """Everything of the load is in Kafka, exactly once after de-duplication -> the models."""
    models = read_back(kafka, prefix)
    for topic, model in models.items():
        model.check_sums(load.topics[topic])
    return models


def check_stats(stats, load):
    """The agent's own counts of the load: over all, by reason, and by topic."""
    ledger.check(stats)
    assert ledger.received(stats) == load.lines
    assert ledger.accepted(stats) == sum(load.accepted)
    for code, count in load.reasons.items():
        assert ledger.rejected(stats, code) == count, code
    for topic in TOPICS:
        assert ledger.topic_lines(stats, topic, "accepted") == load.topics[topic].lines, topic


def nothing_pending(agent):
    """For wait_until: the ledger holds, and all is delivered or dropped."""

    def predicate():
        stats = agent.stats()
        ledger.check(stats)
        return ledger.pending(stats) == 0

    return predicate
