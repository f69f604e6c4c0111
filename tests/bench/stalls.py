"""How long the event loop is busy at a stretch, as `stats` tells it: 100,000 series while they are made, while they are
sent to over 100 connections, and while they are flushed each second. Goal: never longer than 10 ms.

The wall's clock also sees when other programs had the processor: `waited` says for how long the loop's thread was ready
to run and did not, and `cpu` is what it had itself within its longest stretch."""

import pathlib
import socket
import subprocess

import measure

AGENT = measure.ROOT / "build" / "metrics-agent"
LINE_SOURCE = measure.ROOT / "build" / "tests" / "bench" / "line_source"
BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100)

# name, lines, series, connections, bytes a write (0: one write a line)
STEPS = [
    ("100,000 new series", 400_000, 100_000, 1, 65536),
    ("1 connection, 64 KiB writes", 4_000_000, 100_000, 1, 65536),
    ("100 connections, 64 KiB writes", 4_000_000, 100_000, 100, 65536),
    ("100 connections, one write a line", 500_000, 100_000, 100, 0),
]


def stats(port):
    values = {}
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"stats\nquit\n")
        for line in client.makefile():
            name, _, value = line.strip().partition(" ")
            values[name] = int(value) if value.isdigit() else value
    return values


def waited_s(pid):
    """Of the main thread: ready to run, but not running."""
    return int((pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat")).read_text().split()[1]) / 1e9


def run(_rounds):
    print("stretches of work of the event loop; each line is an agent of its own, flushing each second")
    print(f"{'load':36} {'stretches':>10}" + "".join(f"{f'>{bound} ms':>9}" for bound in BOUNDS_MS) + "  longest ms   cpu ms  waited s")
    for output in ("--stdout", "--embedded-broker"):
        for step in STEPS:
            show(output, step)


def show(output, step):
    name, lines, series, connections, block = step
    command = [AGENT, "run", "--listen", "127.0.0.1:0", output, "--no-state", "--flush-interval", "1"]
    with measure.Server(command, r"ready listen=127\.0\.0\.1:(\d+)", "stderr") as agent:
        load = [LINE_SOURCE, agent.port, lines, series, connections, block]
        subprocess.run([str(word) for word in load], check=True, stdout=subprocess.DEVNULL)
        values = stats(agent.port)
        counts = "".join(f"{values[f'loop_stretches_over_{bound}_ms']:9}" for bound in BOUNDS_MS)
        longest, cpu = values["loop_longest_us"] / 1000, values["loop_longest_cpu_us"] / 1000
        print(f"{name + ' ' + output[2:8]:36} {values['loop_stretches']:10}{counts}{longest:12.1f}{cpu:9.1f}{waited_s(agent.process.pid):10.1f}")
