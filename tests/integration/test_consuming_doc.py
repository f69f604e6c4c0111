"""docs/consuming.md does what it says: its commands are run as they stand, but for ports and the path of the program."""

import json
import pathlib
import re
import statistics
import subprocess
import sys

import pytest
from support import needs, processes, tdigest
from support.agent import binary
from support.client import Client
from support.ports import PortLease
from support.wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
_TIMEOUT_S = 120


def _blocks(language):
    text = (ROOT / "docs" / "consuming.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Shell:
    """One shell to which blocks are pasted one after the other, as a reader of the page does."""

    def __init__(self):
        self._shell = processes.start(["sh"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr)

    def paste(self, text):
        """-> what it wrote."""
        self._shell.stdin.write(f"{text}\necho end-of-block $?\n".encode())
        self._shell.stdin.flush()
        lines = []
        for line in self._shell.stdout:
            if line.startswith(b"end-of-block "):
                assert line == b"end-of-block 0\n", (text, lines)
                return b"".join(lines).decode()
            lines.append(line)
        raise AssertionError(f"the shell ended within\n{text}\nafter {lines}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        processes.kill_group(self._shell)
        self._shell.stdin.close()
        self._shell.stdout.close()


@pytest.fixture
def leases():
    found = [PortLease(), PortLease()]
    yield found
    for lease in found:
        lease.close()


def _waiting_lines(lease):
    with Client.tcp("127.0.0.1", lease.port) as client:
        stats = client.stats()
    return sum(value for name, value in stats.items() if name.endswith(".pending_lines"))


@pytest.mark.quick
def test_the_example_gives_what_it_says(kcat, leases):
    assert kcat
    needs.tool("nc")
    blocks = _blocks("sh")
    assert len(blocks) == 5
    for old, new in [("18126", leases[0].port), ("18127", leases[1].port), ("build/metrics-agent", binary())]:
        assert any(old in block for block in blocks)
        blocks = [block.replace(old, str(new)) for block in blocks]
    start, send, read, merge, stop = blocks
    with Shell() as shell:
        shell.paste(start)
        assert "sleep 3\n" in send
        shell.paste(send.replace("sleep 3\n", ""))
        wait_until(lambda: not any(map(_waiting_lines, leases)), _TIMEOUT_S, "both hosts have delivered")
        items = [json.loads(line) for line in shell.paste(read).splitlines()]
        shown = shell.paste(merge)
        shell.paste(stop + "wait $host_a && wait $host_b")
    _check_items(items)
    quantiles = {float(q): float(value) for q, value in re.findall(r"^quantile (\S+) +(\S+)$", shown, re.MULTILINE)}
    assert re.search(r"^count +1000$", shown, re.MULTILINE), "what came twice was counted once"
    _check_fleet(quantiles)


def _check_items(items):
    by_key = {(item["topic"], item["key"]): item for item in items if item["type"] != "run"}
    service, node_a, node_b = "ms{service=pins}", "ms{service=pins,node=a}", "ms{service=pins,node=b}"
    assert set(by_key) == {
        ("mabs", service),
        ("mabs", "requests{service=pins}"),
        ("mabs.by_node", node_a),
        ("mabs.by_node", node_b),
    }
    assert by_key["mabs", "requests{service=pins}"]["value"] == 1000
    fleet = by_key["mabs", service]
    assert (fleet["min"], fleet["max"], fleet["count"], fleet["sum"]) == (1, 2200, 1000, 320400 + 420100)
    _check_fleet({float(q): value for q, value in fleet["quantiles"].items()})
    for key, values in ((node_a, range(1, 801)), (node_b, range(2001, 2201))):
        item = by_key["mabs.by_node", key]
        assert (item["count"], item["min"], item["max"]) == (len(values), values[0], values[-1])
    nodes = [by_key["mabs.by_node", key]["quantiles"]["0.9"] for key in (node_a, node_b)]
    assert abs(statistics.mean(nodes) - 1451) < 20, "what the page says of the mean of the hosts' percentiles"
    runs = [item for item in items if item["type"] == "run"]
    assert len(runs) == 4 and all(item["missing"] == 0 for item in runs)
    assert all(item["duplicates"] == (item["records"] if item["topic"] == "mabs" else 0) for item in runs)


def _check_fleet(quantiles):
    values = [float(value) for value in (*range(1, 801), *range(2001, 2201))]
    assert set(quantiles) == {0.5, 0.9, 0.99}
    for q, found in quantiles.items():
        assert tdigest.rank_error(values, q, found) < tdigest.rank_tolerance(q), (q, found)


@pytest.mark.kafka  # Java comes with the broker's tests
def test_the_java_program_reads_a_fleet(java_build, tmp_path):
    (program,) = _blocks("java")
    (tmp_path / "Fleet.java").write_text(program, encoding="utf-8")
    classpath = (java_build / "tool.classpath").read_text().strip()
    hosts = [[float(value) for value in range(1, 801)], [float(value) for value in range(2001, 2201)], []]
    lines = "".join(tdigest.text(tdigest.verbose(tdigest.of_values(values, group=8))) + "\n" for values in hosts)
    for data, count in ((lines, 3), (lines.splitlines()[2] + "\n", 0), ("", 0)):
        result = subprocess.run(
            ["java", "-cp", classpath, str(tmp_path / "Fleet.java"), "0.5", "0.9", "0.99"],
            input=data.encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        assert result.returncode == 0, result.stderr.decode()
        found = dict(line.split(" ") for line in result.stdout.decode().splitlines())
        assert len(found) == count
        if found:
            _check_fleet({float(q): float(value) for q, value in found.items()})
