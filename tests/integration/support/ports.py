"""TCP ports for servers that must come back on the same port.

They lie below the kernel's ephemeral range: so no outgoing connection takes one while the server is down, and a client that keeps
connecting to a dead local port cannot connect to itself. A lock file a port keeps two test runs apart.
"""

import fcntl
import os
import random
import socket
import tempfile

_FIRST = 20000
_LAST = 29999
_EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"


class PortLease:
    """One port, ours until close() or the end of this process."""

    def __init__(self):
        folder = os.path.join(tempfile.gettempdir(), f"metrics-agent-test-ports-{os.getuid()}")
        os.makedirs(folder, exist_ok=True)
        last = min(_LAST, _first_ephemeral() - 1)
        for port in random.SystemRandom().sample(range(_FIRST, last + 1), 200):
            lock = open(os.path.join(folder, str(port)), "w")  # pylint: disable=consider-using-with
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            if _is_free(port):
                self.port = port
                self._lock = lock
                return
            lock.close()
        raise RuntimeError("no free port")

    def close(self):
        self._lock.close()


def _first_ephemeral():
    try:
        with open(_EPHEMERAL, encoding="ascii") as file:
            first = int(file.read().split()[0])
    except (OSError, ValueError):
        return _LAST + 1
    return first if first > _FIRST + 1000 else _LAST + 1


def _is_free(port):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0")):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
