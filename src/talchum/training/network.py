"""The face network: a small U-Net that paints one identity from what it is shown of the performer.

It works on the planes of `talchum.vision.conditioning` and answers with five: colour (3), how far the bent
still may stand as it is (1), and the mask of the face (1), all 0..1. 1.8 M weights, 0.89 G multiplications a
frame. Source: O. Ronneberger et al., "U-Net" (2015); pixel shuffling after W. Shi et al. (2016).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

from talchum.vision.conditioning import PLANES

Widths = tuple[int, int, int, int]
WIDTHS: Widths = (32, 64, 128, 192)  # channels at a half, a quarter, an eighth and a sixteenth of the side
OUTPUTS = 5  # red, green, blue, still, mask


class Residual(nn.Module):
    """Two convolutions beside a straight way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class Down(nn.Sequential):
    """Half the side, another width."""

    def __init__(self, width: int, wider: int) -> None:
        super().__init__(nn.Conv2d(width, wider, 3, stride=2, padding=1), nn.ReLU(), Residual(wider))


class Up(nn.Module):
    """Twice the side, joined with what was seen at that size on the way down."""

    def __init__(self, width: int, narrower: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(width, narrower, 1)
        self.refine = Residual(narrower)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(B, W, H, W), (B, N, 2H, 2W) to (B, N, 2H, 2W)."""
        larger = F.interpolate(self.narrow(x), scale_factor=2.0, mode="nearest")
        out: Tensor = self.refine(F.relu(larger + skip))
        return out


class FaceNetwork(nn.Module):
    """One identity."""

    def __init__(self, widths: Widths = WIDTHS) -> None:
        super().__init__()
        a, b, c, d = widths
        self.enter = nn.Sequential(nn.Conv2d(4 * PLANES, a, 3, padding=1), nn.ReLU())
        self.down = nn.ModuleList([Down(a, b), Down(b, c), Down(c, d)])
        self.up = nn.ModuleList([Up(d, c), Up(c, b), Up(b, a)])
        self.leave = nn.Conv2d(a, 4 * OUTPUTS, 3, padding=1)
        with torch.no_grad():
            self.leave.weight.mul_(0.3)  # begins near grey, half the still

    def forward(self, planes: Tensor) -> Tensor:
        """planes: (B, 14, S, S) in 0..1. Returns (B, 5, S, S): the picture, the still's share, the mask."""
        return self.paint(F.pixel_unshuffle(planes, 2))

    def paint(self, unshuffled: Tensor) -> Tensor:
        """The same from planes whose 2 x 2 pixels are channels, (B, 56, S/2, S/2)."""
        seen = [self.enter(unshuffled)]  # (B, a, S/2, S/2)
        for down in self.down:
            seen.append(down(seen[-1]))
        x = seen.pop()  # (B, d, S/16, S/16)
        for up in self.up:
            x = up(x, seen.pop())
        out = F.pixel_shuffle(self.leave(x), 2)  # (B, 5, S, S)
        painted = torch.sigmoid(out[:, :3] * 2)
        still, mask = torch.sigmoid(out[:, 3:4]), torch.sigmoid(out[:, 4:5])
        bent = F.pixel_shuffle(unshuffled[:, :12], 2)  # the first three planes
        picture = painted + (bent - painted) * still
        return torch.cat([picture, still, mask], 1)
