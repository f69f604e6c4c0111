"""./dev bench tail [ROUNDS [MB]] [PART...]: log files to a real broker, acks=all, idempotent, beside `kcat -P -l` in the same run.

Parts: none, lz4, zstd (all three without a word: throughput), and latency, linger, idle, sync (tail_live.py); all.
"""

import statistics

import measure
import tail_live
import tail_rig
from tail_rig import MB, MIB

ROUNDS = 5
SIZE_MB = 400
CODECS = ("none", "lz4", "zstd")
LIVE = {"latency": tail_live.latency, "linger": tail_live.linger, "idle": tail_live.idle, "sync": tail_live.sync}
SAME = "kcat, our linger and batches"
DEFAULTS = "kcat, as it comes"

# name, file, arguments, whether a record is a line or a frame of the file
CASES = [
    ("lines of 200 B", "lines", (), True),
    ("  packed to 64 KiB", "lines", ("--pack-bytes", "65536"), False),
    ("frames of 200 B", "frames-200", ("--framing", "frames"), True),
    ("  packed to 64 KiB", "frames-200", ("--framing", "frames", "--pack-bytes", "65536"), False),
    ("frames of 2 KB", "frames-2000", ("--framing", "frames"), True),
    ("  packed to 64 KiB", "frames-2000", ("--framing", "frames", "--pack-bytes", "65536"), False),
]


def _files(folder, size_bytes):
    """-> {name: (path, records, bytes)}"""
    made = {}
    for name, write, width in (
        ("lines", tail_rig.write_lines, 200),
        ("frames-200", tail_rig.write_frames, 200),
        ("frames-2000", tail_rig.write_frames, 2000),
    ):
        path = folder / name
        made[name] = (path, write(path, size_bytes, width), path.stat().st_size)
    return made


class Series:
    """The costs of one case over the rounds."""

    def __init__(self, size_bytes):
        self.size_bytes = size_bytes
        self.costs = []

    def per_gb(self):
        return [cost.cpu_s / self.size_bytes * 1e9 for cost in self.costs]

    def row(self, name, references):
        cpu, low, high = measure.summary(self.per_gb())
        wall = statistics.median(self.size_bytes / MB / cost.wall_s for cost in self.costs)
        peak = max(cost.peak_bytes for cost in self.costs) / MIB
        ratios = "".join(f"{self._ratio(reference):9.2f}" for reference in references)
        print(f"  {name:30}{cpu:7.2f} ({low:.2f} to {high:.2f}){1000 / cpu:8.0f}{ratios}{wall:9.0f}{peak:8.1f}")

    def _ratio(self, reference):
        """Of each round by itself: the machine is another one from minute to minute."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.per_gb(), reference.per_gb()))


def _run_one(server, series, records, command_for):
    with server.topic("bench-tail") as topic:
        series.costs.append(tail_rig.cost(command_for(topic)))
        found = server.records(topic)
    if records is not None and found != records:
        raise SystemExit(f"{found} records in the topic, {records} are in the file")


def throughput(server, codec, rounds, files, folder):
    lines, count, size = files["lines"]
    kcats = {SAME: Series(size), DEFAULTS: Series(size)}
    ours = [Series(files[file][2]) for _, file, _, _ in CASES]
    for number in range(rounds):
        for name, properties in ((SAME, tail_rig.our_properties()), (DEFAULTS, ())):
            # A closure is called before the loop goes on. pylint: disable=cell-var-from-loop
            _run_one(server, kcats[name], count, lambda topic: tail_rig.kcat(server, topic, codec, lines, properties))
        for index, (series, (_, file, arguments, is_each)) in enumerate(zip(ours, CASES)):
            path, records, _ = files[file]
            state = folder / f"state-{codec}-{number}-{index}"
            _run_one(
                server,
                series,
                records if is_each else None,
                lambda topic: tail_rig.once(server, topic, codec, path, state, *arguments),
            )
    print(f"\n{codec}: {size / MB:.0f} MB, median of {rounds} rounds in turn; ratios of CPU: to kcat with our linger and batch size ")
    print(f"({', '.join(tail_rig.our_properties())}), and to kcat as it comes")
    print(f"  {'':30}{'CPU s per GB':>23}{'MB/CPU s':>8}{'ratio':>9}{'ratio':>9}{'MB/s':>9}{'MiB':>8}")
    references = list(kcats.values())
    for name, series in kcats.items():
        series.row(name, references)
    for (name, *_), series in zip(CASES, ours):
        series.row(name, references)


def run(words):
    numbers = [int(word) for word in words if word.isdigit()]
    parts = [word for word in words if not word.isdigit()]
    rounds = numbers[0] if numbers else ROUNDS
    size_bytes = (numbers[1] if len(numbers) > 1 else SIZE_MB) * MB
    unknown = set(parts) - {*CODECS, *LIVE, "all"}
    if unknown:
        raise SystemExit(f"no part {', '.join(unknown)}; there are: {', '.join([*CODECS, *LIVE])}, all")
    if not parts or "all" in parts:
        parts = [*CODECS, *(LIVE if "all" in parts else ())]
    with tail_rig.broker() as server, tail_rig.folder() as folder:
        codecs = [codec for codec in CODECS if codec in parts]
        if codecs:
            files = _files(folder, size_bytes)
        for codec in codecs:
            throughput(server, codec, rounds, files, folder)
        for name, part in LIVE.items():
            if name in parts:
                part(server, folder, rounds, size_bytes)
