"""Makes a still fit to be bent: what lies behind the face must not come into view when a head turns."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_CORE_SHARE = 0.08  # of the face's width: closer to the edge than this a pixel may belong to what is behind
_RIM_SHARE = 0.02  # always replaced: an edge catches light that a flank turned to the camera does not
_CHROMA_LIMIT = 11.0
# Shadow belongs to a flank, light from behind does not: shares of the luma of the skin next to it.
_DARKER_SHARE, _BRIGHTER_SHARE = 0.6, 0.1

Floats = NDArray[np.float32]
YUVImage = NDArray[np.uint8]  # (H, W, 3)


def fill_behind_edge(yuv: YUVImage, points: Floats, triangles: NDArray[np.int32]) -> YUVImage:
    """The still with background, hair and ears near the edge of the mesh replaced by the nearest skin.

    In a frontal still the flanks of the face are narrow and the mesh's edge lies on the background; turned
    towards the camera they would show it as a patch of another colour.

    yuv: (H, W, 3) uint8. points: (468, 2) texels.
    """
    mask = np.zeros(yuv.shape[:2], np.uint8)
    for triangle in np.round(points[triangles]).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 1)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    width = float(np.ptp(points[:, 0]))
    core = depth > _CORE_SHARE * width
    if width < 1 or not core.any():
        return yuv
    smooth = _masked_blur(yuv, core, 0.03 * width)
    skin = _carry_outwards(smooth, core)
    apart = yuv.astype(np.float32) - skin
    foreign = np.abs(apart[..., 1:]).max(2) > _CHROMA_LIMIT
    luma = skin[..., 0] - 16.0
    foreign |= (apart[..., 0] > _BRIGHTER_SHARE * luma + 2.0) | (apart[..., 0] < -_DARKER_SHARE * luma)
    rim = depth < _RIM_SHARE * width
    foreign = ((foreign & ~core) | rim).astype(np.uint8)
    reach = max(3, round(0.012 * width)) | 1  # pixels at the border of what is behind are mixed with it
    foreign = cv2.dilate(foreign, np.ones((reach, reach), np.uint8)).astype(np.bool_) & ~core
    kept = ~foreign
    filled = np.where(foreign[..., None], _carry_outwards(yuv.astype(np.float32), kept), yuv)
    fill = cv2.GaussianBlur(filled.astype(np.float32), (0, 0), max(1.0, 0.03 * width))
    share = cv2.GaussianBlur(foreign.astype(np.float32), (0, 0), max(1.0, 0.012 * width))
    share = np.maximum(share, foreign)[
        ..., None
    ]  # no border where the fill ends, none of what was behind left
    return np.clip(np.round(yuv + (fill - yuv) * share), 0, 255).astype(np.uint8)


def _masked_blur(yuv: YUVImage, mask: NDArray[np.bool_], sigma: float) -> Floats:
    weight = mask.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    blurred = cv2.GaussianBlur(yuv.astype(np.float32) * weight[..., None], (0, 0), sigma)
    return np.asarray(blurred / np.maximum(total, 1e-3)[..., None], np.float32)


def _carry_outwards(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Each pixel that is not known takes the value of the nearest one that is."""
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    by_label = np.zeros((int(labels.max()) + 1, 3), np.float32)
    by_label[labels[known]] = values[known]
    return np.asarray(by_label[labels], np.float32)
