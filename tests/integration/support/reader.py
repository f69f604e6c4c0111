"""The reference reader (tests/consumer), run as a consumer runs it, and input for it."""

import json
import pathlib
import subprocess
import sys

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "consumer" / "reference_reader.py"
RUN = "9b2c7e0e-7c0d-4f0e-9d52-1d2f0a1b7c11"


class Answer:
    """What the reader said of its input."""

    def __init__(self, result):
        self.code = result.returncode
        self.errors = result.stderr.decode()
        self.items = [json.loads(line) for line in result.stdout.decode().splitlines()]

    def of_type(self, kind):
        return [item for item in self.items if item["type"] == kind]

    def one(self, kind):
        (item,) = self.of_type(kind)
        return item

    def runs(self):
        return {(item["topic"], item["run"]): item for item in self.of_type("run")}


def read(data, *options):
    """data: the bytes or lines of `kcat -J` -> Answer."""
    if not isinstance(data, bytes):
        data = "".join(line + "\n" for line in data).encode()
    result = subprocess.run([sys.executable, str(PROGRAM), *options], input=data, capture_output=True, timeout=120, check=False)
    return Answer(result)


def kcat_line(value, seq, run=RUN, topic="mabs", **changed):
    """A record as `kcat -J` writes it. `changed` replaces what stands beside the value."""
    key = value.get("metric", "host-a") if isinstance(value, dict) else "m"
    fields = {
        "topic": topic,
        "partition": 0,
        "offset": seq,
        "tstype": "create",
        "ts": 1763750410000 + seq,
        "broker": 1,
        "headers": ["run", run, "seq", str(seq)],
        "key": key,
        "payload": json.dumps(value, separators=(",", ":")),
    }
    return json.dumps({**fields, **changed})
