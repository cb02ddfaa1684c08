"""Training of one face network: a loop to be read from top to bottom.

The figure to expect is in docs/identities.md. The same seed, data and thread count give the same network; a
training that was killed goes on from its last checkpoint. How long it lasts is counted in steps, so that a
slow machine learns as much.
"""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

from talchum.domain.frame import Image
from talchum.training.base_network import begin_with_base
from talchum.training.dataset import Batch, Dataset, as_batch, learning_batch
from talchum.training.measures import gradients, psnr, ssim_map
from talchum.training.moment import Moment
from talchum.training.network import WIDTHS, FaceNetwork, Widths
from talchum.training.variation import Variation

FEATURES_COUNT = 4.0
"""How much more a pixel of an eye or the mouth counts than one of the skin."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How long and how fast.

    steps: of the optimiser, each on `batch` moments. base: begin with what all faces share, not with nothing;
    only a network of the standard widths can.
    """

    steps: int = 1200
    batch: int = 4
    rate: float = 7e-4
    warm_up: int = 50
    seed: int = 0
    look_every: int = 250  # steps between two looks at what is held out
    checkpoint_every: int = 100
    widths: Widths = WIDTHS
    base: bool = True


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How well moments that were never learned from are painted, inside the face. psnr: dB. ssim: 0..1."""

    psnr: float
    ssim: float


@dataclass(frozen=True, slots=True, eq=False)
class TrainStep:
    """What a step tells.

    held_out, preview: at every look. preview: RGB uint8 (S, 2 S, 3), a held-out moment as painted and as it
    is.
    """

    step: int
    loss: float
    held_out: HeldOut | None = None
    preview: Image | None = None


class Training:
    """One run. Iterate over `run`; afterwards `network` is what was learned."""

    def __init__(self, dataset: Dataset, options: TrainOptions, checkpoint: Path | None = None) -> None:
        torch.manual_seed(options.seed)
        self._dataset, self._options, self._checkpoint = dataset, options, checkpoint
        learner = FaceNetwork(options.widths)
        if options.base and options.widths == WIDTHS:
            begin_with_base(learner)
        self._learner = learner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.AdamW(
            self._learner.parameters(), options.rate, betas=(0.9, 0.99), weight_decay=1e-4
        )
        # the mean of the last few hundred steps paints better than any of them (Polyak and Juditsky, 1992)
        self.network = copy.deepcopy(self._learner).requires_grad_(False).eval()
        self._variation = Variation(dataset.topology)
        self._rng = np.random.default_rng(options.seed)
        self.step = 0
        if checkpoint is not None and checkpoint.exists():
            self._restore(checkpoint)

    def run(self) -> Iterator[TrainStep]:
        """Learn to the end, from wherever this run stands."""
        options = self._options
        while self.step < options.steps:
            self._set_rate()
            batch = learning_batch(self._dataset, options.batch, self._variation, self._rng)
            loss = self._learn(batch)
            self.step += 1
            last = self.step == options.steps
            if self._checkpoint is not None and (last or self.step % options.checkpoint_every == 0):
                self._save(self._checkpoint)
            if last or self.step % options.look_every == 0:
                moments = self._dataset.held_out
                yield TrainStep(self.step, loss, self.look(moments), self.preview(moments[0]))
            else:
                yield TrainStep(self.step, loss)

    def look(self, moments: tuple[Moment, ...]) -> HeldOut:
        """Paint moments as they are, in their own light, and compare."""
        figures = []
        with torch.inference_mode():
            for moment in moments:
                batch = as_batch([moment])
                painted = self.network(torch.from_numpy(batch.planes))[:, :3]
                true = torch.from_numpy(batch.picture)
                inside = torch.from_numpy(batch.planes[:, 3:4]) > 0.5
                similar = float(_mean(ssim_map(painted, true), inside))
                figures.append((psnr(painted, true, inside), similar))
        count = len(figures)
        return HeldOut(sum(one for one, _ in figures) / count, sum(other for _, other in figures) / count)

    def preview(self, moment: Moment) -> Image:
        """What is painted of a moment now, beside what is true: RGB uint8 (S, 2 S, 3)."""
        batch = as_batch([moment])
        with torch.inference_mode():
            out = self.network(torch.from_numpy(batch.planes))[0].numpy()
        mask, true = out[4:5], batch.picture[0]
        both = np.concatenate([out[:3] * mask + true * (1 - mask), true], axis=2)
        return np.asarray(np.clip(both.transpose(1, 2, 0) * 255, 0, 255).astype(np.uint8))

    def _learn(self, batch: Batch) -> float:
        planes = torch.from_numpy(batch.planes).to(memory_format=torch.channels_last)
        true, mask, features = map(torch.from_numpy, (batch.picture, batch.mask, batch.features))
        out = self._learner(planes)
        loss = painting_loss(out[:, :3], out[:, 4:5], true, mask, features)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        with torch.no_grad():
            kept = min(0.998, (self.step + 1) / (self.step + 50))
            for mean, now in zip(self.network.parameters(), self._learner.parameters(), strict=True):
                mean.lerp_(now, 1 - kept)
        return float(loss.detach())

    def _set_rate(self) -> None:
        options, done = self._options, self.step / self._options.steps
        warm = min(1.0, (self.step + 1) / options.warm_up)
        fall = 0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2  # Loshchilov and Hutter, "SGDR" (2017)
        for group in self._optimizer.param_groups:
            group["lr"] = options.rate * warm * fall

    def _save(self, path: Path) -> None:
        state = {
            "step": self.step,
            "learner": self._learner.state_dict(),
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "rng": self._rng.bit_generator.state,
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        part = path.with_suffix(".part")
        part.write_bytes(buffer.getvalue())
        part.replace(path)  # a kill leaves the old one or the new one, never half of one

    def _restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.step = state["step"]
        self._learner.load_state_dict(state["learner"])
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._rng.bit_generator.state = state["rng"]


def painting_loss(painted: Tensor, mask: Tensor, true: Tensor, true_mask: Tensor, features: Tensor) -> Tensor:
    """How far a painted face is from the true one: colour, structure, edges, and where it is.

    painted, true: (B, 3, S, S). mask, true_mask, features: (B, 1, S, S). Eyes and mouth are a twentieth of a
    face and most of what people look at, so that each of their pixels counts for several.
    """
    weight = true_mask * (1 + FEATURES_COUNT * features)
    colour = _mean((painted - true).abs(), weight)
    structure = _mean(1 - ssim_map(painted, true), weight)
    edges = _mean((gradients(painted) - gradients(true)).abs(), weight)
    where = F.binary_cross_entropy(mask.clamp(1e-5, 1 - 1e-5), true_mask)
    return 4 * colour + structure + 4 * edges + 0.3 * where


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    weights = weights.expand_as(values).to(values.dtype)
    return (values * weights).sum() / weights.sum()
