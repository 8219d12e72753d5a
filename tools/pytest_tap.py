#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs pytest and speaks TAP, so that Meson and the count see each of its cases.

usage: pytest_tap.py [pytest arguments]
"""
import os
import sys

try:
    import pytest
    from _pytest.terminal import TerminalReporter
except ImportError:
    print("1..0 # SKIP python3-pytest is not here")
    sys.exit(0)


class Tap:
    """One line per case; what went wrong in comments below it."""

    def __init__(self):
        self.number = 0

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        # The reporter would write between our lines, and the comparison of what differs needs one.
        config.pluginmanager.unregister(config.pluginmanager.get_plugin("terminalreporter"))
        config.pluginmanager.register(TerminalReporter(config, open(os.devnull, "w")), "terminalreporter")

    def line(self, good, name, note=""):
        self.number += 1
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}{note}", flush=True)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.replace("#", "_")
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.line(True, name, f" # SKIP {reason.removeprefix('Skipped: ')}")
        elif report.failed:
            self.line(False, name if report.when == "call" else f"{name} ({report.when})")
            for line in (report.longreprtext + "\n" + report.capstdout + report.capstderr).splitlines():
                print(f"# {line}", flush=True)
        elif report.when == "call":
            self.line(True, name)

    def pytest_collectreport(self, report):
        if report.failed:
            self.line(False, f"{report.nodeid} (collection)")
            for line in report.longreprtext.splitlines():
                print(f"# {line}", flush=True)


def main():
    tap = Tap()
    status = pytest.main(["-p", "no:cacheprovider", *sys.argv[1:]], plugins=[tap])
    print(f"1..{tap.number}")
    return 0 if status == pytest.ExitCode.OK else 1


if __name__ == "__main__":
    sys.exit(main())
