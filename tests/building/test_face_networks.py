from __future__ import annotations

import pytest

from building.errors import BuildError
from building.face_networks import landmark_sources, region_subsets
from building.tflite_model import TfliteModel
from tests.building.graphs import operation


def test_refined_landmarks_replace_the_meshs_own_and_irises_follow() -> None:
    sources = landmark_sources(((61, 17), (33,), (263,)))
    assert len(sources) == 478
    assert (sources[61], sources[17], sources[33], sources[263]) == (468, 469, 470, 471)
    assert sources[0] == 0
    assert sources[468:] == list(range(472, 482))


def test_model_without_its_three_regions_is_refused() -> None:
    one = operation("Landmarks2TransformMatrix", (0,), 1, custom={"subset_idxs": [1, 2]})
    with pytest.raises(BuildError, match="got 1 refined regions"):
        region_subsets(TfliteModel((), (one,), (), ()))
