"""What every test sees: which tests cannot run here and why, and an order that ends with the slow ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import settings

import talchum  # noqa: F401 - before ONNX Runtime, which it keeps from reporting
from tests.deploy.containers import reason_not_to_build
from tests.network.namespaces import find_program, missing_requirement

# a busy machine is no fault of the code: how long an example takes says nothing here
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SLOW_LAST = ("netns", "coturn", "call", "browser")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A Celery worker in this process sets the root logger's level, and the next test hears nothing."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option that lets tests write the pictures of the documents."""
    parser.addoption(
        "--update-screenshots", action="store_true", help="write the pictures in docs/images anew"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what needs a program that is not installed, and puts tests that cross networks last."""
    for item in items:
        for reason in filter(None, map(reason_to_skip, (mark.name for mark in item.iter_markers()))):
            item.add_marker(pytest.mark.skip(reason=reason))
    items.sort(key=slowness)  # stable: files stay together


def slowness(item: pytest.Item) -> int:
    """0 for a test of pure code, more for one that takes a network or a browser."""
    names = {mark.name for mark in item.iter_markers()}
    return max((place for place, name in enumerate(SLOW_LAST, 1) if name in names), default=0)


@cache
def reason_to_skip(marker: str) -> str | None:
    """Why a test with this marker cannot run on this machine, None when it can."""
    match marker:
        case "netns":
            return missing_requirement("nft")
        case "nginx":
            return None if find_program("nginx") else "nginx is not installed (Debian: nginx-light)"
        case "image":
            return reason_not_to_build()
        case "coturn":
            return None if find_program("turnserver") else "turnserver is not installed (Debian: coturn)"
        case "browser":
            return None if find_program("chromium") else "chromium is not installed"
        case _:
            return None
