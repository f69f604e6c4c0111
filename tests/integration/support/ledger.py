"""The two equations of records.md, as `stats` and the agent's own record show their sides. All names that tests rely on stand here."""

TOPICS = ("mabs", "mabs.by_node", "tsdb")


def received(stats):
    return stats["received_lines"]


def accepted(stats):
    return stats["accepted_lines"]


def rejected(stats, reason=None):
    """All rejected lines, or those of one reason."""
    return stats["rejected_lines"] if reason is None else stats.get(f"rejected_lines.{reason}", 0)


def topic_lines(stats, topic, what):
    """what: accepted, recovered, delivered, pending; or dropped, over all its reasons."""
    if what == "dropped":
        start = f"topic.{topic}.dropped_lines."
        return sum(value for name, value in stats.items() if name.startswith(start))
    return stats[f"topic.{topic}.{what}_lines"]


def dropped(stats, topic, reason):
    return stats[f"topic.{topic}.dropped_lines.{reason}"]


def pending(stats):
    return sum(topic_lines(stats, topic, "pending") for topic in TOPICS)


def delivered(stats, topic):
    return topic_lines(stats, topic, "delivered")


def check(stats):
    """Both equations hold in every answer of stats."""
    reasons = sum(value for name, value in stats.items() if name.startswith("rejected_lines."))
    assert rejected(stats) == reasons, stats
    assert received(stats) == accepted(stats) + rejected(stats), stats
    for topic in TOPICS:
        came = topic_lines(stats, topic, "accepted") + topic_lines(stats, topic, "recovered")
        went = topic_lines(stats, topic, "delivered") + topic_lines(stats, topic, "dropped")
        assert 0 <= topic_lines(stats, topic, "pending") <= came, (topic, stats)
        assert came == went + topic_lines(stats, topic, "pending"), (topic, stats)


def check_record(value):
    """Both equations hold in a record of mabs.agent."""
    assert value["received"] == value["accepted"] + sum(value["rejected"].values()), value
    for topic in TOPICS:
        row = value["topics"][topic]
        went = row["delivered"] + sum(row["dropped"].values()) + row["pending"]
        assert row["accepted"] + row["recovered"] == went, (topic, value)
