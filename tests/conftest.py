"""What every test sees: which cannot run here and why, which may have nothing beside them, and these last."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

import talchum  # noqa: F401 - before ONNX Runtime, which it keeps from reporting
from tests.deploy.containers import reason_not_to_build
from tests.network.namespaces import find_program, missing_requirement

# a busy machine is no fault of the code: how long an example takes says nothing here
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

SLOW_LAST = ("netns", "coturn", "call", "browser")
ALONE = {"call", "browser"}
"""Marks of tests that judge moving media in real time, so that nothing may take the processor from them."""

COMPUTING = {
    Path(__file__).with_name(name)
    for name in ("building", "domain", "faces", "protocol", "training", "vision")
}
"""Directories of tests that have no deadline: `tests.parts` runs them in the time that others leave."""


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


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what needs a program that is not installed, and puts tests that cross networks last."""
    for item in items:
        if needs_to_be_alone(item):
            item.add_marker("alone")
        elif not COMPUTING.isdisjoint(item.path.parents):
            item.add_marker("computing")
        for reason in filter(None, map(reason_to_skip, (mark.name for mark in item.iter_markers()))):
            item.add_marker(pytest.mark.skip(reason=reason))
    items.sort(key=slowness)  # stable: files stay together


def slowness(item: pytest.Item) -> int:
    """0 for a test of pure code, more for one that takes a network or a browser.

    Less for those of an image: it is built once when they are together, and side by side with all others.
    """
    names = marks_of(item)
    if "image" in names:
        return -1
    return max((place for place, name in enumerate(SLOW_LAST, 1) if name in names), default=0)


def needs_to_be_alone(item: pytest.Item) -> bool:
    """Whether nothing but what only computes may run beside a test."""
    names = marks_of(item)
    return bool(names & ALONE) and "image" not in names


def marks_of(item: pytest.Item) -> set[str]:
    """The names of the marks of a test, its class and its module."""
    return {mark.name for mark in item.iter_markers()}


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
