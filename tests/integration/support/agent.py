"""The program under test, started as a user starts it."""

import functools
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from . import processes
from .client import Client

_ROOT = pathlib.Path(__file__).resolve().parents[3]
_READY = re.compile(r"ready listen=(\S+) brokers=(\S+)")
_LEFT = re.compile(r"topic (\S+): (\d+) lines could not be delivered")
# Sanitizer builds on a loaded machine need far more than a plain build's few ms.
READY_TIMEOUT_S = 30
EXIT_TIMEOUT_S = 40


def binary():
    """The path from METRICS_AGENT (relative to the repository), by default build/metrics-agent."""
    path = pathlib.Path(os.environ.get("METRICS_AGENT", "build/metrics-agent"))
    if not path.is_absolute():
        path = _ROOT / path
    if not os.access(path, os.X_OK):
        pytest.exit(f"no agent to test: {path} (build it, or set METRICS_AGENT)", returncode=1)
    return str(path)


@functools.cache
def is_sanitized():
    """Whether the binary is an ASan or TSan build."""
    data = pathlib.Path(binary()).read_bytes()
    return b"__asan_init" in data or b"__tsan_init" in data


def run(*arguments, stdin=b"", timeout_s=60):
    """Runs the binary to its end -> subprocess.CompletedProcess with bytes."""
    with tempfile.TemporaryDirectory() as home:  # never the state directory of who runs the tests
        env = {"XDG_STATE_HOME": home, **os.environ}
        command = [binary(), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout_s, check=False, env=env)


class _Lines:
    """The lines of one stream, read by a thread; waiting for one is event driven."""

    def __init__(self, stream):
        self._stream = stream
        self._lines = []
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            with self._changed:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def snapshot(self):
        with self._changed:
            return list(self._lines)

    def wait_for(self, matches, timeout_s):
        """The first value of matches(line) that is true, over all lines so far and to come; None at the end or deadline."""
        deadline = time.monotonic() + timeout_s
        seen = 0
        with self._changed:
            while True:
                while seen < len(self._lines):
                    found = matches(self._lines[seen])
                    seen += 1
                    if found:
                        return found
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    return None
                self._changed.wait(left)

    def join(self):
        self._thread.join(timeout=10)


class Agent:
    """A running agent. Use it with `with`: it always ends. Its default listener is one free port on 127.0.0.1."""

    def __init__(self, *arguments, listen=("127.0.0.1:0",), wrapper=(), wait=True, env=None):
        command = [*wrapper, binary(), "run"]
        for address in listen:
            command += ["--listen", address]
        command += _with_state([str(argument) for argument in arguments], env or {})
        self.command = command
        self._process = processes.start(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})}
        )
        self._stdout = _Lines(self._process.stdout)
        self._stderr = _Lines(self._process.stderr)
        self.addresses = []
        self.brokers = None
        if wait:
            try:
                self._wait_ready()
            except BaseException:
                self.close()
                raise

    def _wait_ready(self):
        found = self._stderr.wait_for(_READY.search, READY_TIMEOUT_S)
        if not found:
            code = self._process.poll()
            raise AssertionError(f"no ready line from {' '.join(self.command)} (exit {code}):\n{self.stderr}")
        self.addresses = found.group(1).split(",")
        self.brokers = found.group(2)

    # --- where it listens

    @property
    def ports(self):
        """The bound TCP ports, in the order of the ready line."""
        return [int(address.rpartition(":")[2]) for address in self.addresses if _is_tcp(address)]

    @property
    def port(self):
        return self.ports[0]

    @property
    def unix_path(self):
        for address in self.addresses:
            if not _is_tcp(address):
                return address.removeprefix("unix:")
        raise AssertionError(f"no unix socket among {self.addresses}")

    def connect(self, **options):
        return Client.tcp("127.0.0.1", self.port, **options)

    # --- asking it

    def send(self, text, token="sent"):
        """Sends lines on a connection of their own and waits for their sync -> (accepted, rejected)."""
        data = text if isinstance(text, bytes) else text.encode()
        with self.connect() as client:
            client.send(data)
            return client.sync(token)

    def stats(self):
        """-> {name: int, float or text} as the agent answers `stats`."""
        with self.connect() as client:
            return client.stats()

    # --- what it says and costs

    @property
    def pid(self):
        return self._process.pid

    @property
    def stderr(self):
        return "\n".join(self._stderr.snapshot())

    @property
    def stdout(self):
        return "\n".join(self._stdout.snapshot())

    def wait_stderr(self, pattern, timeout_s=30):
        found = self._stderr.wait_for(re.compile(pattern).search, timeout_s)
        assert found, f"no {pattern!r} within {timeout_s} s on standard error:\n{self.stderr}"
        return found

    def wait_stdout(self, pattern, timeout_s=30):
        found = self._stdout.wait_for(re.compile(pattern).search, timeout_s)
        assert found, f"no {pattern!r} within {timeout_s} s on standard output:\n{self.stdout[-4000:]}"
        return found

    def stdout_records(self):
        """The records of --stdout so far, without the agent's own."""
        return [record for record in self._all_stdout_records() if not record.topic.endswith("mabs.agent")]

    def stdout_agent_records(self):
        return [record for record in self._all_stdout_records() if record.topic.endswith("mabs.agent")]

    def _all_stdout_records(self):
        return [StdoutRecord(json.loads(line)) for line in self._stdout.snapshot() if line]

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("the agent is gone")

    def left(self):
        """What it says at its end that it could not deliver: {topic: lines}."""
        return {topic: int(lines) for topic, lines in _LEFT.findall(self.stderr)}

    # --- its end

    def poll(self):
        return self._process.poll()

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, timeout_s=EXIT_TIMEOUT_S):
        """-> the exit code, with all that it wrote read."""
        try:
            code = self._process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the agent did not end within {timeout_s} s:\n{self.stderr}") from None
        self._stdout.join()
        self._stderr.join()
        return code

    def terminate(self, timeout_s=EXIT_TIMEOUT_S, code=0):
        """SIGTERM, to the end; 0 says that everything was delivered, 1 that something was left."""
        self.signal(signal.SIGTERM)
        found = self.wait(timeout_s)
        assert found == code, f"exit {found} after SIGTERM, expected {code}:\n{self.stderr}"

    def kill(self):
        self._process.kill()
        self.wait()

    def close(self):
        processes.kill_group(self._process)
        self._stdout.join()
        self._stderr.join()
        self._process.stdout.close()
        self._process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self._process.poll()
        crashed = code not in (None, 0, 1, 2, -signal.SIGKILL, -signal.SIGTERM)
        self.close()
        if kind is not None:  # pytest shows it beside the failure
            print(f"the agent ({'running' if code is None else f'exit {code}'}) said:\n{self.stderr[-6000:]}")
        if crashed and kind is None:
            raise AssertionError(f"the agent crashed ({self._process.returncode}):\n{self.stderr}")


class StdoutRecord:
    """One line of --stdout, with the same names as record.Record where they mean the same."""

    def __init__(self, line):
        self.topic = line["topic"]
        self.key = None if line["key"] is None else line["key"].encode()
        self.headers = line["headers"]
        self.json = line["value"]

    @property
    def run(self):
        return self.headers["run"]

    @property
    def seq(self):
        return int(self.headers["seq"])

    def __repr__(self):
        return f"<{self.topic} {self.headers} {self.key!r} {self.json}>"


def _with_state(arguments, env):
    """--no-state unless the test says something of the state itself: no test shall write into the user's own directory."""
    flags = {argument.partition("=")[0] for argument in arguments}
    if flags & {"--no-state", "--state-dir"} or env.keys() & {"STATE_DIRECTORY", "XDG_STATE_HOME"}:
        return arguments
    return ["--no-state", *arguments]


def _is_tcp(address):
    return not address.startswith(("/", "unix:", "@")) and ":" in address


def refused(port):
    """Whether nothing listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
