"""A real Apache Kafka: one KRaft node on loopback, started and stopped by the tests."""

import base64
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

from . import needs, processes
from .java import JVM_FLAGS
from .ports import PortLease
from .record import Record

# Of the one user that the SASL_SSL listener knows; the broker of a test, on loopback.
MECHANISM = "SCRAM-SHA-256"
USER = "agent"
PASSWORD = "of-a-test"
_START_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 60
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_SSL://127.0.0.1:{secure_port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
sasl.enabled.mechanisms={mechanism}
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={folder}/data
auto.create.topics.enable=false
num.partitions=3
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.hours=-1
log.cleaner.dedupe.buffer.size=2097152
num.network.threads=2
num.io.threads=4
controller.quorum.election.timeout.ms=200
controller.quorum.election.backoff.max.ms=200
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""


class RealKafka:
    """One broker with its own folder and ports. `tool` is the JavaTool, `build` the folder of java.build()."""

    def __init__(self, build, tool):
        needs.tool("kcat")
        self._classpath = (build / "broker.classpath").read_text().strip()
        self._tool = tool
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="metrics-agent-kafka-"))
        self._leases = [PortLease() for _ in range(3)]
        self._process = None
        self._paused = False
        self._config = self._folder / "server.properties"
        port, controller_port, secure_port = (lease.port for lease in self._leases)
        self.brokers = f"127.0.0.1:{port}"
        self.secure_brokers = f"127.0.0.1:{secure_port}"
        self.certificate = str(self._folder / "certificate.pem")
        self.port = port
        self._config.write_text(
            _PROPERTIES.format(
                port=port, controller_port=controller_port, secure_port=secure_port, folder=self._folder, mechanism=MECHANISM
            ),
            encoding="ascii",
        )
        self._make_certificate()
        self._format()

    # --- life

    def _java(self, main, *arguments):
        return [
            "java",
            *JVM_FLAGS,
            "-Xmx512m",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            self._classpath,
            main,
            *arguments,
        ]

    def _make_certificate(self):
        """Self-signed, for 127.0.0.1; the broker wants key and certificate in one file."""
        key = self._folder / "key.pem"
        command = [needs.tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", self.certificate]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        pem = key.read_bytes() + pathlib.Path(self.certificate).read_bytes()
        (self._folder / "broker.pem").write_bytes(pem)

    def _format(self):
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if cluster.startswith("-"):
            cluster = "A" + cluster[1:]  # or the option parser takes it for an option
        command = self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._config), "--standalone")
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"formatting Kafka's storage failed:\n{result.stdout}{result.stderr}")

    def start(self):
        """Starts and waits until metadata requests are answered."""
        assert self._process is None, "the broker runs already"
        with open(self._folder / "log", "ab") as log:
            self._process = processes.start(
                self._java("kafka.Kafka", str(self._config)),
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env={**os.environ, "TZ": "UTC"},
            )
        self._wait_ready()

    def _wait_ready(self):
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"Kafka ended with {self._process.returncode}:\n{self.log_tail()}")
            if self._answers_connect() and self._answers_metadata():
                return
            time.sleep(0.02)
        raise RuntimeError(f"Kafka did not get ready in {_START_TIMEOUT_S} s:\n{self.log_tail()}")

    def _answers_connect(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def _answers_metadata(self):
        result = subprocess.run(["kcat", "-L", "-b", self.brokers, "-m", "2"], capture_output=True, text=True, check=False)
        return result.returncode == 0 and " 1 brokers:" in result.stdout

    def is_running(self):
        return self._process is not None and self._process.poll() is None and not self._paused

    def ensure_running(self):
        """Brings back what a test before has left stopped, killed or paused."""
        if self._paused:
            self.resume()
            self._wait_ready()
        if self._process is not None and self._process.poll() is not None:
            self._process = None
        if self._process is None:
            self.start()

    def stop(self):
        """As an operator does: SIGTERM, and wait for the end."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=_STOP_TIMEOUT_S)
        processes.kill_group(self._process)
        self._process = None

    def kill(self):
        """kill -9."""
        processes.kill_group(self._process)
        self._process = None

    def pause(self):
        """Connected, silent: the outage that closes no socket."""
        self._process.send_signal(signal.SIGSTOP)
        self._paused = True

    def resume(self):
        self._process.send_signal(signal.SIGCONT)
        self._paused = False

    def close(self):
        if self._process is not None:
            self.kill()
        for lease in self._leases:
            lease.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def log_tail(self, size_bytes=4000):
        try:
            return (self._folder / "log").read_bytes()[-size_bytes:].decode(errors="replace")
        except OSError:
            return ""

    def create_user(self):
        """The one that secure_properties() names; once for each broker."""
        self._tool.call("user", brokers=self.brokers, name=USER, password=PASSWORD)

    def secure_properties(self, password=PASSWORD):
        """The librdkafka properties that a client of secure_brokers needs."""
        return {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": self.certificate,
            "sasl.mechanism": MECHANISM,
            "sasl.username": USER,
            "sasl.password": password,
        }

    # --- topics

    def create_topic(self, topic, partitions=3, **configs):
        """Keywords are topic settings with _ for the dots and dashes: max_message_bytes=2000."""
        named = {name.replace("_", "."): str(value) for name, value in configs.items()}
        self._tool.call("create", brokers=self.brokers, topic=topic, partitions=partitions, configs=named)

    def create_topics(self, prefix, partitions=3, names=("mabs", "mabs.by_node", "tsdb", "mabs.agent")):
        for name in names:
            self.create_topic(prefix + name, partitions)

    def delete_topic(self, topic):
        self._tool.call("delete", brokers=self.brokers, topic=topic)

    def topic_exists(self, topic):
        return self._tool.call("describe", brokers=self.brokers, topic=topic)[0]["exists"]

    def forbid_writes(self, topic):
        self._tool.call("forbid", brokers=self.brokers, topic=topic)

    def permit_writes(self, topic):
        self._tool.call("permit", brokers=self.brokers, topic=topic)

    def java_read(self, topic, timeout_s=60):
        """The topic as a JVM consumer sees it -> Records whose `java_digest` holds the reference library's view."""
        _, items = self._tool.call("consume", brokers=self.brokers, topic=topic, timeout_ms=int(timeout_s * 1000))
        return [_record(item) for item in items]

    def java_merge(self, topic, quantiles):
        """All histograms of a topic merged by the reference library -> {key: facts}."""
        _, items = self._tool.call("merge", brokers=self.brokers, topic=topic, quantiles=list(quantiles))
        return {item["key"]: item for item in items}


def _record(item):
    def raw(text):
        return None if text is None else base64.b64decode(text)

    record = Record(
        topic=item["topic"],
        partition=item["partition"],
        offset=item["offset"],
        timestamp_ms=item["timestamp_ms"],
        headers=tuple((name, raw(value)) for name, value in item["headers"]),
        key=raw(item["key"]),
        value=raw(item["value"]),
    )
    record.java_digest = item.get("digest")
    return record
