"""One Kafka record as a consumer gets it."""

import functools
import json


class Record:
    """key and value are bytes (or None), headers a tuple of (name, bytes) in their order."""

    def __init__(self, topic, partition, offset, timestamp_ms, headers, key, value):
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp_ms = timestamp_ms
        self.headers = headers
        self.key = key
        self.value = value
        self.java_digest = None

    @functools.cached_property
    def json(self):
        return json.loads(self.value)

    @functools.cached_property
    def _header_map(self):
        names = [name for name, _ in self.headers]
        assert len(names) == len(set(names)), f"a header stands twice: {self.headers}"
        return dict(self.headers)

    @property
    def run(self):
        return self._header_map["run"].decode()

    @property
    def seq(self):
        return int(self._header_map["seq"])

    @property
    def content(self):
        """What a record that is sent again must share with the first."""
        return (self.key, self.headers, self.value)

    def __repr__(self):
        return f"<{self.topic}[{self.partition}]@{self.offset} {self.headers} {self.key!r} {self.value!r}>"
