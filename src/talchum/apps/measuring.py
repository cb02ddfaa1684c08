"""Where a process's measurements go, as its settings have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import redis.asyncio as redis

from talchum.adapters.face_worker_registry import count_waiting_legs
from talchum.adapters.prometheus_metrics import PrometheusMetrics
from talchum.apps.settings import Settings
from talchum.domain.errors import StoreError
from talchum.domain.metrics import LEGS_WAITING, LOOP_LAG, STORE_ERRORS, UNMEASURED, Measurements, Part

LAG_PERIOD = 0.25
WAITING_PERIOD = 2.0


@contextmanager
def measuring(settings: Settings, part: Part) -> Iterator[Measurements]:
    """Measurements that can be scraped for as long as this lasts, or that are forgotten.

    Raises SettingsError when nobody can listen at the address.
    """
    if settings.metrics_address is None:
        yield UNMEASURED
        return
    metrics = PrometheusMetrics(part)
    with metrics.served(*settings.metrics_address):
        yield metrics


async def measure_loop(measurements: Measurements) -> None:
    """Measure again and again how late the running event loop is."""
    while measurements.read:
        due = time.monotonic() + LAG_PERIOD
        await asyncio.sleep(LAG_PERIOD)
        measurements.observe(LOOP_LAG, max(0.0, time.monotonic() - due))


@asynccontextmanager
async def measuring_itself(measurements: Measurements, client: redis.Redis) -> AsyncIterator[None]:
    """Measure a call server's event loop, and how many legs wait in the store, for as long as this lasts."""
    tasks = [
        asyncio.create_task(measure_loop(measurements)),
        asyncio.create_task(_count_waiting(measurements, client)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _count_waiting(measurements: Measurements, client: redis.Redis) -> None:
    while measurements.read:
        try:
            for queue, legs in (await count_waiting_legs(client)).items():
                measurements.set(LEGS_WAITING, legs, queue)
        except StoreError:
            measurements.count(STORE_ERRORS)
        await asyncio.sleep(WAITING_PERIOD)
