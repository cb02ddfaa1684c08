"""Whether frames of several legs run faster together than one after the other, on this processor.

    python -m benchmarks.batching [--out benchmarks/results/batching.json] [--rounds 40]

The network of the `neural` engine, which is by far the most of a frame that is run by ONNX Runtime, with its
batch of one opened to any number. What is compared is CPU time a frame, of one thread, in the same run; a
batch also waits for its last frame, which is not counted.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from benchmarks.machine import REPOSITORY, commit, describe_machine, spread
from talchum.vision.runtime import open_network

NETWORK = REPOSITORY / "src" / "talchum" / "identities" / "sora" / "network.onnx"
BATCHES = (1, 2, 4)


def with_any_batch(path: Path) -> bytes:
    """The same network for any number of frames."""
    model = onnx.load(str(path))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "frames"
    del model.graph.value_info[:]
    return bytes(model.SerializeToString())


def frames(session: ort.InferenceSession, count: int) -> dict[str, NDArray[np.uint8]]:
    """So many times the same random frame."""
    luck = np.random.default_rng(1)
    return {
        value.name: np.repeat(luck.integers(0, 256, (1, *value.shape[1:]), np.uint8), count, axis=0)
        for value in session.get_inputs()
    }


def measure(rounds: int) -> dict[str, Any]:
    """CPU milliseconds a frame by batch, the batches taken in turns."""
    session: Any = open_network(with_any_batch(NETWORK), NETWORK.name)
    names = [output.name for output in session.get_outputs()]
    fed = {batch: frames(session, batch) for batch in BATCHES}
    [alone], [together] = (session.run(names, fed[batch]) for batch in (1, BATCHES[-1]))
    same = all(np.array_equal(alone[0], frame) for frame in together)
    times: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for _ in range(rounds):
        for batch in BATCHES:
            begun = time.process_time()
            session.run(names, fed[batch])
            times[batch].append(1000 * (time.process_time() - begun) / batch)
    middle = {batch: float(np.median(values)) for batch, values in times.items()}
    return {
        "network": f"{NETWORK.parent.name}/{NETWORK.name}",
        "sameOutcome": same,
        "cpuMsPerFrame": {str(batch): spread(values, 3) for batch, values in times.items()},
        "timesOne": {str(batch): round(middle[batch] / middle[1], 3) for batch in BATCHES},
    }


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "benchmarks/results/batching.json")
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    machine = describe_machine()
    found = {"benchmark": "batching", "commit": commit(), "machine": machine, **measure(options.rounds)}
    options.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
