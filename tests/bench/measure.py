"""Running a program and knowing the CPU seconds that its process spent on a stated piece of work."""

import os
import pathlib
import re
import signal
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def cpu_seconds(pid):
    """User and system time of all threads of the process so far (the scheduler's count, in ns)."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


class Server:
    """A program that prints a line with the port it listens on, and serves until it is ended."""

    def __init__(self, command, pattern, stream):
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
        # A group of its own: a tracer in front of the program ends with it.
        self.process = subprocess.Popen([str(word) for word in command], start_new_session=True, **streams)
        for line in getattr(self.process, stream):
            found = re.search(pattern, line.decode(errors="replace"))
            if found:
                self.port = int(found.group(1))
                break
        else:
            raise SystemExit(f"{command[0]} did not start")

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def resident_bytes(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def spent(server, command):
    """CPU seconds that the server spends while the command runs."""
    before = server.cpu()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    return server.cpu() - before


def summary(values):
    """Median, and the smallest and largest."""
    return statistics.median(values), min(values), max(values)
