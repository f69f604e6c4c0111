"""Resident memory of the agent beside its goals: connected to a broker, one bucket open, nothing by_node."""

import random
import re
import socket
import subprocess
import time

import measure

AGENT = measure.ROOT / "build" / "metrics-agent"
SERIES = 100_000
MB = 1_000_000


def start(*options):
    command = [AGENT, "run", "--listen", "127.0.0.1:0", "--no-state", "--flush-interval", "3600", *options]
    return measure.Server(command, r"ready listen=127\.0\.0\.1:(\d+) brokers=\S*", "stderr")


def start_broker():
    """The mock cluster inside another agent; the port is the broker's."""
    command = [AGENT, "run", "--listen", "127.0.0.1:0", "--embedded-broker"]
    return measure.Server(command, r"ready listen=\S+ brokers=127\.0\.0\.1:(\d+)", "stderr")


def digest_of_100_centroids():
    generator = random.Random(4)
    for values in range(1000, 100_000, 1000):
        numbers = "\n".join(repr(generator.random()) for _ in range(values))
        text = subprocess.run([AGENT, "digest", "encode"], input=numbers.encode(), capture_output=True, check=True).stdout
        shown = subprocess.run([AGENT, "digest", "show", "--json"], input=text, capture_output=True, check=True).stdout
        centroids = int(re.search(rb'"centroids": ?(\d+)', shown).group(1))
        if centroids >= 100:
            return text.decode().strip(), centroids
    return text.decode().strip(), centroids


def ask(port, lines):
    """Sends the lines and waits until they are taken."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        block = []
        for line in lines:
            block.append(line)
            if len(block) == 500:
                client.sendall("".join(block).encode())
                block.clear()
        client.sendall("".join([*block, "sync done\n"]).encode())
        answer = b""
        while not answer.endswith(b"\n"):
            answer += client.recv(4096)
        assert b" rejected=0 " in answer, answer


def tags(number):
    return f"service=checkout host_group=web-{number % 16:02d} status={200 + number % 5} path=/api/v1/{number % 9973:04d}"


def counters_and_gauges():
    now = int(time.time())
    for number in range(SERIES):
        kind = "gauge" if number % 2 else "counter"
        yield f"mabs {kind} http.server.requests.{number // 16:05d} {now} 1 {tags(number)}\n"


def digests(text):
    now = int(time.time())
    for number in range(SERIES):
        yield f"mabs histogram http.server.latency.{number // 16:05d} {now} {text} {tags(number)}\n"


def measured(broker, lines):
    with start("--brokers", broker) as agent:
        time.sleep(2)  # connected, with metadata
        ask(agent.port, lines)
        return agent.resident_bytes()


def run(_rounds):
    text, centroids = digest_of_100_centroids()
    with start_broker() as server:
        broker = f"127.0.0.1:{server.port}"
        rows = [
            ("idle and connected", 12, measured(broker, [])),
            ("100,000 counter and gauge series of 4 tags", 60, measured(broker, counters_and_gauges())),
            (f"100,000 series with a digest of {centroids} centroids", 280, measured(broker, digests(text))),
        ]
    print(f"{'resident memory':52} {'MB':>7} {'goal':>6}")
    for name, goal, size in rows:
        print(f"{name:52} {size / MB:7.1f} {goal:6}")
