"""The tailer beside live files: from write() to the broker, the price of an adaptive linger, idle files, and the line port meanwhile."""

import json
import socket
import statistics
import subprocess
import threading
import time

import journal
import measure
import tail_rig
from tail_rig import AGENT, MB, MIB

LINES_PER_S = 500
LATENCY_S = 20
IDLE_FILES = 10_000
IDLE_S = 60
KCAT_READ_BYTES = 1024  # so many at a time, or it waits
LINGER_BYTES_PER_S = 10 * MB


def start_tail(server, topic, state, *arguments):
    """measure.Server wants a port; here it is the broker's."""
    command = [AGENT, "tail", "--topic", topic, "--brokers", server.brokers, "--state-dir", state, *arguments]
    return measure.Server(command, r"ready logs=\d+ brokers=\S*:(\d+)", "stderr")


def start_run(server, folder, streams, state, *arguments):
    config = folder / "bench.json"
    config.write_text(json.dumps({"logs": streams}), encoding="utf-8")
    command = [AGENT, "run", "--config", config, "--listen", "127.0.0.1:0", "--brokers", server.brokers, "--state-dir", state]
    return measure.Server([*command, *arguments], r"ready listen=127\.0\.0\.1:(\d+)", "stderr")


def _milliseconds(values):
    return f"p50 {journal.percentile(values, 0.5):.2f} ms, p99 {journal.percentile(values, 0.99):.2f} ms, most {max(values):.2f} ms"


# --- latency


class Arrivals:
    """A consumer that notes when each line comes: by its clock, and when the broker appended it (LogAppendTime, whole ms)."""

    def __init__(self, server, topic):
        command = ["kcat", "-C", "-b", server.brokers, "-t", topic, "-o", "beginning", "-q", "-u", "-f", "%T %s\n"]
        command += ["-X", "fetch.wait.max.ms=10", "-X", "fetch.min.bytes=1"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.appended_ms = []
        self.consumed_ms = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._process.stdout:
            now = time.time()
            stamp, written = line.split()[:2]
            # The broker's clock shows whole milliseconds, on average half a one too early.
            self.appended_ms.append(int(stamp) + 0.5 - float(written) * 1000)
            self.consumed_ms.append((now - float(written)) * 1000)

    def wait(self, count):
        deadline = time.monotonic() + 30
        while len(self.consumed_ms) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        self._process.kill()
        self._process.wait()
        self._thread.join()
        if len(self.consumed_ms) != count:
            raise SystemExit(f"{len(self.consumed_ms)} of {count} lines came")


def _write_slowly(write, width=200):
    """-> the number of lines, each of `width` bytes with the time of its write()."""
    count = LINES_PER_S * LATENCY_S
    began = time.monotonic()
    for number in range(count):
        wait_s = began + number / LINES_PER_S - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        write(_line_now(width))
    return count


def _line_now(width):
    return f"{time.time():.6f} ".encode().ljust(width - 1, b"x") + b"\n"


def _show_arrivals(name, arrivals):
    warm = LINES_PER_S  # the first second: connections, the first batch
    print(f"  {name:26} to the broker's log: {_milliseconds(arrivals.appended_ms[warm:])} (by whole ms)")
    print(f"  {'':26} to a consumer:       {_milliseconds(arrivals.consumed_ms[warm:])}")


def latency(server, folder, _rounds, _size_bytes):
    print(f"\nfrom write() on, {LINES_PER_S} lines a second for {LATENCY_S} s; a consumer sees a line after its acknowledgement and a fetch")
    live = {"message_timestamp_type": "LogAppendTime"}
    with server.topic("bench-latency", 1, **live) as topic:
        path = folder / "latency.log"
        path.touch()
        stream = {"name": "l", "include": [str(path)], "topic": topic}
        with start_run(server, folder, [stream], folder / "latency-state") as agent, path.open("ab", buffering=0) as file:
            arrivals = Arrivals(server, topic)
            file.write(_line_now(200))  # connections, the producer's id: the agent counts what they took as well
            while int(journal.stats(agent.port)["log.l.acked_records"]) != 1:
                time.sleep(0.1)
            before = agent.cpu()
            arrivals.wait(1 + _write_slowly(file.write))
            spent = agent.cpu() - before
            values = journal.stats(agent.port)
    _show_arrivals("tail", arrivals)
    found = [values.get(f"log.l.ack_{which}_us") for which in ("p50", "p99")]
    if None not in found:
        print(f"  {'':26} to its ack:          p50 {int(found[0]) / 1000:.2f} ms, p99 {int(found[1]) / 1000:.2f} ms (the agent's own count)")
    print(f"  {'':26} {spent / LATENCY_S * 100:.2f} % of a core")
    with server.topic("bench-latency", 1, **live) as topic:
        command = ["kcat", "-P", "-t", topic, "-b", server.brokers, "-X", "acks=all", "-X", "enable.idempotence=true", "-X", "linger.ms=0"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as producer:
            arrivals = Arrivals(server, topic)
            arrivals.wait(_write_slowly(producer.stdin.write, KCAT_READ_BYTES))
            producer.stdin.close()
    _show_arrivals("kcat -P linger.ms=0, a pipe", arrivals)


# --- the linger under load


def linger(server, folder, rounds, _size_bytes):
    """The same load with the agent's own linger and with a fixed one."""
    path = folder / "linger.log"
    count = tail_rig.write_lines(path, 5 * LINGER_BYTES_PER_S)
    costs = {"its own linger": [], "linger.ms=50": []}
    for number in range(rounds):
        for name, arguments in (("its own linger", ()), ("linger.ms=50", ("-X", "linger.ms=50"))):
            with server.topic("bench-linger") as topic:
                state = folder / f"linger-state-{number}-{len(arguments)}"
                limit = ("--rate-limit", str(LINGER_BYTES_PER_S))
                costs[name].append(tail_rig.cost(tail_rig.once(server, topic, "lz4", path, state, *limit, *arguments)).cpu_s)
    print(f"\nCPU for a million records at {LINGER_BYTES_PER_S / MB:.0f} MB/s in lines of 200 bytes, lz4, median of {rounds} rounds in turn")
    for name, values in costs.items():
        middle, low, high = measure.summary([value / count * 1e6 for value in values])
        print(f"  {name:20} {middle:.3f} s ({low:.3f} to {high:.3f})")
    ratio = statistics.median(own / fixed for own, fixed in zip(*costs.values()))
    print(f"  {'ratio':20} {ratio:.2f}")


# --- idle files


def idle(server, folder, _rounds, _size_bytes):
    logs = folder / "idle"
    for number in range(IDLE_FILES):
        path = logs / str(number % 100) / f"{number}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a line of %d\n" % number)
    with server.topic("bench-idle") as topic:
        began = time.monotonic()
        with start_tail(server, topic, folder / "idle-state", "--include", logs / "**/*.log") as tail:
            while server.records(topic) < IDLE_FILES:
                time.sleep(0.2)
                if time.monotonic() > began + 120:
                    raise SystemExit("the idle files do not come")
            took = time.monotonic() - began
            time.sleep(5)  # positions are saved, connections quiet
            before = tail.cpu()
            time.sleep(IDLE_S)
            share = (tail.cpu() - before) / IDLE_S
            resident, peak = tail.resident_bytes(), tail_rig.peak_bytes(tail.process.pid)
    print(f"\n{IDLE_FILES:,} idle files ({took:.1f} s to ship a line of each)")
    print(f"  CPU over {IDLE_S} s       {share * 100:.3f} % of a core")
    print(f"  resident            {resident / MIB:.1f} MiB, at the most {peak / MIB:.1f} MiB")


# --- sync while a tail runs flat out


def _syncs(port, is_over):
    waits = []
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = client.makefile()
        while not is_over(len(waits)):
            began = time.monotonic()
            client.sendall(f"mabs counter probe {int(time.time())} 1\nsync p\n".encode())
            if "durable=1" not in reader.readline():
                raise SystemExit("sync did not make it durable")
            waits.append((time.monotonic() - began) * 1000)
            time.sleep(0.002)
    return waits


def sync(server, folder, rounds, size_bytes):
    path = folder / "sync.log"
    tail_rig.write_lines(path, max(size_bytes, 100 * MB))
    with server.topic("bench-sync") as topic, server.topic("mabs"), server.topic("mabs.by_node"), server.topic("tsdb"), server.topic("mabs.agent", 1):
        quiet, loud, stretches = [], [], []
        for number in range(rounds):
            state = folder / f"sync-state-{number}"
            with start_run(server, folder, [], state) as agent:
                quiet += _syncs(agent.port, lambda count: count >= 300)
            stream = {"name": "s", "include": [str(path)], "topic": topic}
            with start_run(server, folder, [stream], state) as agent:
                began = time.monotonic()
                loud += _syncs(agent.port, lambda count: count % 20 == 0 and _is_shipped(agent.port, path))
                took = time.monotonic() - began
                values = journal.stats(agent.port)
                stretches.append(int(values["loop_longest_us"]) / 1000)
    size_mb = path.stat().st_size / MB
    print(f"\nsync on the line port, {len(loud)} of them while {size_mb:.0f} MB of lines are shipped ({size_mb / took:.0f} MB/s)")
    print(f"  flat out            {_milliseconds(loud)}; the loop's longest stretch {max(stretches):.1f} ms")
    print(f"  without a tail      {_milliseconds(quiet)}")


def _is_shipped(port, path):
    return int(journal.stats(port)["log.s.acked_bytes"]) >= path.stat().st_size
