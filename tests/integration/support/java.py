"""The Java side: class paths from Maven (made once, kept in the user's cache) and the long-running helper tool."""

import base64
import fcntl
import hashlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import threading

from . import needs, processes

_SOURCES = pathlib.Path(__file__).resolve().parent.parent / "java"
_MAVEN_TIMEOUT_S = 600
_ANSWER_TIMEOUT_S = 120
# Small, quick to start, and one compiler: a test broker lives for minutes beside the load on two cores.
JVM_FLAGS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Djava.awt.headless=true"]


def _cache_root():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(pathlib.Path.home(), ".cache")
    return pathlib.Path(base) / "metrics-agent" / "java"


def _fingerprint():
    digest = hashlib.sha256()
    for path in sorted(_SOURCES.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(_SOURCES)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _is_whole(folder):
    """A cached build is good while all that its class paths name is still there (somebody may have cleaned ~/.m2)."""
    if not (folder / "done").is_file():
        return False
    for name in ("broker.classpath", "tool.classpath"):
        if not all(os.path.exists(entry) for entry in (folder / name).read_text().strip().split(":")):
            return False
    return (folder / "tool" / "classes").is_dir()


def build():
    """-> the folder with broker.classpath, tool.classpath and tool/classes. About 8 s and 45 MB the first time."""
    needs.java17()
    root = _cache_root()
    root.mkdir(parents=True, exist_ok=True)
    folder = root / _fingerprint()
    with open(root / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_whole(folder):
            return folder
        for old in root.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
        command = ["mvn", "-B", "-q", "-f", str(_SOURCES / "pom.xml"), f"-Dbuild.root={folder}", "compile"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_TIMEOUT_S, check=False)
        if result.returncode != 0:
            needs.unavailable(f"Maven could not make the Java part of the tests:\n{(result.stdout + result.stderr)[-3000:]}")
        (folder / "done").touch()
        return folder


class ToolError(Exception):
    """The Java tool's own error, as it says it."""


class JavaTool:
    """The helper of tests/integration/java/tool: one process for the whole run, one request at a time."""

    def __init__(self, folder):
        classpath = f"{folder / 'tool' / 'classes'}:{(folder / 'tool.classpath').read_text().strip()}"
        self._process = processes.start(
            ["java", *JVM_FLAGS, "-Xmx512m", "-cp", classpath, "metricsagent.Tool"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def call(self, command, **arguments):
        """-> (the answer, the list of items)."""
        request = json.dumps({"command": command, **arguments}).encode() + b"\n"
        self._process.stdin.write(request)
        self._process.stdin.flush()
        items = []
        while True:
            line = self._lines.get(timeout=_ANSWER_TIMEOUT_S)
            if line is None:
                raise ToolError("the Java tool ended")
            answer = json.loads(line)
            if "item" in answer:
                items.append(answer["item"])
            elif "error" in answer:
                raise ToolError(f"{command} {arguments.get('topic', '')}: {answer['error']}")
            else:
                return answer["done"], items

    def digest(self, payload, quantiles=(0.01, 0.5, 0.9, 0.99)):
        """The reference library's view of a serialized MergingDigest; quantiles come keyed by str(q)."""
        answer, _ = self.call("digest", base64=base64.b64encode(payload).decode(), quantiles=list(quantiles))
        return answer

    def encode(self, values, compression=100.0, small=False):
        """A digest of these values as the reference library writes it."""
        answer, _ = self.call("encode", values=list(values), compression=compression, small=small)
        return base64.b64decode(answer["base64"])

    def partitions(self, keys, count):
        answer, _ = self.call("partitions", keys=[base64.b64encode(key).decode() for key in keys], partitions=count)
        return answer

    def close(self):
        try:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            pass
        processes.kill_group(self._process)
