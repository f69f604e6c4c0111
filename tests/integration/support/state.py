"""A state directory as it lies on the disk, read from the description of its format alone, and what can befall it.

Every file begins with 80 bytes: "MABSJRNL", u16 version, u8 kind, 5 zeros, u64 number, u64 last closed frame, 36 bytes run, 8 zeros, u32
CRC32C of the 76 before. Then frames: u32 magic, u32 payload bytes, u64 sequence, u8 type, 3 zeros, u32 CRC32C of bytes 4 to 19 and the
payload; payload. Of a record that is: u64 series, i64 bucket, u64 covers, u64 lines, i64 sealed, u32 key bytes, u32 0; key, value.
All little-endian.
"""

import pathlib
import shutil
import struct

HEADER_BYTES = 80
VERSION_OFFSET = 8
_MAGIC = struct.pack("<I", 0x4D464A4D)
_FRAME = struct.Struct("<IIQB3xI")
_RECORD = struct.Struct("<QqQQqII")
_RECORD_TYPE = 1
_CRC_OFFSET = 76


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


class StoredRecord:
    """A record in an outbox file. `content` is what the record in Kafka must have."""

    def __init__(self, topic, run, seq, payload):
        _, _, _, self.lines, _, key_size, _ = _RECORD.unpack_from(payload)
        self.topic, self.run, self.seq = topic, run, seq
        self.key = payload[_RECORD.size : _RECORD.size + key_size]
        self.value = payload[_RECORD.size + key_size :]

    @property
    def identity(self):
        return self.topic, self.run, self.seq

    @property
    def content(self):
        return self.key, (("run", self.run.encode()), ("seq", str(self.seq).encode())), self.value


class JournalFile:
    """One file's header and whole frames. With `has_damage` bytes were skipped that stand before a whole frame; bytes behind the last
    one are a torn tail, or the zeros of a file that was made larger."""

    def __init__(self, path):
        self.path = path
        self.data = path.read_bytes()
        (crc,) = struct.unpack_from("<I", self.data.ljust(HEADER_BYTES, b"\0"), _CRC_OFFSET)
        self.is_ours = self.data[:8] == b"MABSJRNL" and len(self.data) >= HEADER_BYTES and crc == crc32c(self.data[:_CRC_OFFSET])
        self.run = self.data[32:68].rstrip(b"\0").decode("ascii", "replace")
        self.frames = []  # (offset, sequence, type, payload)
        self.has_damage = False
        if self.is_ours:
            self._read_frames()

    def _read_frames(self):
        at = good_end = HEADER_BYTES
        while (at := self.data.find(_MAGIC, at)) >= 0:
            frame = self._frame_at(at)
            if frame is None:
                at += 1
                continue
            self.has_damage |= at > good_end
            self.frames.append(frame)
            at = good_end = at + _FRAME.size + len(frame[3])

    def _frame_at(self, at):
        if at + _FRAME.size > len(self.data):
            return None
        _, size, sequence, kind, crc = _FRAME.unpack_from(self.data, at)
        end = at + _FRAME.size + size
        if end > len(self.data) or kind not in (1, 2):
            return None
        payload = self.data[at + _FRAME.size : end]
        if crc32c(payload, crc32c(self.data[at + 4 : at + 20])) != crc:
            return None
        return at, sequence, kind, payload

    def records(self, topic):
        return [
            StoredRecord(topic, self.run, sequence, payload)
            for _, sequence, kind, payload in self.frames
            if kind == _RECORD_TYPE and len(payload) >= _RECORD.size
        ]


class StateDir:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def __str__(self):
        return str(self.path)

    def copy_to(self, path):
        shutil.copytree(self.path, path)
        return StateDir(path)

    # --- what is there

    def files(self, *suffixes):
        """All regular files, or those with one of the suffixes; those set aside left out."""
        found = (path for path in sorted(self.path.rglob("*")) if path.is_file() and "set-aside" not in path.parts)
        return [path for path in found if not suffixes or path.suffix in suffixes]

    def size_bytes(self):
        total = 0
        for path in self.path.rglob("*"):
            try:
                total += path.lstat().st_blocks * 512
            except FileNotFoundError:
                pass  # the agent removes files while it is looked at
        return total

    def outbox_files(self):
        """{topic: [JournalFile]}"""
        folders = sorted(path for path in (self.path / "outbox").iterdir() if path.is_dir())
        return {folder.name: [JournalFile(path) for path in sorted(folder.glob("*.records"))] for folder in folders}

    def delta_files(self):
        return [JournalFile(path) for path in sorted((self.path / "deltas").glob("*.delta"))]

    def records(self):
        """{(topic, run, seq): StoredRecord} of all that can be read; one identity stands there once."""
        found = {}
        for topic, files in self.outbox_files().items():
            for record in (record for file in files for record in file.records(topic)):
                assert record.identity not in found, f"twice on the disk: {record.identity}"
                found[record.identity] = record
        return found

    def set_aside(self):
        folder = self.path / "set-aside"
        return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


# --- damage: each takes a path and a random generator


def flip_bits(path, generator):
    data = bytearray(path.read_bytes())
    for _ in range(generator.choice((1, 1, 3, 40)) if data else 0):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
    path.write_bytes(data)


def spoil_header(path, generator):
    data = bytearray(path.read_bytes())
    if data:
        data[generator.randrange(min(len(data), HEADER_BYTES))] ^= 1 << generator.randrange(8)
    path.write_bytes(data)


def truncate(path, generator):
    data = path.read_bytes()
    path.write_bytes(data[: generator.randrange(len(data) + 1)])


def overwrite(path, generator):
    """A block of zeros or of anything, as a disk leaves it that lost power."""
    data = bytearray(path.read_bytes())
    if data:
        start = generator.randrange(len(data))
        size = min(len(data) - start, generator.choice((16, 512, 4096)))
        data[start : start + size] = bytes(size) if generator.random() < 0.5 else generator.randbytes(size)
    path.write_bytes(data)


def append(path, generator):
    with path.open("ab") as file:
        size = generator.choice((1, 23, 500, 70_000))
        file.write(bytes(size) if generator.random() < 0.5 else generator.randbytes(size))


def cut_out(path, generator):
    """Bytes in the middle are gone, and all behind them has moved."""
    data = path.read_bytes()
    start = generator.randrange(len(data) + 1)
    path.write_bytes(data[:start] + data[start + generator.choice((1, 24, 300)) :])


def repeat(path, generator):
    """A piece stands there twice, its frames with good sums."""
    data = path.read_bytes()
    start = generator.randrange(len(data) + 1)
    path.write_bytes(data + data[start:])


def empty(path, _):
    path.write_bytes(b"")


def remove(path, _):
    path.unlink()


DAMAGES = (flip_bits, flip_bits, spoil_header, truncate, truncate, overwrite, append, cut_out, repeat, empty, remove)


def set_version(path, version):
    """As a newer program would have written the header, with its CRC."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, VERSION_OFFSET, version)
    struct.pack_into("<I", data, _CRC_OFFSET, crc32c(data[:_CRC_OFFSET]))
    path.write_bytes(data)
