"""The head as drawable geometry: parts, one level of Catmull-Clark, shape and expression by targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.assets import FloatArray, HeadAssets, IntArray

SKIN, EYE_LEFT, EYE_RIGHT, TEETH, TONGUE, CLOTH = range(6)
_MATERIAL_OF_GROUP = {
    "body": SKIN,
    "helper-l-eye": EYE_LEFT,
    "helper-r-eye": EYE_RIGHT,
    "helper-upper-teeth": TEETH,
    "helper-lower-teeth": TEETH,
    "helper-tongue": TONGUE,
    "helper-tights": CLOTH,
}
LOWEST_Y = 4.2  # decimetres; what a portrait never shows is left out
CHART_HALF_ANGLE = 1.6  # radians of the face chart to each side
CHART_BOTTOM, CHART_TOP = 5.6, 8.6  # decimetres
CHART_AXIS_Z = 0.3  # the chart's cylinder runs through the head here
NECK_BOTTOM, NECK_TOP = 5.75, 6.45  # a turn of the head fades out between these heights
NECK_PIVOT = np.array([0.0, 6.35, 0.1])


@dataclass(frozen=True, slots=True, eq=False)
class HeadTopology:
    """What all heads share.

    quads (Q, 4), triangles (F, 3): indices into the refined vertices. material: (F,). uv: float32 (F, 3, 2)
    of each triangle's corners in the wheel's own layout. chart: float32 (V, 2), the face chart, x right
    0..1, y down 0..1. rest: float64 (V, 3), refined base mesh. kept: base vertex of each coarse vertex.
    neck: turn weight (V,).
    """

    kept: IntArray
    coarse_quads: IntArray
    edges: IntArray
    quad_edges: IntArray
    triangles: IntArray
    material: IntArray
    uv: NDArray[np.float32]
    chart: NDArray[np.float32]
    rest: FloatArray
    neck: FloatArray

    @property
    def bare_triangles(self) -> IntArray:
        """All triangles but the garment's, whose collar reaches the jaw and would shade the neck."""
        return np.asarray(self.triangles[self.material != CLOTH])


def chart_of(points: FloatArray) -> NDArray[np.float32]:
    """Face chart coordinates (0..1, y down) of points near the base head."""
    angle = np.arctan2(points[:, 0], points[:, 2] - CHART_AXIS_Z)
    x = 0.5 + angle / (2 * CHART_HALF_ANGLE)
    y = (CHART_TOP - points[:, 1]) / (CHART_TOP - CHART_BOTTOM)
    return np.stack([x, y], 1).astype(np.float32)


def _edges_of(quads: IntArray) -> tuple[IntArray, IntArray]:
    pairs = np.stack([quads, np.roll(quads, -1, 1)], 2).reshape(-1, 2)
    edges, inverse = np.unique(np.sort(pairs, 1), axis=0, return_inverse=True)
    return edges.astype(np.int64), inverse.reshape(-1, 4).astype(np.int64)


def refine(points: FloatArray, quads: IntArray, edges: IntArray, quad_edges: IntArray) -> FloatArray:
    """One Catmull-Clark step: points (V, K) -> (V + E + Q, K).

    Borders stay where they are. Source: Catmull, Clark 1978.
    """
    count = len(points)
    face_points = points[quads].mean(1)
    flat = quad_edges.ravel()
    faces_at_edge = np.bincount(flat, minlength=len(edges))
    sums = np.zeros((len(edges), points.shape[1]))
    np.add.at(sums, flat, np.repeat(face_points, 4, 0))
    middles = points[edges].mean(1)
    inner = (faces_at_edge == 2)[:, None]
    edge_points = np.where(inner, (2 * middles + sums) / 4.0, middles)

    valence = np.bincount(quads.ravel(), minlength=count).astype(float)
    face_mean = np.zeros_like(points)
    np.add.at(face_mean, quads.ravel(), np.repeat(face_points, 4, 0))
    face_mean /= np.maximum(valence, 1)[:, None]
    edge_valence = np.bincount(edges.ravel(), minlength=count).astype(float)
    edge_mean = np.zeros_like(points)
    np.add.at(edge_mean, edges[:, 0], middles)
    np.add.at(edge_mean, edges[:, 1], middles)
    edge_mean /= np.maximum(edge_valence, 1)[:, None]
    n = np.maximum(valence, 1)[:, None]
    smooth = (face_mean + 2 * edge_mean + (n - 3) * points) / n
    closed = (valence == edge_valence)[:, None]
    return np.concatenate([np.where(closed, smooth, points), edge_points, face_points])


def _refined_quads(quads: IntArray, quad_edges: IntArray, vertices: int, edges: int) -> IntArray:
    centre = vertices + edges + np.arange(len(quads))
    parts = [
        np.stack([quads[:, k], vertices + quad_edges[:, k], centre, vertices + quad_edges[:, k - 1]], 1)
        for k in range(4)
    ]
    return np.stack(parts, 1).reshape(-1, 4)


def build_topology(head: HeadAssets) -> HeadTopology:
    """Select the parts a portrait shows and refine them once."""
    base = head.base
    chosen = np.isin(base.groups, list(_MATERIAL_OF_GROUP))
    chosen &= base.vertices[base.quads][:, :, 1].min(1) > LOWEST_Y
    quads, uv_quads = base.quads[chosen], base.uv_quads[chosen]
    material = np.array([_MATERIAL_OF_GROUP[g] for g in base.groups[chosen]])
    kept, coarse = np.unique(quads, return_inverse=True)
    coarse = coarse.reshape(-1, 4).astype(np.int64)
    edges, quad_edges = _edges_of(coarse)
    fine = _refined_quads(coarse, quad_edges, len(kept), len(edges))
    corner = base.uv[uv_quads]  # (Q, 4, 2)
    middle, centre = (corner + np.roll(corner, -1, 1)) / 2, corner.mean(1)
    fine_uv = np.stack(
        [np.stack([corner[:, k], middle[:, k], centre, middle[:, k - 1]], 1) for k in range(4)], 1
    ).reshape(-1, 4, 2)
    order = [[0, 1, 2], [0, 2, 3]]
    rest = refine(base.vertices[kept], coarse, edges, quad_edges)
    weight = np.clip((rest[:, 1] - NECK_BOTTOM) / (NECK_TOP - NECK_BOTTOM), 0, 1)
    return HeadTopology(
        kept=kept,
        coarse_quads=coarse,
        edges=edges,
        quad_edges=quad_edges,
        triangles=np.concatenate([fine[:, o] for o in order]),
        material=np.tile(np.repeat(material, 4), 2),
        uv=np.concatenate([fine_uv[:, o] for o in order]).astype(np.float32),
        chart=chart_of(rest),
        rest=rest,
        neck=weight * weight * (3 - 2 * weight),
    )


@dataclass(frozen=True, slots=True)
class HeadShape:
    """One person's geometry, all of it sums of CC0 targets.

    male: 0 to 1. age: 25 to 80 years (young target at 25, old at 80, linear between). ancestry: weights of
    the African, Asian and European macro targets. targets: weight of each further shape target.
    """

    male: float
    age: float
    ancestry: tuple[float, float, float]
    targets: Mapping[str, float]


def shape_vertices(head: HeadAssets, shape: HeadShape) -> FloatArray:
    """Coarse base vertices of a person, (19158, 3), neutral expression."""
    vertices = head.base.vertices.copy()
    old = float(np.clip((shape.age - 25) / 55, 0, 1))
    for age, age_weight in (("young", 1 - old), ("old", old)):
        for sex, sex_weight in (("female", 1 - shape.male), ("male", shape.male)):
            weight = age_weight * sex_weight
            if weight <= 0:
                continue
            vertices += weight * head.target(
                f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight"
            )
            for name, share in zip(("african", "asian", "caucasian"), shape.ancestry, strict=True):
                vertices += weight * share * head.target(f"macrodetails/{name}-{sex}-{age}")
    for name, weight in shape.targets.items():
        vertices += weight * head.target(name)
    # bodies differ in height: the eyes are brought back to where the base head has them
    eyes = np.unique(head.base.quads[np.isin(head.base.groups, ["helper-l-eye", "helper-r-eye"])])
    return np.asarray(vertices + (head.base.vertices[eyes].mean(0) - vertices[eyes].mean(0)))


def express(head: HeadAssets, neutral: FloatArray, units: Mapping[str, float]) -> FloatArray:
    """Neutral vertices moved by ARKit face units (weights 0 to 1)."""
    moved = neutral.copy()
    for name, weight in units.items():
        if weight:
            moved += weight * head.target(name)
    return moved


def refined(topology: HeadTopology, vertices: FloatArray) -> FloatArray:
    """The drawable vertices of coarse base vertices."""
    return refine(vertices[topology.kept], topology.coarse_quads, topology.edges, topology.quad_edges)


def rotation(yaw: float, pitch: float, roll: float) -> FloatArray:
    """3x3 turn; radians; positive yaw turns the face to the picture's right, positive pitch looks down."""
    cy, sy, cp, sp, cr, sr = (
        np.cos(yaw),
        np.sin(yaw),
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
    )
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(about_z @ about_x @ about_y)


def turn_head(points: FloatArray, turn: FloatArray, weight: FloatArray) -> FloatArray:
    """Points turned about the neck, fading to nothing at the shoulders. weight: (V,) 0 to 1."""
    turned = (points - NECK_PIVOT) @ turn.T + NECK_PIVOT
    return np.asarray(points + weight[:, None] * (turned - points))


def vertex_normals(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Unit normals, area-weighted."""
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    face = np.cross(b - a, c - a)
    normals = np.stack(
        [
            sum(np.bincount(triangles[:, k], face[:, axis], len(points)) for k in range(3))
            for axis in range(3)
        ],
        1,
    )
    return np.asarray(normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12))
