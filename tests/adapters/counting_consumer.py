"""A process that consumes a queue and says each task, and each signal, on standard output."""

from __future__ import annotations

import signal
import sys
import time
from threading import Thread

from talchum.adapters.celery_consumer import QueueConsumer
from talchum.adapters.celery_queue import make_celery

QUEUE, TASK, SLOTS_TASK = "counted", "tests.count", "tests.slots"


def main(redis_url: str) -> int:
    celery = make_celery(redis_url)

    def count(number: int) -> None:
        print("began", number, flush=True)
        time.sleep(1.0)
        print("ended", number, flush=True)

    celery.task(name=TASK)(count)
    consumer = QueueConsumer(celery, QUEUE, "counter", 1, "WARNING", most=2)
    celery.task(name=SLOTS_TASK)(consumer.use_slots)

    def signalled(_number: int) -> None:
        print("again" if consumer.is_stopping else "signalled", flush=True)

    def say_when_it_hears() -> None:
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            time.sleep(0.01)
        print("ready", flush=True)

    Thread(target=say_when_it_hears, daemon=True).start()
    return consumer.run(signalled)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
