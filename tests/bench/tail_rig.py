"""What the benches of the tailer share: a real broker, log files, and a program run to its end with what it took."""

import contextlib
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

import measure

sys.path.insert(0, str(measure.ROOT / "tests" / "integration"))
# pylint: disable=wrong-import-position
from support import java, needs  # noqa: E402
from support.kafka import RealKafka  # noqa: E402
from support.wait import wait_until  # noqa: E402

AGENT = measure.ROOT / "build" / "metrics-agent"
MB = 1_000_000
MIB = 1 << 20
PARTITIONS = 3


class Broker(RealKafka):
    """The broker of the tests, which removes the files of deleted topics at once."""

    def __init__(self, build, tool):
        super().__init__(build, tool)
        with self._config.open("a", encoding="ascii") as file:
            file.write("log.segment.delete.delay.ms=0\nlog.initial.task.delay.ms=100\n")

    def data_bytes(self):
        return sum(path.stat().st_blocks * 512 for path in _files_below(self._folder / "data"))

    @contextlib.contextmanager
    def topic(self, name, partitions=PARTITIONS, **configs):
        """A topic for one measurement; at the end it is gone, from the disk as well."""
        self.create_topic(name, partitions, **configs)
        yield name
        self.delete_topic(name)
        wait_until(lambda: not list((self._folder / "data").glob(f"{name}-*")), 60, f"{name} is deleted", every_s=0.05)

    def records(self, topic, partitions=PARTITIONS):
        """How many records are in it, by its offsets."""
        command = [needs.tool("kcat"), "-Q", "-b", self.brokers]
        for partition in range(partitions):
            command += ["-t", f"{topic}:{partition}:-1"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return sum(int(count) for count in re.findall(r"offset (\d+)", answer))


def _files_below(folder):
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                yield path


@contextlib.contextmanager
def broker():
    build = java.build()
    tool = java.JavaTool(build)
    running = Broker(build, tool)
    try:
        running.start()
        yield running
    finally:
        running.close()
        tool.close()


@contextlib.contextmanager
def folder():
    """Beside the build, on the disk that the build is on."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="bench-tail-", dir=measure.ROOT / "build"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


# --- data


def _blocks(size_bytes, width):
    """Like a log: times and numbers that differ, words that come again; lz4 makes about a third of it."""
    generator = random.Random(1)
    words = ["".join(generator.choices("abcdefghijklmnopqrstuvwxyz", k=generator.randrange(3, 11))) for _ in range(2000)]
    made = 0
    while made < size_bytes:
        lines = []
        for number in range(min(5000, (size_bytes - made) // width or 1)):
            head = f"2026-11-22T10:{number % 60:02}:07.{generator.randrange(10**6):06}Z INFO [{generator.getrandbits(64):016x}] "
            text = head + " ".join(generator.choices(words, k=max(4, width // 24)))
            lines.append(text[: width - 1].ljust(width - 1, "."))
        yield lines
        made += len(lines) * width


def write_lines(path, size_bytes, width=200):
    """-> the number of lines, each `width` bytes with its LF."""
    count = 0
    blocks = []
    with path.open("wb") as file:
        for lines in _blocks(min(size_bytes, 20 * MB), width):
            blocks.append(("\n".join(lines) + "\n").encode())
        while count * width < size_bytes:
            for block in blocks:
                file.write(block)
                count += len(block) // width
        count = size_bytes // width
        file.truncate(count * width)
    return count


def write_frames(path, size_bytes, width=200):
    """The same content; each frame `width` bytes with its length -> the number of frames."""
    count = 0
    prefix = struct.pack(">I", width - 4)
    blocks = [b"".join(prefix + line[: width - 4].ljust(width - 4).encode() for line in lines) for lines in _blocks(min(size_bytes, 20 * MB), width)]
    with path.open("wb") as file:
        while count * width < size_bytes:
            for block in blocks:
                file.write(block)
                count += len(block) // width
        count = size_bytes // width
        file.truncate(count * width)
    return count


# --- programs


class Cost:
    """CPU of all threads from the start of the process to its end (wait4), wall time, and its highest resident memory."""

    def __init__(self, cpu_s, wall_s, peak_bytes):
        self.cpu_s, self.wall_s, self.peak_bytes = cpu_s, wall_s, peak_bytes


def peak_bytes(pid):
    """VmHWM; not ru_maxrss, which also knows the memory of the program that forked."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(found[1]) * 1024 if found else 0


def cost(command):
    began = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peaks = [0]
    done = threading.Event()

    def watch():
        while not done.wait(0.02):
            peaks.append(peak_bytes(process.pid))

    said = []
    threads = [threading.Thread(target=watch), threading.Thread(target=lambda: said.append(process.stderr.read()))]
    for thread in threads:
        thread.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    for thread in threads:
        thread.join()
    process.stderr.close()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {process.returncode}\n{said[0].decode(errors='replace')[-3000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, max(peaks))


def our_properties():
    """linger.ms and batch.size as the agent sets them."""
    text = (measure.ROOT / "src" / "forward" / "kafka_properties.cpp").read_text(encoding="utf-8")
    return [f"{name}={value}" for name, value in re.findall(r'Property\{"(linger\.ms|batch\.size)", "(\d+)"\}', text)]


def kcat(server, topic, codec, path, properties=()):
    command = [needs.tool("kcat"), "-P", "-l", "-t", topic, "-b", server.brokers, "-X", "acks=all", "-X", "enable.idempotence=true"]
    for each in properties:
        command += ["-X", each]
    return [*command, "-z", codec, path]


def once(server, topic, codec, path, state, *arguments):
    """With positions kept, as when it follows; the rest of the guarantees cannot be switched off."""
    command = [AGENT, "tail", "--once", "--topic", topic, "--brokers", server.brokers, "--state-dir", state]
    return [*command, "-X", f"compression.codec={codec}", *arguments, path]
