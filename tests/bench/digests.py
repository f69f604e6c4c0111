"""Digests of about 100 centroids, from the Base64 text to merged, beside the reference library on the same payloads."""

import contextlib
import subprocess

import java_side
import measure

DIGEST_MERGE = measure.ROOT / "build" / "tests" / "bench" / "digest_merge"
PAYLOADS = 64
# series, digests a round
CASES = [(100, 200_000), (10_000, 200_000)]


class Worker:
    """A program that takes the payloads and then measures one round for each `go`."""

    def __init__(self, command, payloads):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(payloads)

    def round(self):
        """-> digests per CPU second."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


# By then every series has grown to its size, and the library is compiled.
WARM_UP_ROUNDS = 3

# How many digests the library gets in one list: one, as they arrive, or as many as come between two flushes.
LISTS = (1, 20)


def run(rounds):
    java = java_side.compiled()
    if java is None:
        raise SystemExit("the payloads come from the reference library")
    payloads = subprocess.run([*java, "MergeSpeed", "payloads", str(PAYLOADS)], capture_output=True, text=True, check=True).stdout
    size = len(payloads) // PAYLOADS
    print("digests per CPU second: median (worst to best) of", rounds, "rounds, run in turn;", size, "characters each")
    for series, digests in CASES:
        numbers = [str(series), str(digests)]
        with contextlib.ExitStack() as stack:
            workers = {"agent": stack.enter_context(Worker([str(DIGEST_MERGE), *numbers], payloads))}
            for size in LISTS:
                command = [*java, "MergeSpeed", "merge", *numbers, str(size)]
                workers[f"Java, lists of {size}"] = stack.enter_context(Worker(command, payloads))
            for worker in workers.values():
                for _ in range(WARM_UP_ROUNDS):
                    worker.round()
            rates = {name: [] for name in workers}
            for _ in range(rounds):
                for name, worker in workers.items():
                    rates[name].append(worker.round() / 1e3)
        print(f"\n{series:,} series")
        for name, values in rates.items():
            middle, low, high = measure.summary(values)
            ratio = measure.summary([ours / theirs for ours, theirs in zip(rates["agent"], values)])[0]
            print(f"  {name:18} {middle:7.1f} thousand ({low:.1f} to {high:.1f}); the agent makes {ratio:.1f} times as many")
