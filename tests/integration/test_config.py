"""The configuration file and the command line of `tail`: what is wrong is said, all at once, and exits with 2."""

import pytest
from support.agent import Agent, run

pytestmark = pytest.mark.quick

STREAM = '{"include": ["/nonexistent/*.log"], "topic": "t"}'


def _lines(result):
    """What it said, without the program's name before each line."""
    assert result.returncode == 2 and not result.stdout, result
    lines = result.stderr.decode().splitlines()
    assert lines and all(line.startswith("metrics-agent: ") for line in lines), lines
    return [line.removeprefix("metrics-agent: ") for line in lines]


def _run_config(path, *flags):
    return run("run", "--stdout", "--listen", "127.0.0.1:0", "--config", str(path), *flags)


def _matches(lines, *beginnings):
    assert len(lines) == len(beginnings), lines
    for line, beginning in zip(lines, beginnings):
        assert line.startswith(beginning), (line, beginning)


def test_every_error_of_the_config_has_its_line_and_its_place(tmp_path):
    path = tmp_path / "agent.json"
    path.write_text(
        """// the host's logs
{
    "logs": [
        {"include": ["/var/log/*.log"], "topic": "bad topic"},
        {"include": ["relative/*.log", "/var/log/[.log"], "topci": "system"},
        {"include": ["/srv/*.log"], "topic": "srv",
         "pack_bytes": -1, /* none */
         "framing": "multiline",
         "follow_symlinks": "yes"}
    ],
    "log": {}
}
"""
    )
    _matches(
        _lines(_run_config(path)),
        f'{path}:4: logs[0].topic: "bad topic": ',
        f'{path}:5: logs[1].topci: unknown key; is it "topic" that is meant?',
        f'{path}:5: logs[1].include[0]: "relative/*.log": ',
        f'{path}:5: logs[1].include[1]: "/var/log/[.log": byte 10: ',
        f"{path}:6: logs[2].multiline_start: missing",
        f"{path}:7: logs[2].pack_bytes: expected a whole number from 0 to 1044480, not -1",
        f'{path}:9: logs[2].follow_symlinks: expected true or false, not "yes"',
        f'{path}:11: log: unknown key; is it "logs" that is meant?',
    )


def test_errors_of_flags_and_of_the_config_come_together(tmp_path):
    path = tmp_path / "agent.json"
    path.write_text('{"logs": 5}')
    lines = _lines(_run_config(path, "--host", "a b", "--max-series", "0"))
    _matches(lines, "--host", "--max-series", f"{path}:1: logs: expected an array")


def test_a_syntax_error_has_line_and_column(tmp_path):
    path = tmp_path / "agent.json"
    path.write_text('{\n    "logs": [],\n}\n')
    _matches(_lines(_run_config(path)), f"{path}:3:1: syntax error")


@pytest.mark.parametrize(
    ("name", "why"), [("none.json", "No such file"), (".", "Is a directory"), ("a\nb", "No such file"), ("", "empty")]
)
def test_a_config_that_cannot_be_read_is_said(tmp_path, name, why):
    result = _run_config(tmp_path / name if name else "")
    assert result.returncode == 2 and b"--config" in result.stderr and why.encode() in result.stderr


def test_a_good_config_is_taken(tmp_path):
    path = tmp_path / "agent.json"
    path.write_text('{} // nothing yet\n')
    with Agent("--stdout", "--config", path) as agent:
        assert agent.send("mabs c a 1\n") == (1, 0)


def test_a_topic_of_the_agent_itself_is_no_topic_for_logs(tmp_path):
    path = tmp_path / "agent.json"
    path.write_text('{"logs": [%s]}' % STREAM.replace('"t"', '"x.tsdb"'))
    _matches(_lines(_run_config(path, "--topic-prefix", "x.")), f'{path}:1: logs[0].topic: "x.tsdb": the agent\'s own')


def test_all_that_is_wrong_with_the_flags_of_tail():
    result = run("tail", "--include", "[ab", "--exclude", "/a//b", "--framing", "words", "--pack-bytes", "9999999",
                 "--multiline-start", "(", "--host", "a b", "-X", "x", "a.log")
    _matches(
        _lines(result),
        '-X "x": ',
        '--host "a b": ',
        'FILE "a.log": only with --once',
        "--include ",
        '--exclude "/a//b": byte 4: ',
        "--topic: missing",
        '--framing "words": expected lines, multiline or frames',
        '--multiline-start "(": ',
        "--pack-bytes 9999999: expected a whole number from 0 to 1044480",
    )


WRONG_USAGES = [
    (["--include", "/a"], "--topic: missing"),
    (["--topic", "t"], "--include: missing"),
    (["--topic", "t", "--once"], "--once: needs a FILE"),
    (["--topic", "t", "--once", "--include", "/a", "b"], "--include: not with --once"),
    (["--topic", "t", "--once", "-", "-"], 'FILE "-": only once'),
    (["--topic", "t", "--include", "/a", "b.log"], 'FILE "b.log": only with --once'),
    (["--topic", "mabs.agent", "--include", "/a"], '--topic "mabs.agent": '),
    (["--topic", "t", "--include", "/a", "--key", "path"], '--key "path": expected none or file'),
    (["--topic", "t", "--include", "/a", "--brokers", ","], '--brokers ",": '),
]


@pytest.mark.parametrize(("flags", "error"), WRONG_USAGES, ids=[" ".join(flags) for flags, _ in WRONG_USAGES])
def test_a_wrong_usage_of_tail_is_said(flags, error):
    _matches(_lines(run("tail", *flags)), error)


@pytest.mark.parametrize(
    "flags",
    [
        ["--rate-limit", "-1"],
        ["--rate-limit", "10M"],
        ["--pack-bytes", "1.5"],
        ["--topic", ""],
        ["--framing", ""],
        ["--key", ""],
        ["--include"],
        ["--no-state"],
        ["--listen", "127.0.0.1:0"],
    ],
    ids=" ".join,
)
def test_what_is_no_flag_of_tail_is_named(flags):
    result = run("tail", *flags)
    assert result.returncode == 2 and flags[0].encode() in result.stderr and not result.stdout


def test_the_help_of_tail_names_every_flag():
    text = run("tail", "--help").stdout.decode()
    for flag in (
        "--include --exclude --follow-symlinks --start --topic --framing --multiline-start --pack-bytes "
        "--max-record-bytes --key --rate-limit --once FILE --state-dir --brokers -X --host --topic-prefix --log-level"
    ).split():
        assert flag in text, flag
    assert "tail" in run("--help").stdout.decode() and "--config" in run("run", "--help").stdout.decode()
