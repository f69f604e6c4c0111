"""Lines for the differential test: valid ones of every kind, and half of them mutated. The same seed and number give the
same line."""

import base64
import json
import math
import pathlib
import random
import struct


NOW_MS = 1_763_750_400_123  # the moment at which lines are judged
_DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "tdigest"
_LONGEST_PAYLOAD = 4096  # a few are longer; they would take most of the time

_INTERESTING = [0x00, 0x01, 0x08, 0x09, 0x0A, 0x0B, 0x0D, 0x1B, 0x1F, 0x20, 0x21, 0x22, 0x2B, 0x2C, 0x2D, 0x2E, 0x2F]
_INTERESTING += [0x30, 0x39, 0x3A, 0x3D, 0x5C, 0x7B, 0x7D, 0x7E, 0x7F, 0x80, 0x85, 0xA0, 0xC0, 0xC2, 0xE2, 0xED, 0xF4, 0xFF]
_SEQUENCES = [
    *(b"\xc2\x80 \xc2\x9f \xc2\xa0 \xc0\xaf \xc1\xbf \xe0\x9f\xbf \xe0\xa0\x80 \xe2\x82 \xe2\x82\xac \xed\x9f\xbf".split(b" ")),
    *(b"\xed\xa0\x80 \xee\x80\x80 \xef\xbb\xbf \xf0\x8f\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf \xf4\x90\x80\x80".split(b" ")),
    *(b"\xf5\x80\x80\x80 \xf8\x88\x80\x80\x80 \xfe \xff \x80 \xbf \xf0\x9f\x98\x80 \xe2\x80\xae \xe2\x80\x8b".split(b" ")),
    b"\r",
    b"\r\r",
    b"\n",
    b"\x00",
]
_WORDS = ["mabs", "put", "sync", "help", "stats", "version", "quit", "exit", "counter", "c", "gauge", "g", "histogram", "h"]
_WORDS += ["sample", "s", "by_node", "by_node=True", "by_node=False", "by_node=", "by_node=yes", "=", "==", "a=", "=b", "a=b"]
_WORDS += ["Mabs", "MABS", "PUT", "Counter", "timer", "helper", "co", "1763750400", "1763750400123"]
_NUMBERS = ["0", "1", "-1", "+1", "007", "-0", "+0", "--1", "+-1", "-", "+", ".", "..", "1.", ".5", "-.5", "+.5", "1.5", "1..5"]
_NUMBERS += ["1e5", "1E5", "1e+5", "1e-5", "1e", "e5", ".e5", "1e5.5", "1e+", "1e400", "-1e400", "1e-400", "1e308", "1.8e308"]
_NUMBERS += ["1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "5e-324", "2e-324", "2.5e-324"]
_NUMBERS += ["9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808"]
_NUMBERS += ["-9223372036854775809", "18446744073709551616", "999999999999999999", "1000000000000000000", "0x10", "0b1", "1_000"]
_NUMBERS += ["NaN", "nan", "inf", "Infinity", "-inf", "null", "true", "1,5", "1f", "1d", "١", "１", "²", "1e22", "1e23", "0.1", "0.3"]
_NUMBERS += ["1" + "0" * 299, "1" + "0" * 308, "1" + "0" * 309, "0." + "3" * 300, "0" * 400 + "7", "." + "0" * 400 + "7", "1e00000005"]
_NUMBERS += ["123456789012345678901234567890", "8.5070591730234616e37", "123456789.123456789", "4503599627370496.5", "1e99999999999"]
_NAMES = ["a", "m", "cpu", "db.query.ms", "web-1.requests", "Größe", "日本語", "😀", "by_node", "host", "mabs", "1763750400", "*", "[x]"]
_DOUBLES = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e300, 5e-324, 2.0**53, 2.0**53 + 2, 2.0**54, math.inf, -math.inf, math.nan, 1e6, 1e7]
_INTS = [0, 1, 2, 5, -1, 0x40000000, 0x10000000, 0x7FFFFFFF, -0x80000000, 3, 4, 255, 65536]


def _load(name):
    with open(_DATA / name, encoding="utf-8") as file:
        return [json.loads(line)["base64"] for line in file]


class Generator:
    def __init__(self, seed):
        self._seed = seed
        good = [base64.b64decode(text) for text in _load("vectors.jsonl")]
        self._payloads = [payload for payload in good if len(payload) <= _LONGEST_PAYLOAD]
        self._short_payloads = [payload for payload in good if len(payload) <= 256]
        self._long_payloads = [payload for payload in good if len(payload) > _LONGEST_PAYLOAD] or self._payloads
        self._odd_texts = [text.encode() for name in ("lenient.jsonl", "hostile.jsonl") for text in _load(name)]

    def line(self, number):
        """The bytes before the LF; a mutation may have put further LFs among them."""
        rng = random.Random((self._seed << 40) + number)
        fields = self._fields(rng)
        is_mutated = rng.random() < 0.5
        if is_mutated and rng.random() < 0.5:
            for _ in range(rng.choice((1, 1, 2))):
                self._mutate_fields(rng, fields)
        line = self._join(rng, fields)
        if is_mutated and rng.random() < 0.7:
            line = bytearray(line)
            for _ in range(rng.choice((1, 1, 1, 2, 4))):
                _mutate_bytes(rng, line)
            line = bytes(line)
        if rng.random() < 0.05:
            line += b"\r"
        return line

    def is_terminated(self, number):
        """Whether a stream that ends with this line has its LF."""
        return random.Random((self._seed << 40) + number + 2**39).random() < 0.5

    # --- valid lines

    def _fields(self, rng):
        kind = rng.choices(("number", "histogram", "put", "command", "blank"), (50, 20, 20, 6, 2))[0]
        if kind == "blank":
            return []
        if kind == "command":
            return [rng.choice((b"sync x", b"help", b"version", b"stats", b"quit", b"exit", b"sync " + _name(rng)))]
        if kind == "put":
            return [b"put", _name(rng), _timestamp(rng), _number(rng, rng.random() < 0.5), *_tags(rng, 0.1)]
        if kind == "histogram":
            fields = [b"mabs", rng.choice((b"histogram", b"h")), _name(rng)]
            return fields + [_timestamp(rng)] * (rng.random() < 0.5) + [self._digest(rng), *_tags(rng, 0.2)]
        verb = rng.choice((b"counter", b"c", b"gauge", b"g", b"sample", b"s"))
        fields = [b"mabs", verb, _name(rng)] + [_timestamp(rng)] * (rng.random() < 0.5)
        return fields + [_number(rng, verb.startswith(b"c")), *_tags(rng, 0.2)]

    def _digest(self, rng):
        dice = rng.random()
        if dice < 0.1:
            return rng.choice(self._odd_texts).strip()
        if dice < 0.15:
            return base64.b64encode(_made_payload(rng))
        if dice < 0.6:
            payload = rng.choice(self._short_payloads)
        else:
            payload = rng.choice(self._long_payloads if dice > 0.995 else self._payloads)
        if rng.random() < 0.3:
            payload = _mutate_payload(rng, payload)
        text = base64.b64encode(payload)
        return text.rstrip(b"=") if rng.random() < 0.2 else text

    @staticmethod
    def _join(rng, fields):
        if rng.random() < 0.7:
            return b" ".join(fields)
        blanks = (b" ", b"  ", b"\t", b" \t ", b" " * rng.randrange(1, 9))
        line = b"".join(field + rng.choice(blanks) for field in fields)
        line = rng.choice((b"", b" ", b"\t\t")) + line
        return line if rng.random() < 0.5 else line.rstrip(b" \t")

    # --- mutations of whole fields

    def _mutate_fields(self, rng, fields):
        at = rng.randrange(len(fields) + 1)
        dice = rng.randrange(10)
        if dice == 0:
            fields.insert(at, rng.choice(_WORDS).encode())
        elif dice == 1 and at < len(fields):
            del fields[at]
        elif dice == 2 and at < len(fields):
            fields.insert(rng.randrange(len(fields) + 1), fields[at])
        elif dice == 3 and at < len(fields):
            other = rng.randrange(len(fields))
            fields[at], fields[other] = fields[other], fields[at]
        elif dice == 4 and at < len(fields):
            fields[at] = rng.choice(_WORDS).encode()
        elif dice == 5 and len(fields) > 3:
            fields[rng.choice((2, 3, 4)) % len(fields)] = rng.choice(_NUMBERS).encode()
        elif dice == 6 and len(fields) > 3:
            fields[3] = _odd_timestamp(rng)
        elif dice == 7:
            fields.extend(_odd_tags(rng))
        elif dice == 8 and len(fields) > 2:
            fields[2] = _odd_name(rng)
        elif fields:
            _stretch(rng, fields)


def _name(rng):
    if rng.random() < 0.6:
        return rng.choice(_NAMES).encode()
    return "".join(rng.choice("abcxyz019._-/:;#%&()*+?@[]<>|~^'`!$äß日😀") for _ in range(rng.randrange(1, 30))).encode()


def _odd_name(rng):
    text = rng.choice(("m" * rng.randrange(253, 258), "é" * rng.choice((126, 127, 128)), "日" * rng.choice((84, 85, 86))))
    if rng.random() < 0.4:
        text = _name(rng).decode() + rng.choice(',{}"\\=\x7f\u0085\u00a0\u200b') + "x"
    return text.encode()


def _timestamp(rng):
    milliseconds = NOW_MS + rng.randrange(-24 * 3600 * 1000, 10 * 60 * 1000)
    return str(milliseconds if rng.random() < 0.5 else milliseconds // 1000).encode()


def _odd_timestamp(rng):
    edges = (NOW_MS - 24 * 3600 * 1000, NOW_MS + 10 * 60 * 1000)
    edge = rng.choice(edges) + rng.choice((-1001, -1000, -1, 0, 1, 1000, 1001))
    texts = (str(edge), str(edge // 1000), "0" * 10, "0" * 13, "9" * 10, "9" * 13, "1" * 9, "1" * 11, "1" * 12, "1" * 14)
    return rng.choice((*texts, "+1763750400", "-1763750400", "1763750400.", "176375040x", "１７６３７５０４００", "now")).encode()


def _number(rng, is_integer):
    if is_integer:
        number = rng.choice((rng.randrange(-100, 100), rng.randrange(-(2**63), 2**63), rng.randrange(10**17, 10**19) % 2**63))
        return rng.choice(("", "", "", "+", "0"))[: number >= 0].encode() + str(number).encode()
    dice = rng.randrange(6)
    if dice == 0:
        return repr(rng.uniform(-1e6, 1e6)).encode()
    if dice == 1:
        return f"{rng.uniform(-1, 1):.{rng.randrange(40)}{rng.choice('efg')}}".encode()
    if dice == 2:
        return f"{rng.getrandbits(rng.randrange(1, 1100)) % 10**308}".encode()
    if dice == 3:
        return f"{rng.randrange(10**rng.randrange(1, 25))}.{rng.randrange(10**rng.randrange(1, 25))}E{rng.randrange(-330, 280)}".encode()
    if dice == 4:
        number = struct.unpack(">d", rng.randbytes(8))[0]
        return (repr(number) if math.isfinite(number) else "0.5").encode()
    return rng.choice(("1", "-2.5", "1.0E-5", "1e+22", "5.", ".5", "+.5", "-0", "-0.0", "0e0", "1e-400")).encode()


def _tags(rng, by_node):
    count = rng.choice((0, 0, 1, 1, 2, 3, 4, 8)) if rng.random() < 0.97 else 32
    tags = []
    for number in range(count):
        value = rng.choice(("", "1", "db", "a=b", '",{}\\', "日本", "x" * rng.randrange(40), "😀")).encode()
        tags.append(_name(rng)[:200].decode(errors="ignore").encode() + b"%d=" % number + value)
    if rng.random() < by_node:
        tags.append(rng.choice((b"by_node=True", b"by_node=true", b"by_node=1", b"by_node=False", b"by_node=0", b"by_node=")))
    rng.shuffle(tags)
    return tags


def _odd_tags(rng):
    dice = rng.randrange(8)
    if dice == 0:
        return [b"t%d=v" % number for number in range(rng.randrange(28, 36))]
    if dice == 1:
        return [b"e%d=" % number for number in range(rng.randrange(28, 36))]
    if dice == 2:
        return [b"t=" + b"v" * rng.randrange(1022, 1027)]
    if dice == 3:
        return ["t".encode() + "é".encode() * rng.randrange(125, 130) + b"=v"]
    if dice == 4:
        name = _name(rng)
        return [name + b"=1", name + rng.choice((b"=2", b"=", b"=1"))]
    if dice == 5:
        return [b"by_node=" + rng.choice((b"TRUE", b"yes", b"2", b"True", b"t"))] * rng.choice((1, 2))
    if dice == 6:
        return [_odd_name(rng) + b"=v"]
    return [rng.choice((b"word", b"=", b"=v", b"a,b=c", b'a"b=c', b"a\\=c", b"{}=c"))]


def _stretch(rng, fields):
    """Makes one field so long that the line has about 64 KiB, seldom; else a little longer."""
    at = rng.randrange(len(fields))
    if rng.random() < 0.05:
        size = 65536 - sum(map(len, fields)) - len(fields) + rng.randrange(-3, 6)
        fields[at] += rng.choice((b"0", b"A", b"=", b"x")) * max(0, size)
    else:
        fields[at] *= 2


# --- mutations of bytes


def _mutate_bytes(rng, line):
    at = rng.randrange(len(line) + 1)
    dice = rng.randrange(8)
    if dice == 0 and at < len(line):
        line[at] ^= 1 << rng.randrange(8)
    elif dice == 1 and at < len(line):
        line[at] = rng.choice(_INTERESTING)
    elif dice == 2:
        line.insert(at, rng.choice(_INTERESTING))
    elif dice == 3:
        line[at:at] = rng.choice(_SEQUENCES)
    elif dice == 4 and at < len(line):
        del line[at]
    elif dice == 5 and at < len(line):
        del line[at : at + rng.randrange(1, 20)]
    elif dice == 6:
        begin = rng.randrange(len(line) + 1)
        line[at:at] = line[begin : begin + rng.randrange(1, 12)]
    elif rng.random() < 0.3:
        del line[at:]
    else:
        line[at:at] = rng.choice((b" ", b"\t", b"=", b" x=1 "))


def _made_payload(rng):
    """A digest in the verbose Merging layout whose weights, means and ends lie at the edges of what is valid."""
    weights = [float(rng.choice((1, 1, 2, 2**31, 2**52, 2**53 - 2, 2**53 - 1, 2**53, 0.5, 2.5))) for _ in range(rng.randrange(1, 4))]
    means = sorted(rng.choice((rng.uniform(-9, 9), 0.0, 1e308, -1e308)) for _ in weights)
    low, high = means[0] - rng.choice((0, 0, 1)), means[-1] + rng.choice((0, 0, 1))
    scale = max(abs(low), abs(high)) * rng.choice((0, 0.5e-12, 2e-12))
    means[rng.randrange(len(means))] += scale * rng.choice((-1, 1))
    compression = rng.choice((100.0, 1e-9, 1e6, 1000001.0))
    pairs = [number for pair in zip(weights, means) for number in pair]
    return struct.pack(f">idddi{len(pairs)}d", 1, low, high, compression, len(weights), *pairs)


def _mutate_payload(rng, payload):
    payload = bytearray(payload)
    dice = rng.randrange(9)
    if dice == 0:
        payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
    elif dice == 1:
        del payload[rng.randrange(len(payload)) :]
    elif dice == 2:
        payload += bytes(rng.randrange(1, 40))
    elif dice == 3:
        payload += rng.randbytes(rng.randrange(1, 20))
    elif dice == 4 and len(payload) >= 36:
        struct.pack_into(">i", payload, rng.choice((0, 12, 16, 28, 28, 32)), rng.choice(_INTS))
    elif dice == 5 and len(payload) >= 36:
        struct.pack_into(">d", payload, rng.choice((4, 4, 12, 12, 20, 28)), rng.choice(_DOUBLES))
    elif dice == 6 and len(payload) > 48:
        place = 32 + 4 * rng.randrange((len(payload) - 40) // 4)
        struct.pack_into(">d", payload, place, rng.choice(_DOUBLES))
    elif dice == 7 and len(payload) > 48:
        place = 30 + 4 * rng.randrange((len(payload) - 36) // 4)
        struct.pack_into(">f", payload, place, rng.choice((0.0, 1.0, 2.5, -1.0, math.inf, math.nan, 1e30)))
    else:
        payload[0:4] = struct.pack(">i", rng.choice((0, 1, 2, 3, 4, 5, -1)))
    return bytes(payload)


