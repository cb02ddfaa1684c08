"""What two people are left with after a call."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from talchum.adapters.signing import Verifier
from talchum.domain.audit_chain import CHECKPOINT_TYPE, Checkpoint
from tests.browser.calling import PATIENCE, Caller, Callers

pytestmark = [
    pytest.mark.browser,
    pytest.mark.netns,
    pytest.mark.call,
    pytest.mark.vision,
    pytest.mark.asyncio(loop_scope="session"),
]


async def saved_receipt(caller: Caller) -> dict[str, Any]:
    page = caller.person.page
    await expect(page.get_by_test_id("receipt")).to_contain_text("noted", timeout=1000 * PATIENCE)
    async with page.expect_download() as download:
        await page.get_by_test_id("save-receipt").click()
    path = await (await download.value).path()
    saved: dict[str, Any] = json.loads(await asyncio.to_thread(Path(path).read_text))
    return saved


async def test_who_leaves_and_who_stays_can_save_a_receipt(callers: Callers) -> None:
    a, b = await callers.pair()
    await a.person.page.get_by_test_id("leave").click()
    keys = Verifier(callers.service.request("/.well-known/talchum.json"))
    for caller in (a, b):
        receipt = await saved_receipt(caller)
        checkpoint = Checkpoint.of_claims(keys.verify(receipt["checkpoint"], CHECKPOINT_TYPE))
        assert (checkpoint.seq, checkpoint.hash) == (receipt["seq"], receipt["hash"])
        assert len(checkpoint.tags) == 1, "the leg of A's face"
        assert f"{checkpoint.seq}-{checkpoint.hash[:8]}" in await caller.person.page.inner_text("body")
