"""Every form of a line, over a socket and out again as a record (protocol.md, Lines and Commands)."""

import itertools
import time

import pytest
from support import ledger, tdigest
from support.agent import Agent
from support.bad_lines import BAD_LINES, MAX_LINE_BYTES, bad_line
from support.wait import wait_until

pytestmark = pytest.mark.quick

NOW_S = int(time.time()) - 30
DIGEST = tdigest.text(tdigest.verbose([(1.0, 1.0), (2.5, 3.0)]))
SMALL = tdigest.text(tdigest.small([(1.0, 1.0), (2.5, 3.0)]))

# (line, with {m} for its metric; what the record must hold)
GOOD_LINES = [
    ("mabs counter {m} 1", {"type": "counter", "value": 1, "tags": {}}),
    ("mabs c {m} -5", {"value": -5}),
    ("mabs counter {m} +7", {"value": 7}),
    ("mabs counter {m} 007", {"value": 7}),
    ("mabs counter {m} 0", {"value": 0, "lines": 1}),
    ("mabs counter {m} 9223372036854775807", {"value": 2**63 - 1}),
    ("mabs counter {m} -9223372036854775808", {"value": -(2**63)}),
    (f"mabs counter {{m}} {NOW_S} 3", {"value": 3, "ts": NOW_S // 60 * 60}),
    (f"mabs counter {{m}} {NOW_S}999 3", {"value": 3, "ts": NOW_S // 60 * 60}),
    (f"mabs counter {{m}} {NOW_S} 3 a=1", {"value": 3, "tags": {"a": "1"}}),
    ("mabs counter {m} 3 b=2 a=1", {"tags": {"a": "1", "b": "2"}}),
    ("  mabs \t counter  {m}   3 \t a=1  \t", {"value": 3, "tags": {"a": "1"}}),
    ("mabs counter {m} 3 a=1\r", {"value": 3, "tags": {"a": "1"}}),
    ("mabs counter {m} 3 a=", {"tags": {}}),
    ("mabs counter {m} 3 a==b=c", {"tags": {"a": "=b=c"}}),
    ('mabs counter {m} 3 a=,}{\\"', {"tags": {"a": ',}{\\"'}}),
    ("mabs counter {m} 3 stra\u00dfe=\u65e5\u672c\U0001f600", {"tags": {"stra\u00dfe": "\u65e5\u672c\U0001f600"}}),
    ("mabs counter {m} 3 " + " ".join(f"t{n:02d}=v" for n in range(32)), {"tags": {f"t{n:02d}": "v" for n in range(32)}}),
    ("mabs counter {m} 3 t=" + "v" * 1024, {"tags": {"t": "v" * 1024}}),
    ("mabs counter {m} 3 " + "t" * 255 + "=v", {"tags": {"t" * 255: "v"}}),
    ("mabs counter {m} 3 by_node=False", {"value": 3, "tags": {}}),
    ("mabs counter {m} 3 by_node=", {"value": 3, "tags": {}}),
    ("mabs gauge {m} 1", {"type": "gauge", "value": 1, "min": 1, "max": 1, "sum": 1, "count": 1}),
    ("mabs g {m} -2.5", {"value": -2.5}),
    ("mabs gauge {m} 1.0E-5", {"value": 1e-5}),
    ("mabs gauge {m} 1e+22", {"value": 1e22}),
    ("mabs gauge {m} +.5", {"value": 0.5}),
    ("mabs gauge {m} 5.", {"value": 5}),
    ("mabs gauge {m} 1" + "0" * 299, {"value": 1e299}),
    ("mabs gauge {m} 0." + "3" * 300, {"value": 1 / 3}),
    ("mabs gauge {m} 1.7976931348623157e308", {"value": 1.7976931348623157e308}),
    ("mabs gauge {m} 5e-324", {"value": 5e-324}),
    ("mabs gauge {m} 1e-400", {"value": 0}),
    ("mabs gauge {m} -0.1", {"value": -0.1}),
    (f"mabs g {{m}} {NOW_S}250 1.5", {"value": 1.5, "last_ts": NOW_S * 1000 + 250}),
    ("mabs gauge {m} 1763750400", {"value": 1763750400}),  # one field without `=` is the value, however it looks
    ("mabs histogram {m} " + DIGEST, {"type": "histogram", "count": 4, "min": 1, "max": 2.5, "sum": 8.5}),
    ("mabs h {m} " + SMALL, {"count": 4, "min": 1, "max": 2.5, "sum": 8.5}),
    (f"mabs h {{m}} {NOW_S} {DIGEST} a=1", {"count": 4, "tags": {"a": "1"}, "ts": NOW_S // 60 * 60}),
    ("mabs h {m} " + DIGEST.rstrip("=") + " a=1", {"count": 4, "tags": {"a": "1"}}),
    ("mabs sample {m} 0.25", {"type": "histogram", "count": 1, "min": 0.25, "max": 0.25, "sum": 0.25}),
    (f"mabs s {{m}} {NOW_S} -3 a=1", {"type": "histogram", "count": 1, "sum": -3, "tags": {"a": "1"}}),
    (f"put {{m}} {NOW_S} 42", {"type": "point", "value": 42, "ts": NOW_S, "interval": 0}),
    (f"put {{m}} {NOW_S}123 1.5 host=a", {"value": 1.5, "ts": NOW_S + 0.123, "tags": {"host": "a"}}),
    (f"put {{m}} {NOW_S}000 1", {"value": 1, "ts": NOW_S}),
    (f"put {{m}} {NOW_S} 9223372036854775807", {"value": 2**63 - 1}),
    (f"put {{m}} {NOW_S} 9223372036854775808", {"value": 2.0**63}),
    (f"put {{m}} {NOW_S} 1 by_node=True", {"value": 1, "tags": {"by_node": "True"}}),
]


def test_every_good_form_becomes_the_right_record():
    text = "".join(line.replace("{m}", f"good.{number}") + "\n" for number, (line, _) in enumerate(GOOD_LINES))
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        assert agent.send(text) == (len(GOOD_LINES), 0)
        agent.terminate()
        records = {record.json["metric"]: record for record in agent.stdout_records()}
    for number, (line, expected) in enumerate(GOOD_LINES):
        value = records.pop(f"good.{number}").json
        for name, wanted in expected.items():
            assert value[name] == wanted, f"{line[:200]}: {name} is {value[name]}, not {wanted}"
    assert not records


@pytest.mark.parametrize("name, line, code", BAD_LINES, ids=[name for name, _, _ in BAD_LINES])
def test_a_bad_line_is_wholly_rejected(agent, name, line, code):
    before = agent.stats()
    with agent.connect() as client:
        client.send(b"mabs counter good 1\n" + bad_line(line, int(time.time())) + b"\nmabs counter good 1\nsync t\n")
        client.expect_error(2, code)
        assert client.expect_ok("t") == (2, 1, 0)
    after = agent.stats()
    assert ledger.accepted(after) - ledger.accepted(before) == 2
    assert ledger.rejected(after, code) - ledger.rejected(before, code) == 1
    ledger.check(after)


def test_nothing_of_a_bad_line_comes_out():
    lines = [bad_line(line, int(time.time())) for _, line, _ in BAD_LINES]
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        assert agent.send(b"\n".join(lines) + b"\nmabs counter only.this 1\n") == (1, len(lines))
        agent.terminate()
        assert [record.json["metric"] for record in agent.stdout_records()] == ["only.this"]


def test_a_line_of_exactly_64_kib_is_a_line(agent):
    head, tail = "mabs counter a ", "1"
    blanks = MAX_LINE_BYTES - len(head) - len(tail)
    with agent.connect() as client:
        client.send(head + " " * blanks + tail + "\n")
        client.send(head + " " * (blanks + 1) + tail + "\n" + "mabs counter a 1\nsync t\n")
        client.expect_error(2, "line_too_long")
        assert client.expect_ok("t") == (2, 1, 0)


def test_a_digest_of_nearly_64_kib_is_read():
    centroids = [(float(number), 1.0) for number in range(3000)]
    line = "mabs histogram big " + tdigest.text(tdigest.verbose(centroids, compression=2000.0)) + "\n"
    assert 64_000 < len(line) <= MAX_LINE_BYTES
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        assert agent.send(line) == (1, 0)
        agent.terminate()
        value = agent.stdout_records()[0].json
    assert (value["count"], value["min"], value["max"], value["sum"]) == (3000, 0, 2999, 2999 * 1500)


def test_a_megabyte_without_a_line_feed_is_one_rejected_line(agent):
    before = agent.stats()
    with agent.connect() as client:
        for _ in range(16):
            client.send(b"x" * 65536)
        client.send("\nmabs counter a 1\nsync t\n")
        client.expect_error(1, "line_too_long")
        assert client.expect_ok("t") == (1, 1, 0)
    assert ledger.rejected(agent.stats(), "line_too_long") - ledger.rejected(before, "line_too_long") == 1


@pytest.mark.parametrize("rest", ["mabs counter a 12", "x", "sync t", "quit", " ", "\r", "mabs c gr\udcc3", "x" * 70_000])
def test_what_stands_behind_the_last_line_feed_is_no_line(agent, rest):
    before = agent.stats()
    with agent.connect() as client:
        client.send(b"mabs counter a 1\n" + rest.encode(errors="surrogateescape"))  # one is cut within a character
        client.half_close()
        replies = client.receive_until_end()
    code = "line_too_long" if len(rest) > MAX_LINE_BYTES else "unterminated_line"
    assert len(replies) == 1 and replies[0].startswith(f"error 2 {code}: "), replies
    after = agent.stats()
    assert ledger.accepted(after) - ledger.accepted(before) == 1
    assert ledger.rejected(after, code) - ledger.rejected(before, code) == 1


def test_an_unterminated_line_counts_when_the_client_just_closes(agent):
    before = agent.stats()
    with agent.connect() as client:
        client.send("mabs counter a 1\nmabs counter a 1")
    wait_until(lambda: ledger.received(agent.stats()) - ledger.received(before) == 2, 20, "two lines received")
    after = agent.stats()
    assert ledger.rejected(after, "unterminated_line") - ledger.rejected(before, "unterminated_line") == 1


def test_one_byte_at_a_time():
    text = (
        f"mabs counter slow {NOW_S} 5 a=1 by_node=True\r\n"
        "\n"
        f"mabs h slow {DIGEST} größe=klein\n"
        "mabs gauge slow oops\n"
        f"put slow {NOW_S} 2.5\n"
        "sync t\n"
    ).encode()
    with Agent("--stdout", "--host", "h", "--flush-interval", "3600") as agent:
        with agent.connect() as client:
            for at in range(len(text)):
                client.send(text[at : at + 1])
            client.expect_error(4, "bad_value")
            assert client.expect_ok("t") == (3, 1, 0)
        agent.terminate()
        found = sorted((record.topic, record.key.decode()) for record in agent.stdout_records())
    assert found == [
        ("mabs", "slow{a=1}"),
        ("mabs", "slow{größe=klein}"),
        ("mabs.by_node", "slow{a=1,node=h}"),
        ("tsdb", "slow"),
    ]


def test_every_cut_of_a_line_in_two_is_the_same_line():
    line = f"mabs c cut {NOW_S} 1 zone=größe\r\n".encode()
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        clients = []
        for at in range(1, len(line)):
            client = agent.connect()
            client.send(line[:at])
            clients.append((client, line[at:]))
        # All first halves are there before any second one.
        wait_until(lambda: agent.send("") == (0, 0), 10, "an answer")
        for client, rest in clients:
            client.send(rest)
        for client, _ in clients:
            assert client.sync() == (1, 0)
            client.close()
        agent.terminate()
        records = agent.stdout_records()
    assert [(record.key.decode(), record.json["value"]) for record in records] == [("cut{zone=größe}", len(line) - 1)]


def test_spellings_of_one_series_meet_in_one_record():
    tags = ["a=1", "b=2", "c=3"]
    lines = []
    for order, word in itertools.product(itertools.permutations(tags), ("counter", "c")):
        lines.append(f"mabs {word} m {NOW_S} 1 {' '.join(order)}\n")
        lines.append(f"mabs  {word}\tm {NOW_S}000 +1  {'  '.join(order)} d= by_node=0 \r\n")
    with Agent("--stdout", "--flush-interval", "3600") as agent:
        assert agent.send("".join(lines)) == (len(lines), 0)
        agent.terminate()
        records = agent.stdout_records()
    assert len(records) == 1
    assert records[0].key == b"m{a=1,b=2,c=3}" and records[0].json["value"] == records[0].json["lines"] == len(lines)
