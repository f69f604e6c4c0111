"""Counts test results for ./dev: prints `PASSED FAILED SKIPPED`.

tally.py meson TESTLOG_JSON       Meson's log of the units; every doctest case counts as one
tally.py junit XML EXIT_STATUS    pytest's report
A runner that crashed, timed out or left no report counts as a failure: nothing gets lost by dying early.
"""

import json
import re
import sys
import xml.etree.ElementTree

_DOCTEST = re.compile(r"\[doctest\] test cases:\s*(\d+) \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped")


def _meson(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        tests = [json.loads(line) for line in log if line.strip()]
    for test in tests:
        found = _DOCTEST.search(test.get("stdout", ""))
        if found and test["result"] in ("OK", "FAIL"):
            passed += int(found[2])
            failed += int(found[3])
            skipped += int(found[4])
            # All cases passed and yet the program ended badly: a sanitizer's report, a crash at exit.
            failed += test["result"] != "OK" and int(found[3]) == 0
        elif test["result"] == "OK" and "[doctest]" not in test.get("stdout", ""):
            passed += 1
        elif test["result"] == "SKIP":
            skipped += 1
        else:
            failed += 1
    return passed, failed if tests else 1, skipped


def _junit(path, status):
    total = failed = skipped = 0
    for suite in xml.etree.ElementTree.parse(path).iter("testsuite"):
        total += int(suite.get("tests"))
        failed += int(suite.get("failures")) + int(suite.get("errors"))
        skipped += int(suite.get("skipped"))
    passed = max(0, total - failed - skipped)
    # 5: nothing was selected. Anything else but 0 with no failure written down: the run itself broke off.
    if (status != "0" and failed == 0) or total == 0:
        failed += 1
    return passed, failed, skipped


def main():
    try:
        print(*(_meson(sys.argv[2]) if sys.argv[1] == "meson" else _junit(*sys.argv[2:4])))
    except (OSError, ValueError, KeyError, TypeError, xml.etree.ElementTree.ParseError) as error:
        print(f"tally: {sys.argv[2]}: {error}", file=sys.stderr)
        print(0, 1, 0)


main()
