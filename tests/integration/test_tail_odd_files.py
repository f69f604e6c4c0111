"""Files that are not just a file with lines at the end of a name (docs/tail.md)."""

import os
import shutil
import subprocess

import pytest
from support import needs
from support.agent import binary
from support.tail_case import TailCase

pytestmark = pytest.mark.kafka

NOBODY = 65534


@pytest.fixture
def case(kafka, prefix, tmp_path):
    return TailCase(kafka, prefix, tmp_path)


def _append(case, path, data, label=None):
    with path.open("ab") as file:
        file.write(data)
    case.append(label or path.name, data)


def test_a_file_that_two_globs_match_comes_once(case):
    case.put("a.log", b"one\ntwo\n" * 100)
    case.run(include=[case.logs / glob for glob in ("*.log", "a*", "**/a.log", "a.log")])


def test_two_names_of_one_file_come_once(case):
    """A hard link is the same bytes."""
    path = case.put("a.log", b"one\ntwo\n")
    os.link(path, case.logs / "b.log")
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        _append(case, path, b"three\n")
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    case.check()


@pytest.mark.parametrize("is_followed", [False, True], ids=["refused", "followed"])
def test_symlinks(case, tmp_path, is_followed):
    """Of a file and of a directory on the way; a link to nothing and one to itself do no harm."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in "file", "in-folder.log":
        (outside / name).write_bytes(b"secret of " + name.encode() + b"\n")
    (case.logs / "link.log").symlink_to(outside / "file")
    (case.logs / "folder").symlink_to(outside)
    (case.logs / "nothing.log").symlink_to(outside / "nothing")
    (case.logs / "itself.log").symlink_to("itself.log")
    case.put("a.log", b"one\n")
    if is_followed:
        for name in "file", "in-folder.log":
            case.expect(name, b"secret of " + name.encode() + b"\n")
    flags = ["--follow-symlinks"] if is_followed else []
    with case.tail(*flags, include=[case.logs / "*.log", case.logs / "fol*/*.log"]) as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        case.put("b.log", b"later\n")
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    case.check()


def test_fifos_sockets_devices_and_folders_are_left_alone(case):
    """A reader that opened a FIFO as a file would hang, and a device might do anything."""
    os.mkfifo(case.logs / "fifo.log")
    (case.logs / "folder.log").mkdir()
    (case.logs / "null.log").symlink_to("/dev/null")
    (case.logs / "zero.log").symlink_to("/dev/zero")
    case.put("a.log", b"one\n")
    with case.tail("--follow-symlinks") as tail, case.reader() as reader:
        reader.wait_bytes(4)
        case.put("b.log", b"two\n")
        reader.wait_bytes(8)
        tail.terminate()
    case.check()


def test_names_that_are_not_utf_8(case):
    name = os.fsdecode(b"caf\xe9 \xff\n\t\"'.log")
    case.put(name, b"one\n")
    case.put("ü ☃.log", b"two\n")
    found = case.run("--key", "file")
    assert found["ü ☃.log"][0].key == os.fsencode(case.logs / "ü ☃.log")
    assert found[name][0].key == os.fsencode(case.logs / name)


def test_a_shorter_file_with_the_same_first_line_in_its_place(case):
    """Written over, not rotated: what was read is read; then the new one from its start, under another uid."""
    head = b"# the same first line\n"
    path = case.put("a.log", head + b"old\n" * 100, label="old")
    with case.tail() as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes())
        case.put("a.log", head + b"new\n", label="written over")
        reader.wait_bytes(case.expected_bytes())
        other = path.with_suffix(".tmp")
        other.write_bytes(head + b"newer\n")
        other.rename(path)
        case.expect("renamed over", head + b"newer\n")
        reader.wait_bytes(case.expected_bytes())
        tail.terminate()
    case.check()


def test_the_same_while_nobody_looks(case):
    head = b"# the same first line\n" * 100
    case.put("a.log", head + b"old\n" * 100, label="old")
    case.run()
    case.put("a.log", head + b"new\n", label="new")
    case.run()


def test_small_files_that_are_alike(case):
    """Equal bytes, different files; each grows on its own."""
    paths = [case.put(f"{number}.log", b"# app\n") for number in range(5)]
    with case.reader() as reader:
        for turn in range(3):
            with case.tail() as tail:
                for number, path in enumerate(paths):
                    _append(case, path, b"%d of %d\n" % (turn, number))
                reader.wait_bytes(case.expected_bytes())
                tail.terminate()
    case.check()


def test_a_sparse_file(case):
    """A gigabyte of hole is no record of a gigabyte of zeros, nor a thousand of them: it is skipped, and shows as a gap."""
    begin, hole_end = b"one\n" * 1024, 1 << 30
    path = case.logs / "a.log"
    with path.open("wb") as file:
        file.write(begin)
        file.seek(hole_end)
        file.write(b"two\n")
    if path.stat().st_blocks * 512 > hole_end // 2:
        needs.unavailable("this file system has no sparse files")
    with case.tail() as tail, case.reader() as reader:
        reader.wait_for(lambda shipped: any(file.end == hole_end + 4 for file in shipped.files.values()), 30, "the end")
        assert tail.rss_bytes() < 64 << 20
        tail.terminate()
        (file,) = reader.shipped.files.values()
    assert file.begin == 0 and len(file.records) == 1025, "and no zeros"
    assert file.gaps == [(len(begin), hole_end)]
    assert file.records[-1].value == b"two"


def test_thousands_of_files_at_once(case):
    """More than the process may have open at first."""
    count = 3000
    for number in range(count):
        case.put(f"{number % 50}/{number}.log", b"of file %d\n" % number * (number % 7))
    include = [case.logs / "**/*.log"]
    wrapper = ["prlimit", "--nofile=512:"] if shutil.which("prlimit") else []
    with case.tail(include=include, wrapper=wrapper) as tail, case.reader() as reader:
        reader.wait_bytes(case.expected_bytes(), 60)
        for number in range(0, count, 10):
            name = f"{number % 50}/{number}.log"
            _append(case, case.logs / name, b"more of %d\n" % number, name)
        reader.wait_bytes(case.expected_bytes(), 60)
        tail.terminate()
    case.check()


def test_a_file_grows_faster_than_kafka_takes_it(case):
    """The tailer is slowed down: it must stay behind without growing, and come along in the end; then it is deleted."""
    line = b"x" * 99 + b"\n"
    path = case.put("a.log", b"")
    with case.tail("--rate-limit", 5_000_000) as tail, case.reader() as reader:
        sizes = []
        for number in range(20):
            _append(case, path, b"%9d" % number + line[9:] + line * 10_000)
            sizes.append(tail.rss_bytes())
        assert reader.covered_bytes() < case.expected_bytes() / 2, "it is behind"
        path.unlink()
        reader.wait_for(
            lambda shipped: sizes.append(tail.rss_bytes()) or shipped.covered_bytes >= case.expected_bytes(), 30, "all of it"
        )
        tail.terminate()
    assert max(sizes) < 64 << 20
    case.check()


def _as_nobody():
    """What starts a program as somebody who may not read everything; skips where there is no way."""
    if os.getuid() != 0:
        return []
    command = [needs.tool("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    if subprocess.run([*command, binary(), "--help"], capture_output=True, check=False).returncode != 0:
        needs.unavailable("nobody may not start the binary")
    return command


def test_permissions_taken_away_and_given_back(case, tmp_path):
    wrapper = _as_nobody()
    case.state.mkdir()
    if wrapper:
        os.chown(case.state, NOBODY, NOBODY)
        for folder in [case.logs, *case.logs.parents]:
            if folder.owner() == "root" and folder != folder.parent and not folder.stat().st_mode & 1:
                folder.chmod(folder.stat().st_mode | 0o011)
        case.logs.chmod(0o755)
    path, other = case.put("a.log", b"one\n"), case.put("b.log", b"readable\n")
    path.chmod(0)
    with case.tail(wrapper=wrapper) as tail, case.reader() as reader:
        reader.wait_bytes(len(b"readable\n"))
        tail.wait_stderr(r"a\.log")
        path.chmod(0o644)
        reader.wait_bytes(case.expected_bytes(), 40)
        # What it has open it goes on reading; what is rotated meanwhile it finds again.
        case.logs.chmod(0)
        _append(case, path, b"two\n")
        _append(case, other, b"more\n")
        reader.wait_bytes(case.expected_bytes(), 40)
        case.logs.chmod(0o755)
        case.put("c.log", b"three\n")
        reader.wait_bytes(case.expected_bytes(), 40)
        tail.terminate()
    case.check()
