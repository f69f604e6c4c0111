"""Socket to merged: CPU seconds of the agent for counters and gauges beside a program that only reads and splits."""

import measure

AGENT = measure.ROOT / "build" / "metrics-agent"
LINE_SOURCE = measure.ROOT / "build" / "tests" / "bench" / "line_source"
SPLIT_ONLY = measure.ROOT / "build" / "tests" / "bench" / "split_only"

# name, lines, series, connections, bytes a write (0: one write a line)
CASES = [
    ("10,000 series, 64 KiB writes, 1 connection", 4_000_000, 10_000, 1, 65536),
    ("10,000 series, 64 KiB writes, 100 connections", 4_000_000, 10_000, 100, 65536),
    ("100,000 series, 64 KiB writes, 1 connection", 4_000_000, 100_000, 1, 65536),
    ("10,000 series, one write a line, 1 connection", 1_000_000, 10_000, 1, 0),
]


def start_agent():
    command = [AGENT, "run", "--listen", "127.0.0.1:0", "--stdout", "--no-state", "--flush-interval", "3600"]
    return measure.Server(command, r"ready listen=127\.0\.0\.1:(\d+)", "stderr")


def start_split_only():
    return measure.Server([SPLIT_ONLY], r"ready (\d+)", "stdout")


def source(server, case, lines=None):
    _, count, series, connections, block = case
    return [LINE_SOURCE, server.port, lines or count, series, connections, block]


def run(rounds):
    print("lines per CPU second of the process: median (worst to best) of", rounds, "rounds, run in turn")
    for case in CASES:
        agent_rates, split_rates, ratios = [], [], []
        with start_agent() as agent, start_split_only() as split:
            measure.spent(agent, source(agent, case, max(100_000, 10 * case[2])))  # every series is known
            for _ in range(rounds):
                split_cpu = measure.spent(split, source(split, case))
                agent_cpu = measure.spent(agent, source(agent, case))
                agent_rates.append(case[1] / agent_cpu / 1e6)
                split_rates.append(case[1] / split_cpu / 1e6)
                ratios.append(agent_cpu / split_cpu)
        print(f"\n{case[0]}")
        for name, values, unit in (("agent", agent_rates, "million"), ("read and split", split_rates, "million")):
            middle, low, high = measure.summary(values)
            print(f"  {name:16} {middle:7.2f} {unit} ({low:.2f} to {high:.2f})")
        middle, low, high = measure.summary(ratios)
        print(f"  {'agent / split':16} {middle:7.2f} times the CPU ({low:.2f} to {high:.2f})")
