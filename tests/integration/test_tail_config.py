"""`run --config FILE` with logs: streams beside the lines, in `stats` and in the agent's own record (docs/tail.md)."""

import gzip
import json

import pytest
from support import kcat as kcat_tool
from support import ledger
from support.agent import Agent
from support.log_check import Shipped, read_log
from support.log_writer import Generation
from support.tail_case import TailCase
from support.tailer import log_stats
from support.wait import wait_until


def _agent(kafka, prefix, folder, config, *arguments):
    path = folder / "agent.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
    flags = ["--config", path, "--brokers", kafka.brokers, "--topic-prefix", prefix, "--state-dir", folder / "state"]
    return Agent(*flags, "--host", "host-a", *arguments)


def _wait_acked(agent, name, size):
    wait_until(lambda: log_stats(agent.stats(), name)["acked_bytes"] >= size, 30, agent.stats)
    return log_stats(agent.stats(), name)


def _check(kafka, topic, files, framing="lines"):
    return Shipped(read_log(kafka.brokers, topic)).check([Generation(name, data) for name, data in files.items()], framing)


@pytest.mark.kafka
def test_two_streams_with_the_same_file(kafka, prefix, tmp_path):
    """Each has positions and uids of its own; comments are allowed; lines of metrics go on."""
    kafka.create_topics(prefix)
    one, two = prefix + "one", prefix + "two"
    for topic in one, two:
        kafka.create_topic(topic, 1)
    data = b"".join(b"line %d\n" % number for number in range(1000))
    (tmp_path / "a.log").write_bytes(data)
    (tmp_path / "b.log").write_bytes(b"only one\n")
    config = f"""{{
        // whoever reads all
        "logs": [
            {{"name": "all", "include": ["{tmp_path}/*.log"], "topic": "{one}"}},
            {{"include": ["{tmp_path}/*.log", "{tmp_path}/a.*"], "exclude": ["{tmp_path}/b*"], "topic": "{two}", "pack_bytes": 4096,
             "framing": "lines", "max_record_bytes": 65536, "start": "beginning", "key": "file", "rate_limit": 0, "follow_symlinks": false}}
        ]
    }}"""
    with _agent(kafka, prefix, tmp_path, config) as agent:
        agent.send("mabs counter a 1\n")
        stats = _wait_acked(agent, "all", len(data) + 9)
        assert (stats["files"], stats["read_bytes"], stats["acked_records"], stats["lag_bytes"]) == (2, len(data) + 9, 1001, 0)
        stats = _wait_acked(agent, two, len(data))
        assert stats["files"] == 1 and stats["acked_bytes"] == len(data) and stats["acked_records"] <= 3
        assert float(stats["lag_seconds"]) == 0
        ledger.check(agent.stats())
        agent.terminate()
    uids = _check(kafka, one, {"a.log": data, "b.log": b"only one\n"}), _check(kafka, two, {"a.log": data})
    assert uids[0]["a.log"] != uids[1]["a.log"]
    with _agent(kafka, prefix, tmp_path, config) as agent:
        with (tmp_path / "a.log").open("ab") as file:
            file.write(b"more\n")
        _wait_acked(agent, "all", 5)
        _wait_acked(agent, two, 5)
        agent.terminate()
    for topic, files in (one, {"a.log": data + b"more\n", "b.log": b"only one\n"}), (two, {"a.log": data + b"more\n"}):
        records = read_log(kafka.brokers, topic)
        assert Shipped(records).replayed_bytes == 0
        _check(kafka, topic, files)


@pytest.mark.kafka
def test_one_streams_trouble_is_its_own(kafka, prefix, tmp_path):
    """A topic that nobody may write to holds up neither the other stream nor the metrics, and comes when it may."""
    kafka.create_topics(prefix)
    topics = [prefix + "denied", prefix + "fine"]
    for topic in topics:
        kafka.create_topic(topic, 1)
    kafka.forbid_writes(topics[0])
    (tmp_path / "a.log").write_bytes(b"x" * 99 + b"\n")
    logs = [{"name": name, "include": [f"{tmp_path}/*.log"], "topic": topic} for name, topic in zip(("denied", "fine"), topics)]
    with _agent(kafka, prefix, tmp_path, {"logs": logs}, "--flush-interval", "0.5") as agent:
        for _ in range(100):
            with (tmp_path / "a.log").open("ab") as file:
                file.write((b"y" * 999 + b"\n") * 200)
        size = (tmp_path / "a.log").stat().st_size
        agent.send("mabs counter a 1\n")
        _wait_acked(agent, "fine", size)
        wait_until(lambda: ledger.delivered(agent.stats(), "mabs") == 1, 20, agent.stats)
        stats = log_stats(agent.stats(), "denied")
        assert stats["acked_bytes"] == 0 and stats["lag_bytes"] == size and float(stats["lag_seconds"]) > 0
        kafka.permit_writes(topics[0])
        _wait_acked(agent, "denied", size)
        agent.terminate()
    for topic in topics:
        _check(kafka, topic, {"a.log": (tmp_path / "a.log").read_bytes()})


@pytest.mark.kafka
def test_what_was_skipped_is_counted_and_in_the_agents_record(kafka, prefix, tmp_path):
    kafka.create_topics(prefix)
    topic = prefix + "frames"
    kafka.create_topic(topic, 1)
    path = tmp_path / "a.bin"
    path.write_bytes(b"\0\0\0\3one" + b"\xff" * 100)
    config = {"logs": [{"name": "f", "include": [str(path)], "topic": topic, "framing": "frames"}]}
    with _agent(kafka, prefix, tmp_path, config) as agent:
        _wait_acked(agent, "f", 7)
        stats = log_stats(agent.stats(), "f")
        skipped = {name.partition(".")[2]: value for name, value in stats.items() if name.startswith("skipped_bytes.")}
        assert sum(skipped.values()) == 100 and len(skipped) == 1, stats
        agent.terminate()
    value = kcat_tool.read_topic(kafka.brokers, prefix + "mabs.agent")[-1].json
    ledger.check_record(value)
    (log,) = value["logs"]
    (uid,) = log.pop("files").items()
    assert uid == (read_log(kafka.brokers, topic)[0].uid, str(path))
    assert log.pop("lag_seconds") == 0
    assert log.pop("read_bytes") >= 7
    wanted = {"name": "f", "topic": topic, "acked_bytes": 7, "acked_records": 1, "lag_bytes": 0, "skipped": skipped}
    assert wanted.items() <= log.items(), log


@pytest.mark.kafka
def test_a_compressed_generation_is_counted_as_unread(kafka, prefix, tmp_path):
    """The rest of the file that was being read is in a .gz now: gone for us, said aloud."""
    kafka.create_topics(prefix)
    topic = prefix + "log"
    kafka.create_topic(topic, 1)
    path = tmp_path / "app.log"
    path.write_bytes(b"old\n" * 100)
    config = {"logs": [{"name": "c", "include": [str(path)], "topic": topic}]}
    with _agent(kafka, prefix, tmp_path, config) as agent:
        assert not any(name.startswith("skipped") for name in _wait_acked(agent, "c", 400))
        agent.terminate()
    with path.open("ab") as file, gzip.open(tmp_path / "app.log.1.gz", "wb") as packed:
        file.write(b"rest\n" * 100)
        packed.write(b"old\n" * 100 + b"rest\n" * 100)
    path.unlink()
    path.write_bytes(b"new\n")
    with _agent(kafka, prefix, tmp_path, config) as agent:
        stats = _wait_acked(agent, "c", 4)
        assert stats["skipped_files.compressed"] == 1 and stats["skipped_bytes.compressed"] > 0, stats
        agent.terminate()
    _check(kafka, topic, {"old": b"old\n" * 100, "new": b"new\n"})


@pytest.mark.kafka
def test_the_record_of_tail_alone(kafka, prefix, tmp_path):
    case = TailCase(kafka, prefix, tmp_path)
    path = case.put("a.log", b"one\n")
    records = case.run("--host", "host-b")["a.log"]
    value = kcat_tool.read_topic(kafka.brokers, prefix + "mabs.agent")[-1].json
    assert value["host"] == "host-b" and {"run", "version"} <= value.keys()
    (log,) = value["logs"]
    assert log["files"] == {records[0].uid: str(path)} and log["acked_bytes"] == 4 and log["skipped"] == {}
    assert log["name"] == log["topic"] == case.topic
