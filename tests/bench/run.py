#!/usr/bin/python3
"""./dev bench [NAME] [ROUNDS]: without a name, all benches. Nothing here passes or fails; docs/performance.md has the
figures that were written down."""

import importlib
import sys

NAMES = ["ingest", "digests", "accuracy", "stalls", "memory", "flush", "journal"]


def main():
    names = sys.argv[1:2] or NAMES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    for name in names:
        if name not in NAMES:
            raise SystemExit(f"no bench {name}; there are: {', '.join(NAMES)}")
        print(f"== {name}")
        importlib.import_module(name).run(rounds)


if __name__ == "__main__":
    main()
