"""`metrics-agent journal show`: what it says is what lies there, and what the next start takes up."""

import json
import time

import pytest
from support import ledger
from support.agent import Agent, run
from support.check import nothing_pending
from support.runs import sync_durable
from support.state import HEADER_BYTES, StateDir
from support.wait import wait_until

pytestmark = pytest.mark.quick

NO_KAFKA = ("--brokers", "127.0.0.1:1", "--host", "h")
SERIES = 7
ROUNDS = 5
POINTS = 40


def _show(state, *arguments):
    return run("journal", "show", *arguments, str(state))


def _show_json(state, code=0):
    result = _show(state, "--json")
    assert result.returncode == code and not result.stderr, result
    return json.loads(result.stdout)


def _send(agent):
    """Counters, by-node gauges and points, all of them durable."""
    with agent.connect() as client:
        for number in range(ROUNDS):
            client.send("".join(f"mabs c c{series} {number}\n" for series in range(SERIES)))
            client.send(f"mabs g heap {number} by_node=True\n")
            assert sync_durable(client)[1:] == (0, 1)
        now = int(time.time())
        client.send("".join(f"put p {now} {number} host=a\n" for number in range(POINTS)))
        assert sync_durable(client) == (ROUNDS * (SERIES + 1) + POINTS, 0, 1)


def _contents(state):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in state.path.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Of an agent that was killed: open buckets and points that were not delivered."""
    state = StateDir(tmp_path_factory.mktemp("made") / "state")
    with Agent(*NO_KAFKA, "--state-dir", state, "--flush-interval", "3600") as agent:
        _send(agent)
        agent.kill()
    return state


def test_what_is_shown_is_what_lies_there(made):
    before = _contents(made)
    shown = _show_json(made)
    assert _contents(made) == before, "it changed something"
    assert shown["in_use"] is False and shown["damage"] == [] and shown["set_aside"] == []
    assert shown["open"] == {
        "series": SERIES + 2,
        "buckets": shown["open"]["buckets"],  # more than the series where a minute began meanwhile
        "lines": {"mabs": ROUNDS * (SERIES + 1), "mabs.by_node": ROUNDS},
    }
    assert SERIES + 2 <= shown["open"]["buckets"] <= 2 * (SERIES + 2)
    segments = made.delta_files()
    assert [segment["file"] for segment in shown["deltas"]] == [file.path.name for file in segments]
    for segment, file in zip(shown["deltas"], segments):
        assert segment["bytes"] == len(file.data)
        assert (segment["first_frame"], segment["last_frame"]) == (file.frames[0][1], file.frames[-1][1])
    records = made.records()
    points = shown["records"]["tsdb"]
    assert points["pending_records"] == points["pending_lines"] == POINTS == len(records)
    assert points["pending_bytes"] == sum(len(record.key) + len(record.value) for record in records.values())
    assert points["runs"] == {record.run: POINTS for record in records.values()}
    files = [*segments, *(file for files in made.outbox_files().values() for file in files)]
    assert shown["bytes"] == sum(len(file.data) for file in files)
    text = _show(made)
    assert text.returncode == 0 and b"not in use" in text.stdout and b"pending: 40 records" in text.stdout, text.stdout


def test_a_start_takes_up_what_was_shown(made, tmp_path):
    state = made.copy_to(tmp_path / "state")
    shown = _show_json(state)
    with Agent("--stdout", "--state-dir", state, "--flush-interval", "0.1") as agent:
        wait_until(nothing_pending(agent), 30, agent.stats)
        stats = agent.stats()
        agent.terminate()
    for topic in ledger.TOPICS:
        expected = shown["open"]["lines"].get(topic, 0) + shown["records"][topic]["pending_lines"]
        assert ledger.topic_lines(stats, topic, "recovered") == expected, topic
    after = _show_json(state)
    assert after["open"]["series"] == 0 and sum(after["records"][topic]["pending_records"] for topic in ledger.TOPICS) == 0


def test_damage_is_shown(made, tmp_path):
    state = made.copy_to(tmp_path / "state")
    path = state.outbox_files()["tsdb"][0].path
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 90] ^= 4
    path.write_bytes(data)
    before = _contents(state)
    shown = _show_json(state, code=1)
    assert [(damage["file"], damage["places"]) for damage in shown["damage"]] == [(f"outbox/tsdb/{path.name}", 1)]
    assert shown["damage"][0]["bytes"] > 90 and shown["records"]["tsdb"]["pending_records"] == POINTS - 1
    text = _show(state)
    assert text.returncode == 1 and b"damage        outbox/tsdb/" in text.stdout, text.stdout
    assert _contents(state) == before


def test_a_running_agent_is_not_disturbed(tmp_path):
    state = StateDir(tmp_path / "state")
    with Agent(*NO_KAFKA, "--state-dir", state, "--flush-interval", "0.05") as agent:
        for _ in range(10):
            _send(agent)
            shown = _show_json(state)
            assert shown["in_use"] is True and shown["process"] == agent.pid
        assert b"in use by a running agent" in _show(state).stdout
        stats = agent.stats()
        assert stats["journal_write_failures"] == 0 and stats["journal_degraded"] == 0
        agent.kill()
    assert _show_json(state)["in_use"] is False


def test_what_the_broker_never_takes_is_a_dead_letter(tmp_path):
    state = StateDir(tmp_path / "state")
    now = int(time.time())
    arguments = ("--embedded-broker", "--state-dir", state, "-X", "message.max.bytes=1000")
    for count in (1, 2):  # the next run goes on with the file
        with Agent(*arguments) as agent:
            assert agent.send(f"put small {now} 1 a=b\nput large {now} 1 a={'x' * 1000} b={count}\n") == (2, 0)
            wait_until(nothing_pending(agent), 30, agent.stats)
            stats = wait_until(lambda: (found := agent.stats())["dead_letters"] and found, 30, agent.stats)
            ledger.check(stats)
            assert ledger.dropped(stats, "tsdb", "too_large") == 1 == stats["dead_letters"]
            assert ledger.delivered(stats, "tsdb") == 1 and stats["dead_letters_lost"] == 0
            agent.terminate()  # a killed one would not know for a second that it is done with, and set it aside again
        letters = _show_json(state)["dead_letters"]["tsdb"]
        assert (letters["records"], letters["lines"]) == (count, count)
    data = (state.path / "dead-letter" / "tsdb.records").read_bytes()
    assert data.count(b'"metric":"large"') == 2 and b"small" not in data


def test_without_a_directory_that_of_the_environment(made, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(made))
    result = run("journal", "show", "--json")
    assert result.returncode == 0 and json.loads(result.stdout)["directory"] == str(made)


@pytest.mark.parametrize("name", ["nowhere", "file", "empty"])
def test_what_is_no_state_directory_is_named(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    result = _show(tmp_path / name)
    assert result.returncode == 1 and str(tmp_path / name).encode() in result.stderr and not result.stdout
    assert not list((tmp_path / "empty").iterdir())


@pytest.mark.parametrize("arguments", [(), ("show", "a", "b"), ("show", ""), ("show", "--what"), ("list",)])
def test_usage(arguments):
    result = run("journal", *arguments)
    assert result.returncode == 2 and result.stderr
