"""The light in the rooms where a performance is acted."""

from __future__ import annotations

from dataclasses import dataclass

from faces.lighting import Lamp


@dataclass(frozen=True, slots=True)
class Lighting:
    """A room's light.

    lamps and ambient: as in `faces.lighting`. catchlight: direction of the lamp seen in the eyes. level: how
    bright the wall behind is and the eyes sparkle, 1 = usual. wall: tint of the wall.
    """

    name: str
    lamps: tuple[Lamp, ...]
    ambient: tuple[float, float, float]
    catchlight: tuple[float, float, float]
    level: float = 1.0
    wall: tuple[float, float, float] = (1.0, 1.0, 1.0)


LIGHTS: tuple[Lighting, ...] = (
    Lighting(
        "even",
        (Lamp((0.2, 0.5, 0.85), (0.66, 0.65, 0.63), 3.0),),
        (0.44, 0.44, 0.45),
        (0.3, 0.5, 0.8),
    ),
    Lighting(
        "warm_left",
        (Lamp((-0.8, 0.4, 0.6), (1.0, 0.84, 0.66), 6.0), Lamp((0.8, 0.1, 0.5), (0.16, 0.17, 0.20))),
        (0.26, 0.25, 0.25),
        (-0.5, 0.45, 0.75),
        0.85,
        (1.06, 1.0, 0.92),
    ),
    Lighting(
        "cool_right",
        (Lamp((0.85, 0.35, 0.55), (0.78, 0.88, 1.0), 6.0), Lamp((-0.7, 0.2, 0.5), (0.20, 0.17, 0.14))),
        (0.25, 0.26, 0.29),
        (0.5, 0.45, 0.75),
        0.9,
        (0.94, 1.0, 1.06),
    ),
    Lighting(
        "above_hard",
        (Lamp((0.12, 0.9, 0.55), (1.05, 1.02, 0.96), 11.0),),
        (0.28, 0.28, 0.29),
        (0.15, 0.6, 0.75),
        0.95,
    ),
    Lighting(
        "screen_below",
        (Lamp((0.0, -0.35, 0.95), (0.50, 0.58, 0.70), 5.0), Lamp((0.4, 0.7, 0.5), (0.22, 0.20, 0.17), 3.0)),
        (0.20, 0.20, 0.22),
        (0.35, -0.35, 0.87),
        0.5,
        (0.95, 1.0, 1.05),
    ),
    Lighting(
        "dim_warm",
        (Lamp((-0.45, 0.6, 0.7), (0.46, 0.37, 0.27), 4.0),),
        (0.17, 0.155, 0.14),
        (-0.4, 0.5, 0.75),
        0.4,
        (1.08, 1.0, 0.88),
    ),
    Lighting(
        "bright_soft",
        (Lamp((-0.35, 0.45, 0.85), (0.74, 0.74, 0.75), 2.0), Lamp((0.6, 0.4, 0.6), (0.30, 0.30, 0.30), 2.0)),
        (0.50, 0.50, 0.50),
        (-0.35, 0.5, 0.8),
        1.15,
    ),
    Lighting(
        "hard_right",
        (Lamp((0.9, 0.3, 0.4), (1.1, 1.0, 0.88), 12.0),),
        (0.26, 0.27, 0.29),
        (0.6, 0.4, 0.7),
        0.8,
    ),
)
