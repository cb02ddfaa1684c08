"""What a build says when it cannot go on."""

from __future__ import annotations


class BuildError(Exception):
    """A build step failed; the message is one lower-case line with what was got and what was expected."""
