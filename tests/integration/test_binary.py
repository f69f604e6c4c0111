"""The release binary: static, small, and without NSS plugins."""

import os
import re
import subprocess

import pytest
from support import needs, processes
from support.agent import binary, is_sanitized
from support.wait import wait_until

pytestmark = pytest.mark.quick

MAX_BINARY_BYTES = 12 * 1024 * 1024


@pytest.fixture(autouse=True)
def _release_only():
    if is_sanitized():
        pytest.skip("a sanitizer build is never static")


def test_it_is_statically_linked():
    result = subprocess.run([needs.tool("ldd"), binary()], capture_output=True, text=True, check=False)
    assert "statically linked" in result.stdout + result.stderr


def test_it_is_position_independent():
    with open(binary(), "rb") as file:
        header = file.read(18)
    assert header[16:18] == b"\x03\x00", "ET_DYN"


def test_it_is_small_enough():
    assert os.path.getsize(binary()) <= MAX_BINARY_BYTES


def test_names_resolve_without_nss_plugins(tmp_path):
    strace = needs.tool("strace")
    trace = tmp_path / "trace"
    allowed = subprocess.run([strace, "-o", str(trace), "true"], capture_output=True, text=True, check=False)
    if allowed.returncode != 0:
        needs.unavailable(f"ptrace is not permitted here: {allowed.stderr.strip()}")
    command = [strace, "-f", "-qq", "-e", "trace=open,openat,connect", "-o", str(trace)]
    command += [binary(), "run", "--no-state", "--listen", "127.0.0.1:0", "--brokers", "localhost:1,no-such-host.invalid:1"]
    process = processes.start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:

        def resolved():
            text = trace.read_text(errors="replace")
            # The hosts file gave the first name an address, and DNS was asked for the second.
            return '"/etc/hosts"' in text and "htons(1)" in text and '"/etc/resolv.conf"' in text

        wait_until(resolved, 30, lambda: trace.read_text(errors="replace")[-3000:])
    finally:
        processes.kill_group(process)
    opened = re.findall(r'open(?:at)?\([^"]*"([^"]*)"', trace.read_text(errors="replace"))
    assert not [path for path in opened if "libnss" in path or path.endswith(".so") or ".so." in path], opened
