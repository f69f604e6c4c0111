"""A flush of 100,000 counter series to finished records in the outbox: CPU of all, and of the longest slice."""

import subprocess

import measure

FLUSH_BENCH = measure.ROOT / "build" / "tests" / "bench" / "flush_bench"
SERIES = 100_000


def run(rounds):
    command = [FLUSH_BENCH, SERIES, rounds + 1]  # the first one also makes the outbox's first pages
    text = subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout.decode()
    rows = [[float(word) for word in line.split()] for line in text.splitlines()][1:]
    print(f"flush of {SERIES:,} counter series of 4 tags to records: CPU ms, median (best to worst) of {rounds} rounds")
    for name, column, goal in (("all of it", 0, "goal 100"), ("the longest slice", 1, "goal 10")):
        middle, low, high = measure.summary([row[column] for row in rows])
        print(f"  {name:18} {middle:7.2f} ({low:.2f} to {high:.2f})   {goal}")
    print(f"  slices             {rows[0][2]:.0f}, records of {rows[0][3] / SERIES:.0f} bytes with their slots")
