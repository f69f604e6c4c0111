"""What the machine must have. A missing tool skips with the command that installs it, or fails where all must run."""

import os
import shutil
import subprocess

import pytest

_PACKAGES = {
    "java": "openjdk-17-jdk-headless",
    "javac": "openjdk-17-jdk-headless",
    "mvn": "maven",
    "kcat": "kcat",
    "nc": "netcat-openbsd",
    "strace": "strace",
    "ldd": "libc-bin",
    "openssl": "openssl",
}


def unavailable(reason):
    """Skips; with METRICS_AGENT_TESTS_STRICT=1 (CI) fails, so that nothing is left out unseen."""
    if os.environ.get("METRICS_AGENT_TESTS_STRICT") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def tool(name):
    path = shutil.which(name)
    if path is None:
        unavailable(f"{name} not found: apt-get install {_PACKAGES.get(name, name)}")
    return path


def java17():
    path = tool("java")
    tool("javac")
    tool("mvn")
    text = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    first = text.splitlines()[0] if text else ""
    try:
        major = int(first.split('"')[1].split(".")[0])
    except (IndexError, ValueError):
        major = 0
    if major < 17:
        unavailable(f"Java 17 or newer is needed, found: {first or 'nothing'}: apt-get install openjdk-17-jdk-headless")
    return path
