"""The hashes that a Content-Security-Policy needs so that the exported pages' own inline scripts run.

Next.js starts its pages from inline scripts; under `script-src 'self'` alone they do nothing. Source: CSP
Level 3, section 8.3 (hash-source).
"""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path


class _InlineScripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[str] = []
        self._parts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin to collect at a script without a source."""
        if tag == "script" and not any(name == "src" for name, _ in attrs):
            self._parts = []

    def handle_data(self, data: str) -> None:
        """Collect."""
        if self._parts is not None:
            self._parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Keep what was collected."""
        if tag == "script" and self._parts is not None:
            self.found.append("".join(self._parts))
            self._parts = None


def inline_scripts(page: str) -> list[str]:
    """The text of every inline script of an HTML page, exactly as the browser hashes it."""
    parser = _InlineScripts()
    parser.feed(page.replace("\r\n", "\n"))  # the HTML standard normalises newlines before a script is seen
    parser.close()
    return parser.found


def script_hash(script: str) -> str:
    """`sha256-...` of an inline script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def content_policy(pages: Path) -> str:
    """JSON `{"scriptHashes": [...]}` for all HTML pages below a directory."""
    hashes = {
        script_hash(script)
        for page in pages.rglob("*.html")
        for script in inline_scripts(page.read_text(encoding="utf-8"))
    }
    return json.dumps({"scriptHashes": sorted(hashes)}, indent=2) + "\n"
