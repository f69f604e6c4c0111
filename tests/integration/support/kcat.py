"""Topics read with kcat: an independent client in C, as a person would use it."""

import subprocess

from . import needs
from .record import Record

# Lengths first, so that any bytes in keys and values are read back as they are.
_FORMAT = "%p %o %T %K %S\\n%h\\n%k%s\\n"


def read_topic(brokers, topic, timeout_s=120, properties=()):
    """Every record from the beginning to the end that the topic has now, ordered by partition and offset."""
    needs.tool("kcat")
    command = ["kcat", "-C", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-q", "-u", "-f", _FORMAT]
    command += ["-X", "fetch.wait.max.ms=20", "-X", "check.crcs=true", "-X", "topic.metadata.refresh.fast.interval.ms=50"]
    for name_value in properties:
        command += ["-X", name_value]
    result = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False)
    assert result.returncode == 0, f"kcat {topic}: {result.stderr.decode(errors='replace')}"
    records = parse(topic, result.stdout)
    records.sort(key=lambda record: (record.partition, record.offset))
    return records


def parse(topic, text):
    records = []
    at = 0
    while at < len(text):
        end = text.index(b"\n", at)
        partition, offset, timestamp_ms, key_size, value_size = (int(field) for field in text[at:end].split(b" "))
        at = end + 1
        end = text.index(b"\n", at)
        headers = _headers(text[at:end])
        at = end + 1
        key = None
        if key_size >= 0:
            key = text[at : at + key_size]
            at += key_size
        value = None
        if value_size >= 0:
            value = text[at : at + value_size]
            at += value_size
        assert text[at : at + 1] == b"\n", f"kcat's output broke at byte {at}"
        at += 1
        records.append(Record(topic, partition, offset, timestamp_ms, headers, key, value))
    return records


def _headers(line):
    if not line:
        return ()
    pairs = (pair.partition(b"=") for pair in line.split(b","))
    return tuple((name.decode(), value) for name, _, value in pairs)


def produce(brokers, topic, records):
    """records: (key, value, [(name, value)]) of plain text, in order; one kcat each, so for a handful only."""
    needs.tool("kcat")
    for key, value, headers in records:
        command = ["kcat", "-P", "-b", brokers, "-t", topic, "-k", key, "-X", "partitioner=murmur2_random"]
        for name, text in headers:
            command += ["-H", f"{name}={text}"]
        subprocess.run([*command, "-D", "\\x01"], input=value, check=True, timeout=60, capture_output=True)


def metadata(brokers):
    """kcat -L as text."""
    needs.tool("kcat")
    result = subprocess.run(["kcat", "-L", "-b", brokers, "-m", "10"], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
