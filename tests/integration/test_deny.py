"""--deny: metrics that the operator does not want."""

import time

import pytest
from support import ledger, tdigest
from support.agent import Agent, run

pytestmark = pytest.mark.quick

DIGEST = tdigest.text(tdigest.verbose([(1.0, 1.0)]))


def test_lines_of_every_type_are_denied_and_counted():
    now = int(time.time())
    bodies = [
        "mabs c {} 1",
        "mabs gauge {} 1 a=b by_node=True",
        "mabs sample {} 1",
        f"mabs h {{}} {DIGEST}",
        f"put {{}} {now} 1",
    ]
    with Agent("--stdout", "--deny", "tmp.*", "--deny", "*.[0-9]?", "--flush-interval", "3600") as agent:
        with agent.connect() as client:
            number = 0
            for body in bodies:
                client.send(body.format("tmp.x") + "\n" + body.format("a.1é") + "\n" + body.format("fine.1") + "\nsync t\n")
                assert client.receive_line() == f'error {number + 1} denied: "tmp.x" is on the denylist: glob "tmp.*"'
                assert client.receive_line() == f'error {number + 2} denied: "a.1é" is on the denylist: glob "*.[0-9]?"'
                number += 4
                client.expect_ok("t")
        stats = agent.stats()
        ledger.check(stats)
        assert ledger.rejected(stats, "denied") == ledger.rejected(stats) == 10
        assert stats["series"] == 3
        agent.terminate()
        assert {record.json["metric"] for record in agent.stdout_records() if record.topic != "mabs.agent"} == {"fine.1"}


def test_a_class_alone_is_a_class():
    """Not the list that the command line's library would make of [ab]."""
    with Agent("--stdout", "--deny", "[ab]") as agent:
        with agent.connect() as client:
            client.send("mabs c a 1\nmabs c ab 1\nmabs c b 1\nmabs c c 1\nsync t\n")
            client.expect_error(1, "denied")
            client.expect_error(3, "denied")
            assert client.expect_ok("t") == (2, 2, 0)


def test_many_denied_names_leave_nothing():
    with Agent("--stdout", "--deny", "tmp.*") as agent:
        before = agent.stats()
        with agent.connect() as client:
            client.send("".join(f"mabs c tmp.{number} 1 a={number}\n" for number in range(20_000)))
            client.send("sync t\n")
            while not (line := client.receive_line()).startswith("ok t "):
                assert " denied: " in line or " suppressed " in line
            assert line.startswith("ok t accepted=0 rejected=20000 ")
        after = agent.stats()
    for name in ("series", "series_bytes", "series_spellings"):
        assert after[name] == before[name], name


@pytest.mark.parametrize(
    "glob, said",
    [("a[", "byte 2"), ("", "empty"), ("a,b", "byte 2"), ("[z-a]", "byte 2"), ("[é]", "byte 2"), ("x" * 256, "255 bytes")],
)
def test_a_bad_glob_is_wrong_usage(glob, said):
    result = run("run", "--stdout", "--listen", "127.0.0.1:0", "--deny", "fine.*", "--deny", glob)
    assert result.returncode == 2
    assert b"--deny" in result.stderr and said.encode() in result.stderr and glob[:60].encode() in result.stderr
    assert b"fine" not in result.stderr


def test_too_many_globs():
    assert run("run", "--stdout", "--listen", "127.0.0.1:0", *["--deny", "a"] * 257).returncode == 2
    with Agent("--stdout", *[word for number in range(256) for word in ("--deny", f"x{number}*")]) as agent:
        with agent.connect() as client:
            client.send("mabs c x255y 1\nmabs c y 1\nsync t\n")
            client.expect_error(1, "denied")
            assert client.expect_ok("t") == (1, 1, 0)
