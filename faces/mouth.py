"""The inside of a mouth for heads that open it: single teeth, gums, tongue, and light that fades inwards.

The base mesh has one band for each row of teeth. Which tooth a point of the band belongs to, how long its
crown is and where the gum begins are reckoned along the dental arch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray, HeadAssets, IntArray
from faces.geometry import SKIN, TEETH, TONGUE, HeadTopology
from faces.images import FloatImage, blurred, to_linear

# widths of the teeth from the middle outwards and heights of their crowns, decimetres (Wheeler's dental
# anatomy, rounded; the last repeats)
_UPPER_WIDTHS = (0.085, 0.066, 0.076, 0.070, 0.068, 0.100, 0.095)
_LOWER_WIDTHS = (0.053, 0.058, 0.068, 0.070, 0.071, 0.110, 0.105)
_UPPER_CROWNS = (0.106, 0.100, 0.116, 0.112, 0.110, 0.105, 0.100)
_LOWER_CROWNS = (0.088, 0.092, 0.102, 0.088, 0.082, 0.076, 0.072)
_LIP_Z = 1.50  # where the inner side of the rest head's lips is
_REACH = 0.40  # decimetres behind the lips at which light has faded to a third
_ENAMEL = (238, 230, 215)
_GUM = (178, 96, 92)
_TONGUE = (176, 98, 94)
_MUCOSA = (186, 112, 106)


def seated(head: HeadAssets, vertices: FloatArray) -> FloatArray:
    """Coarse vertices (19158, 3) with the upper teeth below the lip's edge and the tongue low.

    The base mesh has the biting edge level with the closed lips, where an open mouth would hide it, and a
    tongue that fills the mouth.
    """
    moved = vertices.copy()

    def part(name: str) -> IntArray:
        return np.unique(head.base.quads[head.base.groups == f"helper-{name}"])

    for name, drop, level in (("upper-teeth", 0.052, 0.0), ("lower-teeth", 0.022, 0.4)):
        row = part(name)
        aside = np.clip(np.abs(moved[row, 0]) - 0.06, 0, None)
        moved[row] -= np.stack([0.24 * np.sign(moved[row, 0]) * aside, drop + level * aside, 0.5 * aside], 1)
    tongue = part("tongue")
    floor = vertices[tongue, 1].min() + 0.13
    moved[tongue, 1] = floor + 0.55 * (vertices[tongue, 1] - floor)
    moved[tongue, 2] -= 0.05
    return moved


def _along_arch(points: FloatArray) -> FloatArray:
    """Way along the dental arch from the middle, decimetres, of points (P, 3) of a row of teeth."""
    x, z = np.abs(points[:, 0]), points[:, 2] - points[:, 2].max()
    line = np.array(
        [[0, 0], [0.083, -0.004], [0.168, -0.056], [0.216, -0.136], [0.252, -0.216], [0.285, -0.31],
         [0.300, -0.40], [0.308, -0.52]]
    )  # fmt: skip
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    fine = np.linspace(0, way[-1], 200)
    arch = np.stack([np.interp(fine, way, line[:, 0]), np.interp(fine, way, line[:, 1])], 1)
    near = ((x[:, None] - arch[:, 0]) ** 2 + (z[:, None] - arch[:, 1]) ** 2).argmin(1)
    return np.asarray(fine[near])


def _from_edge(points: FloatArray, arch: FloatArray, down: bool) -> FloatArray:
    """Height of points (P, 3) over the biting edge towards the gum, decimetres."""
    height = points[:, 1] if down else -points[:, 1]
    places = np.linspace(0, arch.max(), 12)
    edge = np.array([height[np.abs(arch - place) < 0.05].min() for place in places])
    return np.asarray(height - np.interp(arch, places, edge))


def _inner(topology: HeadTopology, mask: FloatImage) -> FloatArray:
    """How far each vertex belongs to the inside of the mouth (V,), by the wheel's own mask."""
    skin = topology.material == SKIN
    uv = topology.uv[skin].reshape(-1, 2)
    side = np.array(mask.shape[::-1])
    column, row = np.clip(np.array([0, 1]) * side + np.array([1, -1]) * uv * side, 0, side - 1).astype(int).T
    at = mask[row, column]
    corners = topology.triangles[skin].ravel()
    count = np.bincount(corners, minlength=len(topology.rest))
    return np.asarray(np.bincount(corners, at, len(topology.rest)) / np.maximum(count, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """What lies where in a mouth, by vertex (V,).

    inner: 0..1 mucous skin. arch, crown: decimetres along the row of teeth from the middle and from the
    biting edge towards the gum. upper: 1 for the upper row. light: 0..1, how much light reaches so deep.
    """

    inner: FloatArray
    arch: FloatArray
    crown: FloatArray
    upper: FloatArray
    light: NDArray[np.float32]

    @classmethod
    def of(cls, topology: HeadTopology, inside: FloatImage) -> Mouth:
        """For all heads of a topology. inside: the wheel's mask "inside-mouth"."""
        rest, count = topology.rest, len(topology.rest)
        arch, crown, upper = np.zeros(count), np.zeros(count), np.zeros(count)
        teeth = np.unique(topology.triangles[topology.material == TEETH])
        rows = _rows(topology, teeth)
        for row, down in zip(rows, (True, False), strict=True):
            arch[row] = _along_arch(rest[row])
            crown[row] = _from_edge(rest[row], arch[row], down)
            upper[row] = down
        inner = _inner(topology, inside)
        within = inner > 0.5
        within[np.unique(topology.triangles[np.isin(topology.material, (TEETH, TONGUE))])] = True
        depth = np.clip(_LIP_Z - rest[:, 2], 0, None)
        light = np.where(within, 0.95 * np.exp(-depth / _REACH), 0.0)
        return cls(inner, arch, crown, upper, light.astype(np.float32))

    def lit(self, openness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Openness (V, N) of a head whose mouth lets light in."""
        return np.maximum(openness, self.light[:, None])

    def painted(
        self,
        albedo: FloatArray,
        corners: IntArray,
        weights: FloatImage,
        material: IntArray,
        mask: NDArray[np.bool_],
        dm: float,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Linear albedo (P, 3) with the mouth in it, how much light each pixel keeps (P,) and how far it is
        inside the mouth (P,).

        corners (P, 3), weights (P, 3), material (P,): of the covered pixels of mask (H, W). dm: pixels per
        decimetre.
        """

        def here(values: FloatArray) -> FloatArray:
            return np.asarray((values[corners] * weights).sum(1))

        inner = np.where(material == SKIN, here(self.inner), 0)
        soft = np.clip((inner - 0.15) / 0.6, 0, 1)[:, None]
        albedo = albedo * (1 - soft) + to_linear(_MUCOSA) * soft
        teeth = material == TEETH
        if teeth.any():
            albedo[teeth] = row_colours(
                here(self.arch)[teeth], here(self.crown)[teeth], here(self.upper)[teeth] > 0.5
            )
        albedo[material == TONGUE] = to_linear(_TONGUE)
        within = np.zeros(mask.shape, np.float32)
        within[mask] = np.where((material == TEETH) | (material == TONGUE), 1.0, soft[:, 0])
        # lips shade what is close behind them: little of a mouth is around a pixel at its rim
        around = blurred(within, 0.035 * dm)[mask] if within.any() else within[mask]
        least = np.where(teeth, 0.74, 0.55)
        shade = least + (1 - least) * np.clip((around - 0.25) / 0.5, 0, 1)
        return albedo, 1 - within[mask] * (1 - shade), within[mask].astype(float)


def _rows(topology: HeadTopology, teeth: IntArray) -> tuple[IntArray, IntArray]:
    """Vertices of the upper and of the lower row: the parts of the tooth mesh that hang together."""
    triangles = topology.triangles[topology.material == TEETH]
    start = teeth[topology.rest[teeth, 1].argmax()]
    reached = np.zeros(len(topology.rest), bool)
    reached[start] = True
    while True:
        touched = triangles[reached[triangles].any(1)]
        before = reached.sum()
        reached[touched] = True
        if reached.sum() == before:
            return teeth[reached[teeth]], teeth[~reached[teeth]]


def row_colours(arch: FloatArray, crown: FloatArray, upper: NDArray[np.bool_]) -> FloatArray:
    """Linear albedo (P, 3) of points of both rows: enamel by tooth, gaps, gum, and darkness past the edge."""
    colours = np.empty((len(arch), 3))
    rows = ((upper, _UPPER_WIDTHS, _UPPER_CROWNS, 0.5), (~upper, _LOWER_WIDTHS, _LOWER_CROWNS, 0.16))
    for row, widths, crowns, fading in rows:
        border = np.concatenate([[0], np.cumsum(widths)])
        tooth = np.clip(np.searchsorted(border, arch[row], "right") - 1, 0, len(widths) - 1)
        width = np.array(widths)[tooth]
        across = np.clip((arch[row] - border[tooth]) / width, 0, 1) * 2 - 1
        height = crown[row] / np.array(crowns)[tooth]
        enamel = to_linear(_ENAMEL) * np.array([1.0, 0.985, 0.92, 0.95, 0.93, 0.9, 0.88])[tooth][:, None]
        yellow = np.clip(height, 0, 1)[:, None] * np.array([0.04, 0.08, 0.18])
        clear = np.exp(-height / 0.12)[:, None] * np.array([0.16, 0.12, 0.08])
        bulge = 1 - 0.16 * across**2
        gap = 0.42 * np.exp(-(((1 - np.abs(across)) * width / 2 / 0.0035) ** 2))
        tint = enamel * (1 - yellow - clear) * (bulge * (1 - gap))[:, None]
        gum = np.clip((height - (1 - 0.22 * across**2)) / 0.05, 0, 1)[:, None]
        tint = tint * (1 - gum) + to_linear(_GUM) * gum
        corner = 0.13 * np.abs(across) ** 4
        past = np.clip((corner - height) / 0.03 + 0.5, 0, 1)[:, None]
        # the cheeks shade what is far back
        reached = np.exp(-np.clip(arch[row] - 0.2, 0, None) / fading)[:, None]
        colours[row] = tint * (1 - past * 0.85) * reached
    return colours
