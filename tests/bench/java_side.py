"""The reference t-digest library for the benches that compare with it: tests/bench/java, compiled against the class path
that the integration tests got from Maven."""

import pathlib
import shutil
import subprocess
import sys

import measure

SOURCES = pathlib.Path(__file__).resolve().parent / "java"
# One compiler's worth of heap for both, no collector that takes a second core.
FLAGS = ["-XX:+UseSerialGC", "-Xms512m", "-Xmx512m"]


def _class_path():
    """None, with the reason printed, where Java, Maven or pytest are missing."""
    sys.path.insert(0, str(measure.ROOT / "tests" / "integration"))
    try:
        from support import java

        return (java.build() / "tool.classpath").read_text().strip()
    except ImportError as missing:
        print(f"no Java: {missing}")
    except BaseException as reason:  # pytest's skip is no Exception
        if type(reason).__name__ not in ("Skipped", "Failed"):
            raise
        print(f"no Java: {reason}")
    return None


def compiled():
    """-> the start of a command that runs one of the classes in tests/bench/java, or None."""
    class_path = _class_path()
    if class_path is None:
        return None
    classes = measure.ROOT / "build" / "tests" / "bench" / "java"
    shutil.rmtree(classes, ignore_errors=True)
    sources = sorted(str(path) for path in SOURCES.glob("*.java"))
    subprocess.run(["javac", "-d", str(classes), "-cp", class_path, *sources], check=True)
    return ["java", *FLAGS, "-cp", f"{classes}:{class_path}"]
