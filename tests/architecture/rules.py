"""The rules of docs/architecture.md that a reader of the sources can check: which room may include which, who may
include librdkafka and Asio, how long a file may be, and how a header begins.

rules.py SOURCE_DIR      prints each breach as FILE:LINE: what, and fails if there is one
rules.py --self-test     shows that each rule finds its breach
"""

import pathlib
import re
import sys
import tempfile

# Who may look where. Dependencies point right along the pipelines: listen, aggregate, journal, forward; tail, forward.
# A value of None: every header of that room; else only these.
ALLOWED = {
    "core": {},
    "mabs": {"core": None},
    "forward": {"core": None, "mabs": None},
    "journal": {"core": None, "forward": None, "mabs": {"centroid.hpp", "tdigest.hpp"}},
    "tail": {"core": None, "forward": {"log_consumer.hpp", "record_consumer.hpp"}},
    "aggregate": {"core": None, "mabs": None, "forward": {"record_encoder.hpp"}, "journal": None},
    "listen": {"core": None, "mabs": None, "aggregate": {"sample_sink.hpp"}},
    "observe": {"core": None},
    "app": {
        "core": None,
        "mabs": None,
        "forward": None,
        "journal": None,
        "tail": None,
        "aggregate": None,
        "listen": None,
        "observe": None,
    },
}
ALLOWED["main.cpp"] = {**ALLOWED["app"], "app": None}

# Headers of others, by pattern: the rooms or files that may include them.
RESERVED = [
    (re.compile(r"(librdkafka/)?rdkafka(_mock|cpp)?\.h"), {"forward/rdkafka.hpp"}),
    (re.compile(r"boost/asio(/|\.hpp)"), {"listen", "app", "main.cpp"}),
    (re.compile(r"doctest/|gtest/"), set()),
]

USUAL_LINES = 300
MOST_LINES = 320

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def _include_breach(room, name, header, is_quoted):
    for pattern, owners in RESERVED:
        if pattern.match(header) and not {room, name} & owners:
            return f"<{header}> may be included by {', '.join(sorted(owners)) or 'no source'} only"
    if not is_quoted:
        if header.split("/")[0] in ALLOWED:
            return f"<{header}>: our own headers stand in quotes"
        return None
    target, _, file = header.partition("/")
    if target not in ALLOWED or not file:
        return f'"{header}": no room of that name (paths start at src/)'
    if target == room:
        return None
    if target not in ALLOWED[room]:
        return f"{room} must not include {target}"
    some = ALLOWED[room][target]
    if some is not None and file not in some:
        return f"of {target} {room} may include {', '.join(sorted(some))} only"
    return None


def _header_breach(lines):
    if not lines or not lines[0].startswith("// "):
        return "a header opens with a comment: what it promises"
    code = [line.strip() for line in lines if line.strip() and not line.startswith("//")]
    if not code or code[0] != "#pragma once":
        return "#pragma once comes first behind the opening comment"
    return None


def breaches(source):
    """Yields (file, line number, what)."""
    files = sorted(p for p in source.rglob("*") if p.suffix in (".hpp", ".cpp", ".h", ".cc"))
    if not files:
        yield source, 0, "no sources found"
    for path in files:
        name = path.relative_to(source).as_posix()
        room = name.split("/")[0]
        if room not in ALLOWED:
            yield path, 1, f"{room} is no room"
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MOST_LINES:
            yield path, len(lines), f"{len(lines)} lines, at most {MOST_LINES} (better: {USUAL_LINES})"
        elif len(lines) > USUAL_LINES:
            print(f"warning: {name} has {len(lines)} lines, more than {USUAL_LINES}")
        if path.suffix == ".hpp" and (what := _header_breach(lines)):
            yield path, 1, what
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if found and (what := _include_breach(room, name, found[1] or found[2], found[1] is not None)):
                yield path, number, what


# file, its text, whether that is a breach
_HEAD = "// What it promises.\n#pragma once\n"
_SAMPLES = [
    ("core/a.hpp", _HEAD + '#include "core/b.hpp"\n#include <vector>\n', False),
    ("core/a.hpp", _HEAD + '#include "mabs/b.hpp"\n', True),
    ("mabs/a.cpp", '#include "core/b.hpp"\n', False),
    ("mabs/a.cpp", '  #  include "aggregate/b.hpp"\n', True),
    ("forward/a.cpp", '#include "mabs/b.hpp"\n', False),
    ("forward/a.cpp", '#include "journal/b.hpp"\n', True),
    ("journal/a.cpp", '#include "forward/b.hpp"\n', False),
    ("journal/a.cpp", '#include "mabs/b.hpp"\n', True),
    ("journal/a.cpp", '#include "mabs/tdigest.hpp"\n', False),
    ("aggregate/a.cpp", '#include "forward/record_encoder.hpp"\n', False),
    ("aggregate/a.cpp", '#include "forward/kafka_producer.hpp"\n', True),
    ("aggregate/a.cpp", '#include "listen/b.hpp"\n', True),
    ("listen/a.cpp", '#include "aggregate/sample_sink.hpp"\n', False),
    ("listen/a.cpp", '#include "aggregate/aggregator.hpp"\n', True),
    ("listen/a.cpp", '#include "journal/b.hpp"\n', True),
    ("observe/a.cpp", '#include "listen/b.hpp"\n', True),
    ("app/a.cpp", '#include "listen/b.hpp"\n#include "forward/b.hpp"\n#include "observe/b.hpp"\n', False),
    ("main.cpp", '#include "app/b.hpp"\n#include <boost/asio/io_context.hpp>\n', False),
    ("app/a.cpp", '#include "main.cpp"\n', True),
    ("core/a.cpp", '#include "b.hpp"\n', True),
    ("core/a.cpp", "#include <mabs/b.hpp>\n", True),
    ("forward/rdkafka.hpp", _HEAD + "#include <rdkafka.h>\n#include <rdkafka_mock.h>\n", False),
    ("forward/a.cpp", "#include <rdkafka.h>\n", True),
    ("forward/a.cpp", "#include <librdkafka/rdkafka.h>\n", True),
    ("app/a.cpp", "#include <rdkafka_mock.h>\n", True),
    ("listen/a.cpp", "#include <boost/asio/post.hpp>\n", False),
    ("journal/a.cpp", "#include <boost/asio.hpp>\n", True),
    ("aggregate/a.cpp", "#include <boost/asio/post.hpp>\n", True),
    ("mabs/a.cpp", "#include <boost/system/result.hpp>\n", False),
    ("core/a.cpp", "#include <doctest/doctest.h>\n", True),
    ("core/a.hpp", "#pragma once\n// Too late.\n", True),
    ("core/a.hpp", "// No pragma.\n#include <vector>\n", True),
    ("core/a.hpp", "// Guards.\n#ifndef A\n#define A\n#endif\n", True),
    ("core/a.hpp", "\n" + _HEAD, True),
    ("core/a.hpp", "", True),
    ("core/a.cpp", "\n" * MOST_LINES, False),
    ("core/a.cpp", "\n" * (MOST_LINES + 1), True),
    ("tail/a.cpp", '#include "core/b.hpp"\n#include "forward/log_consumer.hpp"\n', False),
    ("tail/a.cpp", '#include "forward/kafka_producer.hpp"\n', True),
    ("tail/a.cpp", '#include "journal/b.hpp"\n', True),
    ("journal/a.cpp", '#include "tail/b.hpp"\n', True),
    ("app/a.cpp", '#include "tail/b.hpp"\n', False),
    ("main.cpp", '#include "tail/b.hpp"\n', False),
    ("nowhere/a.cpp", "\n", True),
]


def _self_test():
    wrong = 0
    for name, text, is_breach in _SAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            found = [what for _, _, what in breaches(pathlib.Path(folder))]
        if bool(found) != is_breach:
            wrong += 1
            print(f"{name} {text[:60]!r}: {'not found' if is_breach else found}")
    return wrong


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if _self_test() else 0
    source = pathlib.Path(sys.argv[1])
    count = 0
    for path, number, what in breaches(source):
        print(f"{path}:{number}: {what}")
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
