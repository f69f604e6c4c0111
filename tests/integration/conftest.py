"""Fixtures of the integration tests. Run with: python3 -m pytest tests/integration [-m quick]"""

import itertools
import re

import pytest

from support import java, needs
from support.agent import Agent, binary
from support.kafka import RealKafka

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    """Cheap tests first: a broken build shows within seconds, before the broker starts."""
    items.sort(key=lambda item: ("kafka" in item.keywords, "slow" in item.keywords))


@pytest.fixture(scope="session")
def java_build():
    return java.build()


@pytest.fixture(scope="session")
def java_tool(java_build):
    tool = java.JavaTool(java_build)
    yield tool
    tool.close()


@pytest.fixture(scope="session")
def _broker(java_build, java_tool):
    broker = RealKafka(java_build, java_tool)
    try:
        broker.start()
        broker.create_user()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def kafka(_broker):
    """The shared broker, running; a test may stop, kill or pause it."""
    _broker.ensure_running()
    yield _broker
    _broker.ensure_running()


@pytest.fixture
def prefix(request):
    """A topic prefix that no other test has, so nothing needs to be cleaned up."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:60].strip("-")
    return f"{name}-{next(_numbers)}."


@pytest.fixture(scope="module")
def agent():
    """One agent a module for tests that only talk to it; its records go to standard output."""
    with Agent("--stdout") as running:
        yield running


@pytest.fixture(scope="session")
def agent_binary():
    return binary()


@pytest.fixture
def kcat():
    return needs.tool("kcat")
