"""What the journal costs: the agent with a state directory beside the same agent with --no-state, the bytes it writes,
how soon a full journal takes lines again, and what a slow disk does to `sync` and to the event loop."""

import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

import ingest
import measure

CASES = ingest.CASES
MIB = 1 << 20
FULL_JOURNAL_BYTES = 1 << 30
SLOW_SYNC_MS = 500


class StateDirectory:
    """A directory of its own beside the build, on the disk that the build is on."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="bench-state-", dir=measure.ROOT / "build"))
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def start(*options, wrapper=()):
    command = [*wrapper, ingest.AGENT, "run", "--listen", "127.0.0.1:0", *options]
    return measure.Server(command, r"ready listen=127\.0\.0\.1:(\d+)", "stderr")


def ask(port, text, end=b"\n"):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(text.encode())
        answer = b""
        while not answer.endswith(end):
            more = client.recv(65536)
            if not more:
                break
            answer += more
    return answer.decode()


def stats(port):
    lines = ask(port, "stats\n", b"end\n").splitlines()
    return dict(line.split(" ", 1) for line in lines if " " in line)


def cost(rounds):
    print(f"CPU seconds for the same lines, with a state directory / --no-state: median (best to worst) of {rounds} rounds, in turn")
    usual = ("--stdout", "--flush-interval", "3600")
    for case in CASES:
        ratios, rates, written = [], [], []
        with StateDirectory() as state, start(*usual, "--state-dir", state) as kept, start(*usual, "--no-state") as free:
            for agent in (kept, free):
                measure.spent(agent, ingest.source(agent, case, max(100_000, 10 * case[2])))  # every series is known
            for _ in range(rounds):
                before = int(stats(kept.port)["journal_written_bytes"])
                kept_cpu = measure.spent(kept, ingest.source(kept, case))
                free_cpu = measure.spent(free, ingest.source(free, case))
                written.append((int(stats(kept.port)["journal_written_bytes"]) - before) / case[1])
                ratios.append(kept_cpu / free_cpu)
                rates.append(case[1] / kept_cpu / 1e6)
        middle, low, high = measure.summary(ratios)
        print(f"\n{case[0]}")
        print(f"  with / without     {middle:7.3f} times the CPU ({low:.3f} to {high:.3f})")
        print(f"  with               {statistics.median(rates):7.2f} million lines per CPU second")
        print(f"  written            {statistics.median(written):7.2f} MB per million lines")


def points(count, width):
    now = int(time.time())
    for begin in range(0, count, 500):
        yield "".join(f"put bench.points {now} {number} pad={'x' * width}\n" for number in range(begin, begin + 500)).encode()


def recovery():
    with StateDirectory() as state:
        options = ("--brokers", "127.0.0.1:1", "--state-dir", state, "--flush-interval", "3600")
        with start(*options) as agent:
            normal = agent.resident_bytes()
            with socket.create_connection(("127.0.0.1", agent.port)) as client:
                for block in points(FULL_JOURNAL_BYTES // 1650, 700):
                    client.sendall(block)
                client.sendall(b"sync x\n")
                client.makefile().readline()
            subprocess.run([str(word) for word in ingest.source(agent, CASES[2], 1_000_000)], check=True, stdout=subprocess.DEVNULL)
            ask(agent.port, "sync y\n")
            size = int(stats(agent.port)["journal_bytes"])
        began = time.monotonic()
        with start(*options) as agent:
            ready = time.monotonic() - began
            answer = ask(agent.port, f"mabs counter a {int(time.time())} 1\nsync z\n")
            taken = time.monotonic() - began
            assert "durable=1" in answer, answer
            most = 0
            for _ in range(30):
                most = max(most, agent.resident_bytes())
                time.sleep(0.1)
        with start("--no-state", "--stdout", "--flush-interval", "3600") as agent:
            subprocess.run([str(word) for word in ingest.source(agent, CASES[2], 1_000_000)], check=True, stdout=subprocess.DEVNULL)
            usual = agent.resident_bytes()
    print(f"\na journal of {size / MIB:.0f} MiB, {CASES[2][2]:,} open buckets among it, the broker away")
    print(f"  ready after        {ready * 1000:7.0f} ms; a line sent at once is durable after {taken * 1000:.0f} ms")
    print(f"  resident           {most / MIB:7.1f} MiB at the most; {normal / MIB:.1f} MiB when idle, {usual / MIB:.1f} MiB with as many series and no journal")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def slow_disk():
    if shutil.which("strace") is None:
        print("\na slow disk: not measured, there is no strace")
        return
    print(f"\nfdatasync takes {SLOW_SYNC_MS} ms (--fsync interval), 100,000 series sent to meanwhile")
    wrapper = ("strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={SLOW_SYNC_MS * 1000}")
    with StateDirectory() as state, start("--stdout", "--state-dir", state, "--flush-interval", "2", wrapper=wrapper) as agent:
        load = [ingest.LINE_SOURCE, agent.port, 2_000_000, 100_000, 4, 65536]
        sender = threading.Thread(target=lambda: [subprocess.run([str(word) for word in load], check=True, stdout=subprocess.DEVNULL) for _ in range(4)])
        sender.start()
        waits = []
        with socket.create_connection(("127.0.0.1", agent.port)) as client:
            reader = client.makefile()
            while sender.is_alive():
                began = time.monotonic()
                client.sendall(f"mabs counter probe {int(time.time())} 1\nsync p\n".encode())
                assert "durable=1" in reader.readline()
                waits.append((time.monotonic() - began) * 1000)
                time.sleep(0.005)
        sender.join()
        values = stats(agent.port)
    stretches = int(values["loop_stretches"])
    long = int(values["loop_stretches_over_20_ms"])
    print(f"  sync               {percentile(waits, 0.5):7.1f} ms p50, {percentile(waits, 0.99):.1f} ms p99 of {len(waits)}")
    print(f"  loop stretches     {long:7} of {stretches} over 20 ms, the longest {int(values['loop_longest_us']) / 1000:.1f} ms ({int(values['loop_longest_cpu_us']) / 1000:.1f} ms of CPU)")


def run(rounds):
    cost(rounds)
    recovery()
    slow_disk()
