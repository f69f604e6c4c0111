#!/usr/bin/python3
"""./dev bench [NAME] [ROUNDS]: without a name, all benches but tail, which needs Java and Kafka. Nothing here passes or
fails; docs/performance.md has the figures that were written down."""

import importlib
import sys

NAMES = ["ingest", "digests", "accuracy", "stalls", "memory", "flush", "journal"]
WITH_WORDS = ["tail"]  # run(words): more to say than a number of rounds


def main():
    if sys.argv[1:2] and sys.argv[1] in WITH_WORDS:
        importlib.import_module(sys.argv[1]).run(sys.argv[2:])
        return
    names = sys.argv[1:2] or NAMES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    for name in names:
        if name not in NAMES:
            raise SystemExit(f"no bench {name}; there are: {', '.join(NAMES + WITH_WORDS)}")
        print(f"== {name}")
        importlib.import_module(name).run(rounds)


if __name__ == "__main__":
    main()
