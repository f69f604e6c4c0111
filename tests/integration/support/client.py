"""A client of the line protocol, down to the single byte."""

import re
import select
import socket
import time

_OK = re.compile(r"ok (\S+) accepted=(\d+) rejected=(\d+) durable=([01])$")
_ERROR = re.compile(r"error (\d+) ([a-z0-9_]+): (.*)$", re.DOTALL)
_SUPPRESSED = re.compile(r"error suppressed (\d+)$")
_TIMEOUT_S = 60


class Client:
    """One connection. Reads time out with an assertion, never with a hang."""

    def __init__(self, sock):
        self.sock = sock
        self._buffer = b""
        self.ended = False
        sock.settimeout(_TIMEOUT_S)

    @classmethod
    def tcp(cls, host, port, nodelay=True, receive_buffer_bytes=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        sock.settimeout(_TIMEOUT_S)
        sock.connect((host, port))
        if nodelay:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    @classmethod
    def unix(cls, path):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(_TIMEOUT_S)
        sock.connect(path)
        return cls(sock)

    def send(self, data):
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def send_chopped(self, data, generator, max_chunk_bytes):
        """Cuts at random byte boundaries, one send() a piece. Sizes are log-uniform: single bytes are as common as blocks."""
        view = memoryview(data)
        at = 0
        while at < len(view):
            size = int(max_chunk_bytes ** generator.random())
            self.sock.sendall(view[at : at + size])
            at += size

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    # --- replies

    def receive_line(self, timeout_s=30):
        """The next line without its LF; None at the end of the stream."""
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            ready = left > 0 and self._is_readable(left)
            assert ready, f"no reply within {timeout_s} s; so far {self._buffer[:200]!r}"
            data = self.sock.recv(65536)
            if not data:
                self.ended = True
                assert not self._buffer, f"the last reply has no LF: {self._buffer[:200]!r}"
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()

    def receive_until_end(self, timeout_s=30):
        """All further lines up to the end of the stream."""
        lines = []
        while (line := self.receive_line(timeout_s)) is not None:
            lines.append(line)
        return lines

    def receives_nothing(self, for_s):
        """Whether neither a byte nor the end of the stream comes for so long."""
        return not self._buffer and not self._is_readable(for_s)

    def _is_readable(self, within_s):
        poll = select.poll()  # not select(): descriptors may be beyond 1024
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(max(1, within_s * 1000)))

    def expect_error(self, line_number, code, timeout_s=30):
        """The next reply is this error -> its message."""
        line = self.receive_line(timeout_s)
        found = parse_error(line)
        assert found and found[:2] == (line_number, code), f"wanted error {line_number} {code}, got {line!r}"
        return found[2]

    def expect_suppressed(self):
        line = self.receive_line()
        found = _SUPPRESSED.match(line or "")
        assert found, f"wanted `error suppressed <n>`, got {line!r}"
        return int(found.group(1))

    def expect_ok(self, token, timeout_s=60):
        """The next reply is this sync's -> (accepted, rejected, durable)."""
        line = self.receive_line(timeout_s)
        found = _OK.match(line or "")
        assert found and found.group(1) == token, f"wanted ok {token}, got {line!r}"
        return tuple(int(group) for group in found.groups()[1:])

    # --- whole exchanges

    def sync(self, token="token", timeout_s=60):
        """Sends a sync and skips error replies before its answer -> (accepted, rejected)."""
        self.send(f"sync {token}\n")
        while True:
            line = self.receive_line(timeout_s)
            assert line is not None, "the connection ended before the sync's answer"
            found = _OK.match(line)
            if found:
                assert found.group(1) == token, line
                return int(found.group(2)), int(found.group(3))
            assert line.startswith("error "), f"unexpected reply {line!r}"

    def stats(self):
        self.send("stats\n")
        values = {}
        while True:
            line = self.receive_line()
            assert line is not None, "the connection ended within stats"
            if line == "end":
                return values
            if line.startswith("error "):
                continue
            name, blank, value = line.partition(" ")
            assert blank, f"not `name value`: {line!r}"
            assert name not in values, f"{name} stands twice in stats"
            values[name] = _number(value)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def parse_error(line):
    """(line number, code, message) of an error reply; None for anything else."""
    found = _ERROR.match(line or "")
    return (int(found.group(1)), found.group(2), found.group(3)) if found else None


def _number(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
