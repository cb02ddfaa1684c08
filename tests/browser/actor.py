"""A person of the generator before a browser's camera, who does what the page asks of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import cv2
from playwright.async_api import BrowserContext

from benchmarks.trust_measures.acting import MOMENTS, RESTS, STEPS, Stage

ACTOR = Path(__file__).with_name("actor.js")


def acted_pictures(person: str, light: str = "even") -> dict[str, str]:
    """Every picture that `actor.js` shows, as data URLs. Slow the first time: they are drawn and kept."""
    stage = Stage()
    return {f"{act} {step}": _data_url(stage, person, light, act, step) for act, step in MOMENTS}


def _data_url(stage: Stage, person: str, light: str, act: str, step: int) -> str:
    picture = stage.picture(person, light, act, step)
    done, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()


async def film_actor(context: BrowserContext, pictures: dict[str, str]) -> None:
    """Have every page of this browser filmed so."""
    told = {"pictures": pictures, "steps": STEPS, "rests": RESTS}
    await context.add_init_script(f"window.__actor = {json.dumps(told)};")
    await context.add_init_script(path=ACTOR)
