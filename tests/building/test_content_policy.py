from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from building.content_policy import content_policy, inline_scripts, script_hash


def test_inline_scripts_are_taken_exactly_and_linked_ones_left_out() -> None:
    page = '<script src="a.js"></script><script id="_R_">\n a &amp;&amp; "<p>" </script><p>script</p>'
    assert inline_scripts(page) == ['\n a &amp;&amp; "<p>" ']


def test_empty_inline_script_counts() -> None:
    assert inline_scripts("<script></script>") == [""]


def test_newlines_are_hashed_as_the_browser_sees_them() -> None:
    assert inline_scripts("<script>a\r\nb</script>") == ["a\nb"]


def test_hash_is_the_one_of_the_standards_example() -> None:
    assert script_hash("alert('Hello, world.');") == "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="


def test_hash_of_korean_text_is_over_utf8() -> None:
    digest = hashlib.sha256("'탈춤'".encode()).digest()
    assert script_hash("'탈춤'") == "sha256-" + base64.b64encode(digest).decode()


def test_policy_lists_the_scripts_of_all_pages_once_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "call").mkdir()
    (tmp_path / "index.html").write_text("<script>1</script><script>2</script>")
    (tmp_path / "call" / "index.html").write_text("<script>2</script><script>3</script>")
    hashes = json.loads(content_policy(tmp_path))["scriptHashes"]
    assert hashes == sorted(script_hash(text) for text in "123")
