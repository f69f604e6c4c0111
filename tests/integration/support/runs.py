"""Several runs of one agent, one after the other on one state directory, as one consumer sees them."""

import copy
import re

from . import kcat
from .check import nothing_pending
from .model import TopicModel

_OK = re.compile(r"ok (\S+) accepted=(\d+) rejected=(\d+) durable=([01])$")
_SEQS_OF_A_RUN = 2**40


class RunsModel(TopicModel):
    """A TopicModel that knows the order of the runs: of two gauge values of one millisecond the later run's is the last."""

    def __init__(self, runs, **options):
        super().__init__(**options)
        self._order = {run: number for number, run in enumerate(runs)}

    def _merge(self, record):
        ordered = copy.copy(record)
        ordered.__dict__.pop("_header_map", None)
        seq = self._order[record.run] * _SEQS_OF_A_RUN + record.seq
        ordered.headers = (("run", record.run.encode()), ("seq", str(seq).encode()))
        super()._merge(ordered)


def check_load_of_runs(kafka, prefix, load, runs):
    """Everything of the load is there, exactly once, with no gap in any run -> {topic: RunsModel}."""
    models = {}
    for topic, sums in load.topics.items():
        models[topic] = RunsModel(runs).feed(kcat.read_topic(kafka.brokers, prefix + topic))
        models[topic].check_no_gaps()
        models[topic].check_sums(sums)
    return models


def all_delivered(agent):
    """For wait_until: nothing is pending, and nothing lies on the disk that has not been read yet and so not been counted."""
    is_nothing_pending = nothing_pending(agent)
    return lambda: is_nothing_pending() and agent.stats()["journal_bytes"] == 0


def sync_durable(client, token="durable", timeout_s=60):
    """As Client.sync -> (accepted, rejected, durable)."""
    client.send(f"sync {token}\n")
    while (line := client.receive_line(timeout_s)) is not None:
        if found := _OK.match(line):
            assert found[1] == token, line
            return int(found[2]), int(found[3]), int(found[4])
        assert line.startswith("error "), f"unexpected reply {line!r}"
    raise AssertionError("the connection ended before the sync's answer")


def whole_lines(parts):
    """Cuts pieces, one a connection, behind their first LF -> (the ends of lines begun before, the rests)."""
    ends = [part.index(b"\n") + 1 for part in parts]
    return [part[:end] for part, end in zip(parts, ends)], [part[end:] for part, end in zip(parts, ends)]
