"""What every test of the tailer against Kafka has: a folder of logs, positions, a topic; and the check in the end."""

from .log_check import Shipped, read_log
from .log_reader import LogReader
from .log_writer import Generation
from .tailer import Tailer


class TailCase:
    """One topic with one partition, so that the order shows; `logs` is watched by default for *.log."""

    def __init__(self, kafka, prefix, folder):
        self.kafka = kafka
        self.prefix = prefix
        self.topic = prefix + "log"
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.state = folder / "state"
        self._generations = []
        kafka.create_topic(self.topic, 1)
        kafka.create_topic(prefix + "mabs.agent", 1)

    def put(self, name, data, label=None, **options):
        """A file of which all must come (or what Generation's options say) -> its path."""
        path = self.logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.expect(label or name, data, **options)
        return path

    def expect(self, label, data, **options):
        self._generations.append(Generation(label, data, **options))

    def append(self, label, data):
        """To what is expected of a file."""
        next(one for one in self._generations if one.label == label).data.extend(data)

    def tail(self, *arguments, include=None, **options):
        include = [self.logs / "*.log"] if include is None else include
        return Tailer(*arguments, kafka=self.kafka, topic=self.topic, state=self.state, include=include, prefix=self.prefix, **options)

    def reader(self):
        return LogReader(self.kafka.brokers, self.topic)

    def expected_bytes(self):
        return sum(one.must - one.first - sum(end - begin for begin, end in one.gaps) for one in self._generations)

    def run(self, *arguments, timeout_s=30, **options):
        """Tails until all that is expected has come, ends it, and checks -> the records."""
        with self.tail(*arguments, **options) as tail, self.reader() as reader:
            reader.wait_bytes(self.expected_bytes(), timeout_s)
            tail.terminate()
        return self.check()

    def check(self, *files, framing="lines"):
        """All of what was put and of the LogFiles is there, once -> {label: its records}."""
        shipped = Shipped(read_log(self.kafka.brokers, self.topic))
        generations = self._generations + [one for file in files for one in file.generations]
        uids = shipped.check(generations, framing)
        return {label: shipped.files[uid].records for label, uid in uids.items()}
