from __future__ import annotations

import pytest

from talchum.adapters.quart_app import Application


async def test_a_request_that_fails_is_logged_without_its_path(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(__name__)

    @app.get("/api/rooms/<room>")
    async def fail(room: str) -> str:
        raise RuntimeError("a fault")

    answer = await app.test_client().get("/api/rooms/ASecretRoom")
    assert answer.status_code == 500
    assert "a fault" in caplog.text
    assert "ASecretRoom" not in caplog.text
