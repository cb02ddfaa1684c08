"""The enrolment performance: everything is asked for, in more than one light, and moves without jumps."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from faces.assets import open_head
from faces.clip import RATE, Picture, Pose
from faces.geometry import build_topology
from faces.mesh_points import as_frame, landmark_network
from faces.mouth import row_colours
from faces.performance import SIDE, Performer, carried, enrolment_camera, person_named, truth
from faces.prompts import FRAMES, PROMPTS, Moment, schedule, takes
from faces.rooms import LIGHTS
from talchum.domain.face import MESH_LANDMARKS, FaceRegion
from talchum.vision.networks import default_networks_directory

SMALL = 112


@pytest.fixture(scope="module")
def performer() -> Performer:
    try:
        head = open_head()
    except subprocess.CalledProcessError:
        pytest.skip("the pinned wheel is neither cached nor to be had")
    return Performer.cast(head, build_topology(head), person_named("amara"))


def last_of(prompt: str) -> Moment:
    """The end of a prompt's first take, where it is held."""
    moments = schedule()
    first = next(moment.index for moment in moments if moment.prompt == prompt)
    return next(one for one, after in pairwise(moments[first:]) if after.prompt != prompt)


def drawn(performer: Performer, moment: Moment, side: int = SMALL) -> Picture:
    return performer.draw(moment, enrolment_camera(side))


def test_every_prompt_is_acted_and_held_at_its_height() -> None:
    moments = schedule()
    assert {moment.prompt for moment in moments} == {prompt.name for prompt in PROMPTS}
    for prompt in PROMPTS:
        held = last_of(prompt.name)
        assert held.mix == 1
        for unit, weight in prompt.units.items():
            assert held.pose.units[unit] == pytest.approx(weight)


def test_every_prompt_is_seen_under_at_least_two_lights_and_every_light_is_used() -> None:
    for prompt in PROMPTS:
        assert len({light.name for asked, light in takes() if asked is prompt}) >= 2
    assert {light.name for _, light in takes()} == {light.name for light in LIGHTS}


def test_head_turns_thirty_degrees_aside_and_twenty_up_and_down() -> None:
    moments = schedule()
    yaw = np.degrees([moment.pose.yaw for moment in moments])
    pitch = np.degrees([moment.pose.pitch for moment in moments])
    assert (yaw.min(), yaw.max()) == pytest.approx((-30, 30), abs=0.5)
    assert (pitch.min(), pitch.max()) == pytest.approx((-20, 20), abs=0.5)


def test_expressions_are_seen_while_the_head_is_turned() -> None:
    turned = [moment.pose for moment in schedule() if abs(moment.pose.yaw) > 0.3]
    for unit in ("jawOpen", "mouthSmileLeft"):
        for side in (-1, 1):
            assert max(pose.units.get(unit, 0) for pose in turned if side * pose.yaw > 0) > 0.3


def test_neighbouring_frames_differ_little() -> None:
    for one, other in pairwise(moment.pose for moment in schedule()):
        turns = ((one.yaw, other.yaw), (one.pitch, other.pitch), (one.roll, other.roll))
        assert max(abs(a - b) for a, b in turns) < np.radians(9)
        units = set(one.units) | set(other.units)
        assert max((abs(one.units.get(u, 0) - other.units.get(u, 0)) for u in units), default=0) < 0.28


def test_light_changes_over_several_frames() -> None:
    shares = [moment.mix for moment in schedule()]
    assert 0 < shares[0] < 0.5
    assert max(b - a for a, b in pairwise(shares)) < 0.5
    for one, other in pairwise(schedule()):
        assert other.light is one.light or other.before is one.light


def test_performance_is_the_same_twice_and_has_as_many_frames_as_asked() -> None:
    assert schedule() == schedule()
    assert len(schedule()) == FRAMES
    assert [moment.index for moment in schedule(600)] == list(range(600))


def test_too_few_frames_for_all_prompts_are_refused() -> None:
    with pytest.raises(ValueError, match="got 20 frames, expected at least"):
        schedule(20)


def test_unknown_person_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="got 'nobody', expected one of sora"):
        person_named("nobody")


def test_truth_names_prompt_and_light_of_each_frame() -> None:
    stated = truth(schedule())
    frames = stated["frames"]
    assert isinstance(frames, list)
    assert len(frames) == FRAMES
    assert (stated["rate"], stated["width"], stated["height"]) == (RATE, SIDE, SIDE)
    assert {frame["prompt"] for frame in frames} == {prompt.name for prompt in PROMPTS}
    assert {frame["light"] for frame in frames} == {light.name for light in LIGHTS}


def test_teeth_are_parted_by_gaps_and_end_in_the_gum() -> None:
    arch, crown = np.array([0.043, 0.085, 0.043]), np.array([0.05, 0.05, 0.16])
    tooth, gap, gum = row_colours(arch, crown, np.ones(3, bool))
    assert gap.mean() < 0.8 * tooth.mean()
    assert gum[0] > 1.5 * gum[1], "a gum is red"
    assert tooth[0] < 1.5 * tooth[2], "a tooth is not"


def test_chin_turns_with_the_skull_and_the_shoulders_stay() -> None:
    chin, forehead, shoulder = carried(np.array([[0, 6.1, 1.3], [0, 8.0, 1.2], [0.8, 5.2, 0.2]]))
    assert (chin, forehead, shoulder) == (1, 1, 0)


def test_same_moment_is_the_same_picture(performer: Performer) -> None:
    moment = last_of("talk_left")
    np.testing.assert_array_equal(drawn(performer, moment), drawn(performer, moment))


def test_smile_shows_teeth_and_dim_light_is_dark(performer: Performer) -> None:
    still = Pose(0.0, 0.0, 0.0, (0.0, 0.0), {})
    neutral = replace(last_of("neutral"), pose=still)
    smile = replace(neutral, pose=replace(still, units=last_of("smile").pose.units))
    dim = next(light for light in LIGHTS if light.name == "dim_warm")
    calm, smiling, dark = (
        drawn(performer, moment).astype(float)
        for moment in (neutral, smile, replace(neutral, light=dim, before=dim))
    )
    middle = slice(SMALL // 2 - 8, SMALL // 2 + 8)
    mouth = slice(round(0.62 * SMALL), round(0.76 * SMALL))
    assert smiling[mouth, middle].min(2).max() > calm[mouth, middle].min(2).max() + 40
    assert dark.mean() < 0.75 * calm.mean()


@pytest.mark.vision
def test_face_fills_the_picture_and_stays_in_it_when_turned(performer: Performer) -> None:
    network = landmark_network(default_networks_directory())
    widths = {}
    for prompt in ("neutral", "turn_left", "turn_right", "pitch_up", "pitch_down", "open_wide"):
        frame = as_frame(drawn(performer, last_of(prompt), SIDE))
        landmarks, score = network.locate(frame, FaceRegion(SIDE / 2, SIDE / 2, 0.95 * SIDE, 0.0))
        mesh = landmarks[:MESH_LANDMARKS, :2]
        assert score > 0.5, prompt
        assert mesh.min() > 2, prompt
        assert mesh.max() < SIDE - 2, prompt
        widths[prompt] = float(np.ptp(mesh[:, 0]))
    assert 250 <= widths["neutral"] <= 305
