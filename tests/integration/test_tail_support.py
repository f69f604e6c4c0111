"""The checks of log files find what they are there to find: losses, doubles, disorder, foreign bytes."""

import random

import pytest
from support.log_check import LogRecord, Shipped, check_lines, parse
from support.log_writer import Generation, LogFile

pytestmark = pytest.mark.quick

UIDS = ("a" * 16, "b" * 16, "c" * 16)
ONE = b"one 1\none 2\r\n\none 4 \xff\nlast"
TWO = b"two 1\ntwo 2\n"


def _shipped_lines(uid, data):
    """As a tailer without fault cuts it."""
    records, begin = [], 0
    while begin < len(data):
        end = data.find(b"\n", begin) + 1 or len(data)
        records.append(LogRecord(f"{uid}@{begin}-{end}", data[begin:end].removesuffix(b"\n")))
        begin = end
    return records


@pytest.fixture
def generations():
    return [Generation("one", ONE), Generation("two", TWO)]


@pytest.fixture
def records():
    return _shipped_lines(UIDS[0], ONE) + _shipped_lines(UIDS[1], TWO)


def test_what_is_whole_passes(records, generations):
    assert Shipped(records).check(generations) == {"one": UIDS[0], "two": UIDS[1]}
    check_lines(ONE, records[:5])


def test_replays_pass_however_they_are_cut(records, generations):
    packed = LogRecord(f"{UIDS[0]}@6-{len(ONE)}", ONE[6:])
    shipped = Shipped([*records[:3], records[1], packed, *records[2:]])
    shipped.check(generations)
    assert shipped.covered_bytes == len(ONE) + len(TWO) and shipped.replayed_bytes > len(ONE)


def _lost(records):
    return records[:1] + records[2:]


def _lost_at_the_end(records):
    return records[:4] + records[5:]


def _lost_at_the_beginning(records):
    return records[1:]


def _lost_a_file(records):
    return records[:5]


def _out_of_order(records):
    return [records[0], records[2], records[1], *records[3:]]


def _under_another_uid(records):
    return [*records, *_shipped_lines(UIDS[2], ONE)]


def _a_part_under_another_uid(records):
    return [*records[:4], LogRecord(f"{UIDS[2]}@{records[4].begin}-{records[4].end}", records[4].value), *records[5:]]


def _again_as_new_bytes(records):
    return [*records, LogRecord(f"{UIDS[1]}@12-18", b"two 1")]


def _foreign(records):
    return [*records, LogRecord(f"{UIDS[2]}@0-4", b"who")]


def _carriage_return_lost(records):
    return [records[0], LogRecord(f"{UIDS[0]}@6-13", b"one 2"), *records[2:]]


def _two_contents(records):
    return [*records, LogRecord(f"{UIDS[1]}@0-6", b"two 2")]


def _of_another_file(records):
    return [LogRecord(f"{UIDS[1]}@{record.begin}-{record.end}", record.value) for record in records]


BREAKS = [
    (_lost, "lost or out of order: "),
    (_lost_at_the_end, "ends at 22, 26 bytes were written"),
    (_lost_at_the_beginning, "begins at 6, not at 0"),
    (_lost_a_file, r"nothing came of \['two'\]"),
    (_out_of_order, "lost or out of order: "),
    (_under_another_uid, "came under two uids"),
    (_a_part_under_another_uid, "ends at 22|two uids"),
    (_again_as_new_bytes, "1 others are not"),
    (_foreign, "no file holds its first record"),
    (_carriage_return_lost, "1 others are not"),
    (_two_contents, "one range, two contents"),
    (_of_another_file, "one range, two contents|others are not"),
]


@pytest.mark.parametrize("spoil, message", BREAKS, ids=[spoil.__name__ for spoil, _ in BREAKS])
def test_faults_are_found(records, generations, spoil, message):
    with pytest.raises(AssertionError, match=message):
        Shipped(spoil(records)).check(generations)


def test_lines_cut_or_joined_are_found(records):
    with pytest.raises(AssertionError, match="4 records, 5 lines"):
        check_lines(ONE, [records[0], LogRecord(f"{UIDS[0]}@6-14", ONE[6:13]), *records[3:5]])


def test_gaps_only_where_they_are_allowed(records):
    allowed = [Generation("one", ONE, gaps=[(6, 13)]), Generation("two", TWO)]
    Shipped(_lost(records)).check(allowed)
    with pytest.raises(AssertionError, match="lost or out of order"):
        Shipped(records[:1] + records[3:]).check(allowed)


def test_what_was_written_behind_the_copy_may_be_missing():
    for records in _shipped_lines(UIDS[0], TWO), _shipped_lines(UIDS[0], TWO)[:1]:
        Shipped(records).check([Generation("two", TWO, must=6)])
    with pytest.raises(AssertionError, match="ends at 6"):
        Shipped(records).check([Generation("two", TWO, must=7)])


def test_frames_are_compared_without_their_length():
    data = b"\0\0\0\2ab\0\0\0\1c"
    frames = [LogRecord(f"{UIDS[0]}@0-6", b"ab"), LogRecord(f"{UIDS[0]}@6-11", b"c")]
    Shipped(frames).check([Generation("frames", data)], framing="frames")
    Shipped([LogRecord(f"{UIDS[0]}@0-11", data)]).check([Generation("frames", data)], framing="frames")
    with pytest.raises(AssertionError):
        Shipped(frames).check([Generation("frames", data)])


def test_a_line_of_kcat_is_read_byte_for_byte():
    line = b'{"topic":"t","partition":2,"offset":0,"headers":["src","%s@0-4"],"key":null,"payload":"\\u0000\xff\xc3\xbc"}' % UIDS[0].encode()
    record = parse(line)
    assert (record.value, record.key, record.partition) == (b"\0\xff\xc3\xbc", None, 2)
    assert (record.uid, record.begin, record.end) == (UIDS[0], 0, 4)
    for bad in b"A" * 16 + b"@0-4", b"a" * 16 + b"@4-4", b"a" * 15 + b"@0-4", b"a" * 16 + b"@0-4 ":
        with pytest.raises(AssertionError):
            parse(line.replace(UIDS[0].encode() + b"@0-4", bad))


@pytest.mark.parametrize("is_numbered", [True, False])
def test_the_writer_knows_what_is_in_each_generation(tmp_path, is_numbered):
    file = LogFile(tmp_path / "app.log", random.Random(5), is_numbered=is_numbered)
    for number in range(5):
        file.write_lines(20, pieces=3)
        if number % 2:
            file.copytruncate(lost_lines=2)
        else:
            file.rename(late_lines=3)
    file.write_half_a_line()
    file.close()
    order = [5, 4, 3, 2, 1] if is_numbered else [1, 2, 3, 4, 5]
    for generation, number in zip(file.generations, order):
        path = tmp_path / (f"app.log.{number}" if is_numbered else f"app.log.{number:06}")
        assert path.read_bytes() == generation.data[: generation.must]
    assert (tmp_path / "app.log").read_bytes() == file.current.data
    lines = b"".join(bytes(one.data) for one in file.generations).splitlines()
    assert len(set(lines)) == len(lines) == 5 * 20 + 3 * 3 + 2 * 2 + 1
