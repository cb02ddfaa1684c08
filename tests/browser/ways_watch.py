"""By which way every picture of the other person came onto somebody's screen: noted in the page."""

from __future__ import annotations

import itertools

from playwright.async_api import Page

_WATCH = """
  window.__ways = [];
  const followed = new WeakSet();
  const follow = (video) => {
    followed.add(video);
    const next = () => video.requestVideoFrameCallback(() => {
      const seen = video.checkVisibility({ visibilityProperty: true });
      if (seen) __ways.push([performance.now(), video.dataset.way]);
      next();
    });
    next();
  };
  const look = () => {
    for (const video of document.querySelectorAll("video[data-way]")) if (!followed.has(video)) follow(video);
    requestAnimationFrame(look);
  };
  look();"""


async def watch_ways(page: Page) -> None:
    """Begin to watch; what was before is not known."""
    await page.evaluate(_WATCH)


async def changes_of_way(page: Page) -> list[tuple[str, float]]:
    """For every change so far: to which way, and seconds from the last frame before it to the first after."""
    frames = await page.evaluate("__ways")
    return [
        (way, (at - before) / 1000) for (before, was), (at, way) in itertools.pairwise(frames) if way != was
    ]
