"""What comes onto somebody's screen of the other's picture, and when: noted in the page, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page

_WATCH = """
  window.__seen = { attached: null, frame: null, asked: null, pressed: null };
  const now = () => performance.timeOrigin + performance.now();
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-testid=show-picture]")) __seen.pressed ??= now();
  }, true);
  let watched = null;
  const look = () => {
    const video = document.querySelector("[data-testid=remote-video]");
    if (video?.srcObject != null) __seen.attached ??= now();
    if (video !== null && video !== watched) {
      watched = video;
      video.requestVideoFrameCallback(() => { __seen.frame ??= now(); });
    }
    if (document.querySelector("[data-testid=show-picture]")?.checkVisibility()) __seen.asked ??= now();
    requestAnimationFrame(look);
  };
  look();"""


@dataclass(frozen=True, slots=True)
class Seen:
    """First moments, ms of wall clock, None for what has not happened.

    asked: the page asked whether to show the picture. pressed: somebody answered. attached: the picture was
    on the page's video element. frame: a frame of it was on the screen.
    """

    asked: float | None
    pressed: float | None
    attached: float | None
    frame: float | None

    @property
    def known_before_shown(self) -> bool:
        """Whether all of it happened, and in this order."""
        moments = (self.asked, self.pressed, self.attached, self.frame)
        given = [moment for moment in moments if moment is not None]
        return len(given) == len(moments) and given == sorted(given)


async def watch_screen(page: Page) -> None:
    """Begin to watch; what was before is not known."""
    await page.evaluate(_WATCH)


async def seen(page: Page) -> Seen:
    """What was seen so far."""
    found = await page.evaluate("__seen")
    return Seen(**found)
