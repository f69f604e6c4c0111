"""The line protocol once more, written from its description and not from the agent's sources: judge(line) says what
the agent has to make of a line.

Where several things are wrong with a line the first of this list is told (docs/protocol.md): its length, its bytes;
then from the left the command, the type, what is missing, the timestamp, the value; then a digest's content, the
metric's name, the tags one by one, and at last a tag that is there twice."""

import math
import re

import digest

MAX_LINE_BYTES = 65536
MAX_NAME_BYTES = 255
MAX_TAG_VALUE_BYTES = 1024
MAX_TAGS = 32
MAX_TOKEN_BYTES = 255
MAX_AGE_MS = 24 * 3600 * 1000
MAX_AHEAD_MS = 10 * 60 * 1000

_FIELD = re.compile(rb"[^ \t]+")
_TIMESTAMP = re.compile(rb"[0-9]{10}|[0-9]{13}")
_INTEGER = re.compile(rb"[+-]?[0-9]+")
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")  # but TAB
_NAME = re.compile(rb'[^ \t=,{}"\\]+')
_TYPES = {"c": "counter", "g": "gauge", "h": "histogram", "s": "sample"}
_TYPES.update({word: word for word in list(_TYPES.values())})
_FLAGS = {b"True": True, b"true": True, b"1": True, b"False": False, b"false": False, b"0": False, b"": False}


class Wrong(Exception):
    """A code and the column, in bytes from 1, at which it lies; a list: at one of these."""

    def __init__(self, code, offset):
        super().__init__(code)
        self.code = code
        self.column = [one + 1 for one in offset] if isinstance(offset, list) else offset + 1


class Judge:
    """Stands at one moment: `now_ms` is what timestamps are held against."""

    def __init__(self, now_ms):
        self.now_ms = now_ms

    def judge(self, line, is_terminated=True):
        """What is before an LF -> None for a blank line, ("sample", its members), ("command", its members), or
        ("error", code, column). A sample's value may be a list: the digests as which it can be read."""
        try:
            if len(line) > MAX_LINE_BYTES:
                raise Wrong("line_too_long", MAX_LINE_BYTES)
            if not is_terminated:
                raise Wrong("unterminated_line", len(line))
            line = line.removesuffix(b"\r")
            _check_bytes(line)
            return self._line(line)
        except Wrong as wrong:
            return ("error", wrong.code, wrong.column)

    def _line(self, line):
        fields = [(match.group(), match.start()) for match in _FIELD.finditer(line)]
        if not fields:
            return None
        fields.append((b"", len(line.rstrip(b" \t"))))  # where something is missing
        (command, at), rest = fields[0], fields[1:]
        if command == b"mabs":
            kind = _TYPES.get(rest[0][0].decode())
            if kind is None:
                raise Wrong("unknown_type", rest[0][1])
            return self._data(kind, rest[1:])
        if command == b"put":
            return self._data("point", rest)
        members = {"command": "quit" if command == b"exit" else command.decode()}
        if command == b"sync":
            token, token_at = rest[0]
            if not token:
                raise Wrong("missing_token", token_at)
            if len(token) > MAX_TOKEN_BYTES:
                raise Wrong("bad_token", token_at)
            members["token"] = token.decode()
            rest = rest[1:]
        elif command not in (b"help", b"version", b"stats", b"quit", b"exit"):
            raise Wrong("unknown_command", at)
        if rest[0][0]:
            raise Wrong("unexpected_field", rest[0][1])
        return ("command", members)

    def _data(self, kind, fields):
        if not fields or not fields[0][0]:
            raise Wrong("missing_metric", fields[0][1] if fields else 0)
        (metric, metric_at), fields = fields[0], fields[1:]
        positions = self._of_histogram if kind == "histogram" else self._of_numbers
        timestamp_ms, value, fields = positions(kind, fields)
        members = {"type": kind, "metric": metric.decode()}
        if timestamp_ms is not None:
            members["timestamp_ms"] = timestamp_ms
        members["value"] = _value(kind, *value)
        if not _is_name(metric):
            raise Wrong("bad_metric", metric_at)
        members["tags"], members["by_node"] = _tags(kind, fields[:-1])
        return ("sample", members)

    def _of_histogram(self, _, fields):
        """-> the timestamp or None, the value's field, and what follows."""
        timestamp_ms = None
        if _TIMESTAMP.fullmatch(fields[0][0]):
            timestamp_ms, fields = self._timestamp(*fields[0]), fields[1:]
        if not fields[0][0]:
            raise Wrong("missing_value", fields[0][1])
        return timestamp_ms, fields[0], fields[1:]

    def _of_numbers(self, kind, fields):
        numbers = []
        for field in fields[:2]:
            if not field[0] or b"=" in field[0]:
                break
            numbers.append(field)
        wanted = 2 if kind == "point" else 1
        if len(numbers) < wanted:
            missing = "missing_timestamp" if kind == "point" and not numbers else "missing_value"
            raise Wrong(missing, fields[len(numbers)][1])
        timestamp_ms = self._timestamp(*numbers[0]) if len(numbers) == 2 else None
        return timestamp_ms, numbers[-1], fields[len(numbers) :]

    def _timestamp(self, text, at):
        if not _TIMESTAMP.fullmatch(text):
            raise Wrong("bad_timestamp", at)
        milliseconds = int(text) * (1000 if len(text) == 10 else 1)
        if milliseconds < self.now_ms - MAX_AGE_MS:
            raise Wrong("timestamp_too_old", at)
        if milliseconds > self.now_ms + MAX_AHEAD_MS:
            raise Wrong("timestamp_too_far_ahead", at)
        return milliseconds


def _check_bytes(line):
    try:
        text, invalid = line.decode(), None
    except UnicodeDecodeError as error:
        text, invalid = line[: error.start].decode(), error.start
    control = _CONTROL.search(text)
    if control:
        raise Wrong("control_character", len(text[: control.start()].encode()))
    if invalid is not None:
        raise Wrong("invalid_utf8", invalid)


def _is_name(text):
    return len(text) <= MAX_NAME_BYTES and _NAME.fullmatch(text) is not None


def _value(kind, text, at):
    if kind == "histogram":
        payload = digest.decode_base64(text)
        if payload is None:
            raise Wrong("bad_base64", at)
        readings = digest.read(payload)
        if not readings:
            raise Wrong("bad_digest", at)
        return readings
    if kind in ("counter", "point") and _INTEGER.fullmatch(text):
        number = int(text) if len(text) < 4000 else 2**64
        if -(2**63) <= number < 2**63:
            return number
        if kind == "counter":
            raise Wrong("value_out_of_range", at)
    if kind == "counter" or not _DECIMAL.fullmatch(text):
        raise Wrong("bad_value", at)
    number = float(text)
    if not math.isfinite(number):
        raise Wrong("value_out_of_range", at)
    return number


def _tags(kind, fields):
    tags, by_node = {}, None
    places, twice = {}, set()
    count = empty_count = 0
    for text, at in fields:
        name, equals, value = text.partition(b"=")
        if not equals:
            raise Wrong("bad_tag", at)
        if name == b"by_node" and kind != "point":
            if by_node is not None:
                raise Wrong("duplicate_tag", at)
            if value not in _FLAGS:
                raise Wrong("bad_by_node", at + len(name) + 1)
            by_node = _FLAGS[value]
            continue
        if not _is_name(name):
            raise Wrong("bad_tag_name", at)
        if len(value) > MAX_TAG_VALUE_BYTES:
            raise Wrong("tag_value_too_long", at)
        if value:
            count += 1
        else:
            empty_count += 1
        if count > MAX_TAGS or empty_count > MAX_TAGS:
            raise Wrong("too_many_tags", at)
        if name in places:
            twice.add(name)
        places.setdefault(name, []).append(at)
        if value:
            tags[name.decode()] = value.decode()
    if twice:
        raise Wrong("duplicate_tag", [at for name in twice for at in places[name]])
    return tags, bool(by_node)
