"""The disk under the state directory: somebody else's, full, slow, not there (durability.md)."""

import json
import pathlib
import re
import subprocess
import time

import pytest
from support import needs
from support.agent import Agent, StdoutRecord, binary, is_sanitized, run
from support.probe import Probe
from support.runs import sync_durable
from support.state import StateDir
from support.wait import wait_until

pytestmark = pytest.mark.quick

MIB = 1024 * 1024
TMPFS_BYTES = 24 * MIB


@pytest.fixture
def state(tmp_path):
    return StateDir(tmp_path / "state")


def _agent(state, *arguments, flush_interval_s=0.2, **options):
    flags = ["--stdout", "--host", "h", "--state-dir", state, "--flush-interval", flush_interval_s]
    return Agent(*flags, *arguments, **options)


def _one_run(*arguments):
    """Of an agent that must refuse to start."""
    return run("run", "--stdout", "--listen", "127.0.0.1:0", *arguments, timeout_s=30)


def test_a_second_process_on_the_same_directory_is_refused(state):
    with _agent(state) as agent:
        for _ in range(2):
            second = _one_run("--state-dir", str(state))
            assert second.returncode == 1
            assert str(state).encode() in second.stderr and b"ready" not in second.stderr, second.stderr
        assert agent.send("mabs c a 1\n") == (1, 0)
        agent.kill()
    with _agent(state) as agent:  # nobody holds it any more
        agent.terminate()
    with _agent(state) as agent:
        agent.terminate()


@pytest.mark.parametrize(
    "env, path",
    [
        ({"STATE_DIRECTORY": "{}/a", "XDG_STATE_HOME": "{}/b", "HOME": "{}/c"}, "a"),
        ({"XDG_STATE_HOME": "{}/b", "HOME": "{}/c"}, "b/metrics-agent"),
        ({"XDG_STATE_HOME": "", "HOME": "{}/c"}, "c/.local/state/metrics-agent"),
    ],
    ids=["STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"],
)
def test_where_the_state_is_when_nothing_is_said(env, path, tmp_path):
    env = {"STATE_DIRECTORY": "", **{name: value.format(tmp_path) for name, value in env.items()}}
    with Agent("--stdout", "--flush-interval", "3600", env=env) as agent, agent.connect() as client:
        client.send("mabs c a 1\n")
        assert sync_durable(client) == (1, 0, 1)
        agent.kill()
    state = StateDir(tmp_path / path)
    assert state.delta_files(), sorted(tmp_path.rglob("*"))
    with Agent("--stdout", "--flush-interval", "0.1", env=env) as agent:
        wait_until(agent.stdout_records, 20, "the line of the first one")


def test_without_state_nothing_is_durable_and_nothing_is_written(tmp_path):
    with Agent("--stdout", "--no-state", env={"STATE_DIRECTORY": str(tmp_path)}) as agent, agent.connect() as client:
        client.send("mabs c a 1\n")
        assert sync_durable(client) == (1, 0, 0)
        agent.terminate()
    assert not list(tmp_path.iterdir())


@pytest.fixture
def tmpfs(tmp_path):
    """A small file system of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(folder)]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError as error:
        pytest.skip(f"no tmpfs of our own can be mounted here: {error}")
    if result.returncode != 0:
        pytest.skip(f"no tmpfs of our own can be mounted here: {result.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], timeout=30, check=True)


def _unwritable(tmp_path):
    """Paths that even root cannot make a directory of."""
    file = tmp_path / "file"
    file.write_text("")
    return [file, file / "state", pathlib.Path("/proc/metrics-agent")]


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    for path in _unwritable(tmp_path):
        result = _one_run("--state-dir", str(path))
        assert result.returncode == 1, (path, result.stderr)
        assert str(path).encode() in result.stderr and b"ready" not in result.stderr, result.stderr


def test_a_directory_that_cannot_be_written_is_named(tmpfs):
    (tmpfs / "state").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(tmpfs)], timeout=30, check=True)
    result = _one_run("--state-dir", str(tmpfs / "state"))
    assert result.returncode == 1 and str(tmpfs / "state").encode() in result.stderr, result.stderr


def _fill(path):
    """-> a file that takes all that is left of a file system."""
    with open(path, "wb", buffering=0) as file:
        for block in (b"x" * 65536, b"x"):
            try:
                while True:
                    file.write(block)
            except OSError:
                pass
    return path


def test_a_full_disk_costs_nothing_but_the_promise(tmpfs):
    """Lines are taken, records go on; `sync` says that they are not safe, and when they are again."""
    state = StateDir(tmpfs / "state")
    values = iter(range(1_000_000))
    sent = []

    def points(count=200):
        now, chosen = int(time.time()), [next(values) for _ in range(count)]
        sent.extend(chosen)
        return "".join(f"put p {now} {value} pad={'x' * 500}\n" for value in chosen)

    with _agent(state) as agent, agent.connect() as client:
        client.send(points())
        assert sync_durable(client)[1:] == (0, 1)
        filler = _fill(tmpfs / "filler")

        def is_durable():
            client.send(points())
            before = time.monotonic()
            durable = sync_durable(client)[2]
            assert time.monotonic() - before < 5, "nobody waits for a disk that fails"
            return durable

        wait_until(lambda: not is_durable(), 20, "durable=0")
        stats = agent.stats()
        assert stats["journal_degraded"] == 1 and stats["journal_write_failures"] > 0
        agent.wait_stderr(re.escape(str(state)), 10)  # the operator is told where
        for _ in range(20):
            assert not is_durable()
        wait_until(lambda: _values(agent) == sent, 20, "records go on while the disk is full")
        filler.unlink()
        wait_until(is_durable, 20, "durable=1 again")
        assert agent.stats()["journal_degraded"] == 0
        client.send("mabs c a 1\n" * 50)
        assert sync_durable(client)[2] == 1
        agent.kill()
        first = _whole_records(agent)
    with _agent(state) as agent:
        agent.terminate()
        for identity, value in _whole_records(agent).items():
            assert first.setdefault(identity, value) == value, identity
    came = [value["value"] for (topic, _, _), value in first.items() if topic == "tsdb"]
    assert sorted(came) == sent, "each point once"
    assert sum(value["value"] for (topic, _, _), value in first.items() if topic == "mabs") == 50


def _whole_records(agent):
    """{identity: value}; of what was killed the last line may have been cut off."""
    found = {}
    for line in agent.stdout.splitlines():
        try:
            record = StdoutRecord(json.loads(line))
        except json.JSONDecodeError:
            assert line == agent.stdout.splitlines()[-1]
            continue
        if record.topic != "mabs.agent":
            found[record.topic, record.run, record.seq] = record.json
    return found


def _values(agent):
    return sorted(record.json["value"] for record in agent.stdout_records() if record.topic == "tsdb")


SLOW_S = 0.5


@pytest.fixture
def slow_fdatasync(tmp_path):
    """The command that starts a program with each fdatasync delayed; -D: the program is our child, not strace's."""
    strace = needs.tool("strace")
    trace = tmp_path / "trace"
    inject = f"inject=fdatasync:delay_enter={int(SLOW_S * 1_000_000)}"
    command = [strace, "-D", "-f", "--seccomp-bpf", "-qq", "-o", str(trace), "-e", "trace=fdatasync", "-e", inject]
    trial = subprocess.run([*command, binary(), "--version"], capture_output=True, text=True, timeout=60, check=False)
    if trial.returncode != 0:
        pytest.skip(f"strace may not trace here: {trial.stderr.strip()}")
    command.append("--")
    return command, lambda: trace.read_text().count("DELAYED")


def _p99(times_s):
    return sorted(times_s)[len(times_s) * 99 // 100]


def test_a_slow_fdatasync_delays_nobody(state, slow_fdatasync):
    command, delayed = slow_fdatasync
    with _agent(state, "--fsync", "interval", wrapper=command) as agent:
        with Probe(agent) as probe:
            with agent.connect() as client:

                def some_more():  # there is always something to be synced
                    client.send("".join(f"mabs c m{number} 1\nput p {int(time.time())} 1\n" for number in range(100)))
                    assert sync_durable(client)[2] == 1
                    return delayed() >= 3

                wait_until(some_more, 60, "three of them were slow", every_s=0.1)
        agent.kill()
    print(f"{delayed()} delayed; sync p99 {_p99(probe.times_s) * 1000:.1f} ms of {probe.lines}")
    assert _p99(probe.times_s) < (0.06 if not is_sanitized() else 0.6)


def test_with_fsync_always_a_sync_waits_and_the_others_do_not(state, slow_fdatasync):
    command, delayed = slow_fdatasync
    # Each flush makes new files, and each of them has to be synced: five times a second would be more than such a disk can do.
    agent = _agent(state, "--fsync", "always", flush_interval_s=10, wrapper=command)
    with agent, agent.connect() as client, agent.connect() as other:
        for number in range(3):
            before = time.monotonic()
            client.send(f"mabs c a 1\nsync {number}\n")
            served = 0
            while client.receives_nothing(0.01) and served < 1000:
                other.send("mabs c b 1\nversion\n")
                began = time.monotonic()
                assert other.receive_line(10)
                assert time.monotonic() - began < SLOW_S / 2, "held up by the fdatasync"
                served += 1
            assert client.expect_ok(str(number)) == (number + 1, 0, 1)
            took_s = time.monotonic() - before
            assert took_s >= SLOW_S * 0.95, f"durable=1 after {took_s:.3f} s, before any fdatasync can have returned"
            assert served >= 5
        agent.kill()
    assert delayed() >= 3
