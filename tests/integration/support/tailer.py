"""`metrics-agent tail`, started as a user starts it; and the stats of an agent with logs."""

import os
import re
import subprocess

from . import agent, processes

_READY = re.compile(r"ready logs=(\d+) brokers=(\S+)")
_WHAT = re.compile(r"[a-z0-9_]+|skipped_(?:bytes|files)\.[a-z_]+")


class Tailer(agent.Agent):
    """A running `tail`: what an Agent can do, but for a port to ask. Use it with `with`.

    Tell it where the positions are; the agent's own records go to topics with `prefix`.
    """

    # pylint: disable=super-init-not-called
    def __init__(self, *arguments, kafka, topic, state, include=(), prefix="", wait=True, wrapper=()):
        command = [*wrapper, agent.binary(), "tail", "--topic", topic, "--state-dir", str(state), "--brokers", kafka.brokers]
        for glob in include:
            command += ["--include", os.fspath(glob)]
        if prefix:
            command += ["--topic-prefix", prefix]
        self.command = command + [argument if isinstance(argument, bytes) else str(argument) for argument in arguments]
        self._process = processes.start(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._stdout = agent._Lines(self._process.stdout)  # pylint: disable=protected-access
        self._stderr = agent._Lines(self._process.stderr)  # pylint: disable=protected-access
        self.addresses = []
        self.brokers = None
        self.logs = 0
        if wait:
            try:
                self._wait_ready()
            except BaseException:
                self.close()
                raise

    def _wait_ready(self):
        found = self._stderr.wait_for(_READY.search, agent.READY_TIMEOUT_S)
        if not found:
            code = self._process.poll()
            raise AssertionError(f"no ready line from tail (exit {code}): {self.command}\n{self.stderr}")
        self.logs = int(found.group(1))
        self.brokers = found.group(2)


def once(*arguments, kafka=None, topic="t", stdin=b"", timeout_s=60):
    """`tail --once` to its end -> subprocess.CompletedProcess with bytes."""
    brokers = ["--brokers", kafka.brokers] if kafka else []
    words = [argument if isinstance(argument, bytes) else str(argument) for argument in arguments]
    return agent.run("tail", "--once", "--topic", topic, *brokers, *words, stdin=stdin, timeout_s=timeout_s)


def log_stats(stats, name):
    """The `log.<name>.` values of an answer of `stats` -> {what: value}; skipped ones only where not 0."""
    found = {}
    for key, value in stats.items():
        what = key.removeprefix(f"log.{name}.")
        if what != key and _WHAT.fullmatch(what) and not (what.startswith("skipped") and value == 0):
            found[what] = value
    return found
