"""A state directory that was damaged: the agent starts whatever it finds, delivers what is whole, and says what was not."""

import collections
import json
import os
import random
import re
import time

import pytest
from support import ledger
from support.agent import Agent, is_sanitized
from support.check import nothing_pending
from support.runs import sync_durable
from support.state import DAMAGES, HEADER_BYTES, JournalFile, StateDir, set_version
from support.wait import wait_until

pytestmark = pytest.mark.quick

# Nobody listens there: what is sealed stays in the outbox.
NO_KAFKA = ["--brokers", "127.0.0.1:1", "--host", "h"]
# METRICS_AGENT_TEST_SEED makes others.
TRIALS = 25 if not is_sanitized() else 10
SERIES = 40
ROUNDS = 6


class Made:
    """A state directory as kill -9 left it: records of two runs in the outbox, and open buckets."""

    def __init__(self, path):
        self.state = StateDir(path)
        self.points = []  # their values
        self.sums = collections.defaultdict(lambda: [0])  # of each counter what its first 0, 1, .. lines come to
        generator = random.Random(6)
        for flush_interval_s in (0.1, 0.1, 3600):
            self._live(generator, flush_interval_s)
        self.records = self.state.records()
        self.sealed = sum(record.lines for record in self.records.values())
        assert len({run for _, run, _ in self.records}) >= 2 and 0 < self.sealed < self.lines
        assert self.state.delta_files() and not any(file.has_damage for file in self.all_files())

    @property
    def lines(self):
        return len(self.points) + sum(len(sums) - 1 for sums in self.sums.values())

    def all_files(self):
        return all_files(self.state)

    def _live(self, generator, flush_interval_s):
        with Agent(*NO_KAFKA, "--state-dir", self.state, "--flush-interval", flush_interval_s) as agent:
            with agent.connect() as client:
                for _ in range(ROUNDS):
                    client.send(self._some(generator))
                    assert sync_durable(client)[1:] == (0, 1)
            if flush_interval_s < 1:
                wait_until(lambda: self._sealed_lines() == self.lines, 20, "all is sealed and written")
            agent.kill()

    def _sealed_lines(self):
        """A file that is being written may end in the middle of a frame, and one may be removed."""
        try:
            return sum(record.lines for record in self.state.records().values())
        except FileNotFoundError:
            return -1

    def _some(self, generator):
        now, text = int(time.time()), []
        for number in range(SERIES):
            delta = generator.randrange(1, 100)
            sums = self.sums[f"c{number}"]
            sums.append(sums[-1] + delta)
            text.append(f"mabs c c{number} {delta}\n")
            self.points.append(len(self.points))
            text.append(f"put p {now} {self.points[-1]} pad={'x' * generator.randrange(300)}\n")
        return "".join(text)


def all_files(state):
    return [file for files in state.outbox_files().values() for file in files] + state.delta_files()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("made") / "state")


def _deliver(state, whole=frozenset()):
    """Starts an agent on it and ends it when `whole` has come -> (records by identity, stats before the end, what it said)."""
    with Agent("--stdout", "--host", "h", "--state-dir", state, "--flush-interval", "0.1") as agent:
        missing = set(whole)

        def has_come():
            missing.difference_update((record.topic, record.run, record.seq) for record in agent.stdout_records())
            return not missing and nothing_pending(agent)()

        wait_until(has_come, 30, lambda: f"{len(missing)} whole records did not come, e.g. {sorted(missing)[:3]}: {agent.stats()}")
        stats = agent.stats()
        assert agent.send("mabs c alive 1\n") == (1, 0)
        agent.terminate()
        came = {}
        for record in agent.stdout_records():
            content = (record.key, record.json)
            assert came.setdefault((record.topic, record.run, record.seq), content) == content, "one id, two contents"
        return came, stats, agent.stderr


def _check_records(came, made, whole):
    """`whole`: the identities of what is to be there. Everything else is either one of ours, or new and of the new run."""
    for identity in whole:
        assert identity in came, f"{identity} is whole on the disk and was not delivered"
    for identity, content in came.items():
        stored = made.records.get(identity)
        if stored is not None:
            assert content == (stored.key, json.loads(stored.value)), identity
    points = collections.Counter(content["value"] for (topic, _, _), (_, content) in came.items() if topic == "tsdb")
    assert not points.keys() - set(made.points) and set(points.values()) <= {1}, "points that nobody sent, or twice"
    found = collections.defaultdict(lambda: [0, 0])
    for (topic, _, _), (key, content) in came.items():
        if topic == "mabs" and key != b"alive":
            found[key.decode()][0] += content["lines"]
            found[key.decode()][1] += content["value"]
    for name, (lines, value) in found.items():
        assert lines < len(made.sums[name]) and value <= made.sums[name][-1], f"{name} is more than was sent"
    return found, points


def test_without_damage_everything_is_delivered(made, tmp_path):
    state = made.state.copy_to(tmp_path / "state")
    came, stats, _ = _deliver(state, made.records)
    found, points = _check_records(came, made, made.records)
    assert set(points) == set(made.points)
    assert {name: tuple(pair) for name, pair in found.items()} == {
        name: (len(sums) - 1, sums[-1]) for name, sums in made.sums.items()
    }
    assert stats["journal_damaged_places"] == stats["journal_set_aside_files"] == 0
    assert sum(ledger.topic_lines(stats, topic, "recovered") for topic in ledger.TOPICS) == made.lines
    again, stats, _ = _deliver(state)
    assert not again.keys() & came.keys() and stats["journal_damaged_places"] == 0
    assert sum(ledger.topic_lines(stats, topic, "recovered") for topic in ledger.TOPICS) == 0, "it is over"


def test_random_damage(made, tmp_path):
    seed = int(os.environ.get("METRICS_AGENT_TEST_SEED", 1))
    counts = collections.Counter()
    for trial in range(TRIALS):
        generator = random.Random(f"{seed} {trial}")
        state = made.state.copy_to(tmp_path / str(trial))
        files = [path for path in state.files() if path.name != "lock"]
        done = []
        for _ in range(generator.choice((1, 1, 2, 5))):
            path, damage = generator.choice(files), generator.choice(DAMAGES)
            if path.exists():
                damage(path, generator)
                done.append(f"{damage.__name__} {path.relative_to(state.path)}")
        print(f"seed {seed}, trial {trial}: {', '.join(done)}")  # pytest shows it beside a failure
        left = all_files(state)
        whole = {
            record.identity for topic, files in state.outbox_files().items() for file in files for record in file.records(topic)
        }
        came, stats, _ = _deliver(state, whole & made.records.keys())
        _check_records(came, made, whole & made.records.keys())
        # Deltas need no header to be read; records do: it has the run.
        strangers = [file for file in left if len(file.data) > HEADER_BYTES and not file.is_ours]
        has_damage = any(file.has_damage for file in left) or any(file.path.suffix == ".delta" for file in strangers)
        has_stranger = any(file.path.suffix == ".records" for file in strangers)
        assert stats["journal_damaged_places"] > 0 or not has_damage
        assert stats["journal_set_aside_files"] > 0 or not has_stranger
        assert len(state.set_aside()) == stats["journal_set_aside_files"]
        counts["damage"] += has_damage
        counts["strangers"] += has_stranger
        counts["lost"] += len(whole) < len(made.records)
    assert counts["damage"] > 0 and counts["lost"] > 0, counts


def test_a_directory_of_rubbish_is_no_obstacle(tmp_path):
    generator = random.Random(8)
    state = StateDir(tmp_path / "state")
    for name in ("deltas", "outbox/mabs", "outbox/tsdb", "outbox/nobody", "else"):
        (state.path / name).mkdir(parents=True)
        for number, suffix in enumerate((".records", ".delta", "", ".tmp"), 1):
            (state.path / name / f"{number:020d}{suffix}").write_bytes(generator.randbytes(5000))
    for name in ("outbox/mabs/watermark", "watermark", "lock"):
        (state.path / name).write_bytes(generator.randbytes(28))
    came, stats, _ = _deliver(state)
    assert [key for key, _ in came.values()] == [b"alive"]
    assert stats["journal_set_aside_files"] >= 2 and stats["journal_damaged_places"] > 0


@pytest.mark.parametrize("suffix", [".records", ".delta"])
def test_a_file_of_a_newer_version_is_set_aside(made, tmp_path, suffix):
    """Unharmed, and said; all others are delivered."""
    state = made.state.copy_to(tmp_path / "state")
    path = state.files(suffix)[0]
    lost = {record.identity for record in JournalFile(path).records(path.parent.name)}
    set_version(path, 2)
    newer = path.read_bytes()
    came, stats, said = _deliver(state, made.records.keys() - lost)
    _check_records(came, made, made.records.keys() - lost)
    assert not lost & came.keys()
    assert stats["journal_set_aside_files"] == 1 and stats["journal_damaged_places"] == 0
    assert [aside.read_bytes() for aside in state.set_aside()] == [newer]
    assert re.search("[1-9][0-9]* files moved to set-aside", said), said
    _, stats, _ = _deliver(state)
    assert [aside.read_bytes() for aside in state.set_aside()] == [newer], "a later start leaves it there"
