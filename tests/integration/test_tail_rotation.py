"""Rotation under load, with kill -9 at random instants: every byte of every generation once and in order (docs/tail.md)."""

import os
import random
import time

import pytest
from support.log_check import Shipped, read_log
from support.log_writer import LogFile, Rotator
from support.tail_case import TailCase
from support.wait import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

# ./dev soak tail asks for more.
ROTATIONS = int(os.environ.get("METRICS_AGENT_TEST_ROTATIONS", "50"))
KEPT = 20


@pytest.fixture
def case(kafka, prefix, tmp_path):
    return TailCase(kafka, prefix, tmp_path)


def _seed():
    """Another one each time; METRICS_AGENT_TEST_SEED takes one up again."""
    seed = int(os.environ.get("METRICS_AGENT_TEST_SEED", random.SystemRandom().randrange(10**6)))
    print(f"METRICS_AGENT_TEST_SEED={seed}")  # pytest shows it beside a failure
    return seed


def _rename(file, generator):
    file.rename(late_lines=generator.choice((0, 0, 5)))


def _copytruncate(file, generator):
    file.copytruncate(lost_lines=generator.choice((0, 0, 3)))


def _delete(file, generator):
    file.delete(late_lines=generator.choice((0, 0, 5)))


def _kill_often(case, rotator, generator):
    """-> how often; some before they are ready, some when they have long been quiet."""
    kills = 0
    while rotator.is_alive():
        with case.tail(wait=generator.random() < 0.7) as tail:
            deadline = time.monotonic() + generator.choice((0.02, 0.2, 0.6, 1.5)) * generator.random() * 2
            while rotator.is_alive() and time.monotonic() < deadline:
                time.sleep(0.005)  # the instant is the case
            assert tail.poll() is None, f"it has ended by itself:\n{tail.stderr}"
            tail.kill()
        if generator.random() < 0.3:
            time.sleep(generator.random() * 0.5)  # rotations with nobody there
        kills += 1
    return kills


def _finish(case, file, rotator, reader, timeout_s=60):
    with case.tail() as tail:
        rotator.finish(timeout_s)
        _wait_all(reader, file, timeout_s)
        tail.terminate()
    shipped = Shipped(read_log(case.kafka.brokers, case.topic))
    shipped.check(file.generations)
    return shipped


def _wait_all(reader, file, timeout_s):
    size = sum(one.must for one in file.generations)
    reader.wait_for(
        lambda shipped: shipped.covered_bytes >= size, timeout_s, lambda: f"missing: {reader.shipped.missing_of(file.generations)}"
    )


@pytest.mark.parametrize("is_numbered", [True, False], ids=["numbered", "dated"])
@pytest.mark.parametrize("rotate", [_rename, _copytruncate], ids=["rename", "copytruncate"])
def test_rotations_under_load_with_kills(case, rotate, is_numbered):
    seed = _seed()
    generator, rotations = random.Random(seed), ROTATIONS if is_numbered else ROTATIONS // 5
    file = LogFile(case.logs / "app.log", random.Random(seed + 1), is_numbered=is_numbered)
    with case.reader() as reader:

        def may_rotate():
            """A rotated file goes for good only when it has come."""
            if not is_numbered or not reader.has_whole(file.generations[:-KEPT]):
                return not is_numbered
            file.remove_rotated(KEPT)
            return True

        generator_of_rotations = random.Random(seed + 3)
        rotator = Rotator(
            file,
            random.Random(seed + 2),
            lambda one: rotate(one, generator_of_rotations),
            rotations,
            may_rotate=may_rotate,
            open_ends_from=rotations - KEPT if is_numbered else 0,
        )
        rotator.start()
        kills = _kill_often(case, rotator, generator)
        shipped = _finish(case, file, rotator, reader)
    again = f"{shipped.replayed_bytes} of {file.written_bytes()} bytes came again, none is lost"
    print(f"{rotate.__name__[1:]}: {rotator.done} rotations, {kills} kills: {again}")
    assert kills > rotations / 20
    file.close()


@pytest.mark.parametrize("rotate", [_rename, _copytruncate, _delete], ids=["rename", "copytruncate", "delete"])
def test_rotations_under_load_without_a_restart(case, rotate):
    """Nothing needs to be sent again then. What is deleted is not on the disk any more: only who has it open has it all."""
    seed = _seed()
    file = LogFile(case.logs / "app.log", random.Random(seed))
    generator = random.Random(seed + 1)
    with case.tail() as tail, case.reader() as reader:

        def may_rotate():
            """Deleting waits until the tailer must have it open."""
            return rotate is not _delete or reader.has_some_of(file.current)

        rotator = Rotator(
            file,
            random.Random(seed + 2),
            lambda one: rotate(one, generator),
            20,
            may_rotate=may_rotate,
            period_s=0.1,
        )
        rotator.start()
        rotator.finish(60)
        _wait_all(reader, file, 60)
        tail.terminate()
    shipped = Shipped(read_log(case.kafka.brokers, case.topic))
    shipped.check(file.generations)
    assert shipped.replayed_bytes == 0
    file.close()


def test_a_last_line_without_an_end_holds_up_nobody(case):
    """It waits for its end, in vain; the file behind it does not."""
    file = LogFile(case.logs / "app.log", random.Random(3))
    with case.tail() as tail, case.reader() as reader:
        for _ in range(3):
            file.write_lines(10)
            reader.wait_for(lambda _: reader.has_some_of(file.current), 20, file.current.label)
            file.write_half_a_line()
            file.rename()
        file.write_lines(10)
        ended = sum(one.data.rindex(b"\n") + 1 for one in file.generations)
        reader.wait_bytes(ended, 4)
        _wait_all(reader, file, 20)
        tail.terminate()
    case.check(file)
    file.close()


def test_two_files_are_renamed_into_each_others_names(case):
    """Identity is the file, not its name."""
    one, two = case.put("a.log", b"a 1\na 2\n"), case.put("b.log", b"b 1\n")
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        one.rename(case.logs / "c")
        two.rename(one)
        (case.logs / "c").rename(two)
        for path, label, data in (one, "b.log", b"b 2\n"), (two, "a.log", b"a 3\n"):
            with path.open("ab") as file:
                file.write(data)
            case.append(label, data)
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    case.check()


def test_a_new_file_on_the_inode_of_a_deleted_one(case):
    """File systems give numbers of inodes out again at once. Equal first lines make it harder."""
    head = b"# log of an app, the same first line each time\n"
    path = case.logs / "app.log"
    inodes = set()
    total = 0
    with case.tail() as tail, case.reader() as reader:
        for number in range(8):
            case.put("app.log", head + b"generation %d\n" % number, label=f"#{number}")
            inodes.add(path.stat().st_ino)
            total = case.expected_bytes()
            reader.wait_bytes(total)
            path.unlink()
        tail.terminate()
    case.check()
    print(f"{len(inodes)} inodes for 8 files")


def test_broker_stops_and_comes_back_during_rotations(case):
    seed = _seed()
    file = LogFile(case.logs / "app.log", random.Random(seed))
    rotator = Rotator(file, random.Random(seed + 1), LogFile.rename, 20)
    with case.tail() as tail:
        rotator.start()
        wait_until(lambda: rotator.done >= 4, 30, "four rotations")
        case.kafka.stop()
        wait_until(lambda: rotator.done >= 14, 30, "fourteen rotations")
        case.kafka.start()
        rotator.finish(60)
        with case.reader() as reader:
            _wait_all(reader, file, 60)
        tail.terminate()
    case.check(file)
    file.close()
