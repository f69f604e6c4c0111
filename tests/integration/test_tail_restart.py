"""What befalls log files while no tailer runs, and Kafka while one does (docs/tail.md)."""

import random
import signal
import time

import pytest
from support.log_check import Shipped, read_log
from support.log_writer import LogFile
from support.tail_case import TailCase
from support.wait import wait_until

pytestmark = pytest.mark.kafka

MIB = 1 << 20


@pytest.fixture
def case(kafka, prefix, tmp_path):
    return TailCase(kafka, prefix, tmp_path)


@pytest.fixture
def file(case):
    log = LogFile(case.logs / "app.log", random.Random(7))
    yield log
    log.close()


def _tail_all(case, file, how="terminate"):
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(sum(one.must for one in file.generations))
        getattr(tail, how)()


@pytest.mark.parametrize("how", ["terminate", "kill"])
def test_a_restart_goes_on_where_it_was(case, file, how):
    """After SIGTERM not a byte is sent again."""
    for _ in range(4):
        file.write_lines(500)
        _tail_all(case, file, how)
    case.check(file)
    if how == "terminate":
        assert Shipped(read_log(case.kafka.brokers, case.topic)).replayed_bytes == 0


@pytest.mark.parametrize("rotate", [LogFile.rename, LogFile.copytruncate], ids=["rename", "copytruncate"])
@pytest.mark.parametrize("count", [1, 3])
def test_generations_that_came_and_went_while_away(case, file, rotate, count):
    file.write_lines(300)
    _tail_all(case, file)
    for _ in range(count):
        file.write_lines(200)
        rotate(file)
        time.sleep(0.02)  # files' times have steps of up to 10 ms
        file.write_lines(100)
    _tail_all(case, file)
    case.check(file)
    _check_order(case, file)


def _check_order(case, file):
    """The generations came oldest first."""
    records = read_log(case.kafka.brokers, case.topic)
    uids = Shipped(records).check(file.generations)
    first = [next(at for at, record in enumerate(records) if record.uid == uids[one.label]) for one in file.generations]
    assert first == sorted(first), first


def test_the_new_file_is_longer_than_the_old_one_was(case, file):
    """Copied and truncated and grown beyond the position: only the bytes tell."""
    file.write_lines(100)
    _tail_all(case, file)
    file.write_lines(50)
    file.copytruncate()
    file.write_lines(1000)
    assert len(file.generations[1].data) > len(file.generations[0].data)
    _tail_all(case, file)
    case.check(file)


def test_rotated_by_both_while_away(case, file):
    file.write_lines(100)
    _tail_all(case, file)
    file.copytruncate()
    file.write_lines(100)
    file.rename()
    file.write_lines(100)
    file.copytruncate()
    file.write_half_a_line()
    file.rename()
    file.write_lines(1)
    _tail_all(case, file)
    case.check(file)


def test_the_same_files_with_a_new_state_come_again_under_new_uids(case):
    """A lost state directory costs doubles and no byte."""
    case.put("a.log", b"one\n" * 1000)
    first = case.run()["a.log"][0].uid
    case.state = case.state.with_name("another")
    case.expect("again", b"one\n" * 1000)
    found = case.run()
    assert {found["a.log"][0].uid, found["again"][0].uid} > {first}


def test_a_second_tailer_on_the_same_state_does_not_start(case):
    case.put("a.log", b"one\n")
    with case.tail() as first, case.reader() as reader:
        with case.tail(wait=False) as second:
            assert second.wait() != 0 and second.stderr
        reader.wait_bytes(4)
        first.terminate()
    case.check()


def test_sigint_ends_it_as_well(case):
    case.put("a.log", b"one\n")
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(4)
        tail.signal(signal.SIGINT)
        assert tail.wait() == 0
    case.check()


# --- Kafka


def test_kafka_comes_later_than_the_tailer(case):
    case.put("a.log", b"one\n" * 10)
    case.kafka.stop()
    with case.tail() as tail:
        case.kafka.start()
        with case.reader() as reader:
            reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    case.check()


@pytest.mark.slow
def test_kafka_away_bounds_memory_and_sigterm_leaves_the_rest(case):
    """The files are the buffer: 200 MB wait on the disk, and the end does not wait for Kafka."""
    case.put("small.log", b"first\n")
    line = b"x" * 199 + b"\n"
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(6)
        normal = tail.rss_bytes()
        case.kafka.stop()
        with (case.logs / "large.log").open("wb") as file:
            for number in range(200):
                file.write(b"%8d " % number + line[9:] + line * 5242)
        wait_until(lambda: tail.rss_bytes() > normal + MIB or tail.cpu_s() > 0.2, 10, "it reads")
        sizes = [tail.rss_bytes()]
        wait_until(lambda: sizes.append(tail.rss_bytes()) or len(sizes) > 30, 10, "samples", every_s=0.05)
        tail.terminate()
    assert max(sizes) < 64 * MIB, f"{max(sizes) / MIB:.0f} MiB"
    case.kafka.start()
    size = (case.logs / "large.log").stat().st_size
    with case.tail("--pack-bytes", 65536) as tail, case.reader() as reader:
        sizes = []
        reader.wait_for(lambda shipped: sizes.append(tail.rss_bytes()) or shipped.covered_bytes >= size, 90, f"{size} bytes")
        tail.terminate()
    assert max(sizes) < 64 * MIB, f"{max(sizes) / MIB:.0f} MiB"
    case.expect("large.log", (case.logs / "large.log").read_bytes())
    case.check()


def test_kafka_is_killed_and_comes_back_with_one_file_growing(case, file):
    with case.tail() as tail:
        file.write_lines(2000)
        case.kafka.kill()
        file.write_lines(2000)
        case.kafka.start()
        with case.reader() as reader:
            reader.wait_bytes(len(file.current.data))
        tail.terminate()
    case.check(file)


def test_a_topic_that_is_not_there_yet(kafka, prefix, case):
    """It waits for it, and says so."""
    case.topic = prefix + "later"
    case.put("a.log", b"one\n")
    with case.tail() as tail:
        tail.wait_stderr(case.topic.replace(".", r"\."))
        kafka.create_topic(case.topic, 1)
        with case.reader() as reader:
            reader.wait_bytes(4)
        tail.terminate()
    case.check()
