"""A network that was taught joins its identity, pinned and with where it comes from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from faces.networks import join, kept, main, shown, tell
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.errors import IdentityError
from talchum.domain.identity import LEARNED_FILES
from talchum.training.learn import Learned
from talchum.training.train import HeldOut, TrainStep
from talchum.vision.engines.neural import NeuralEngine
from tests.training.performances import WHOLE_CLIP, dataset
from tests.vision.scenes import CLIP, clip, face_networks, still_network

pytestmark = pytest.mark.vision

PERSON = "sora"


@pytest.fixture
def identities(tmp_path: Path) -> IdentityFiles:
    shutil.copytree(default_identities_directory() / PERSON, tmp_path / PERSON)
    return IdentityFiles(tmp_path)


def learned(network: bytes, seed: int = 0) -> Learned:
    return Learned(network, steps=12, seed=seed, held_out=HeldOut(33.456, 0.93217), int8_decibels=41.23)


def test_a_network_that_joined_can_be_worn(identities: IdentityFiles) -> None:
    join(identities, PERSON, learned(still_network()), dataset())
    identity = identities.identity(PERSON)
    assert identity.engines == ("neural", "portrait")
    assert set(identity.files) >= LEARNED_FILES
    assets = identities.assets(PERSON)
    assert assets.network == still_network()
    assert assets.neutral_shape is not None
    assert NeuralEngine.prepare(assets, face_networks().topology) is not None
    assert identities.preview(PERSON)[4:8] == b"ftyp"


def test_it_is_written_down_what_the_network_learned_from_and_how_well(identities: IdentityFiles) -> None:
    join(identities, PERSON, learned(still_network(), seed=7), dataset())
    made = identities.identity(PERSON).provenance["network"]
    assert isinstance(made, dict)
    assert (made["steps"], made["seed"], made["heldOutPsnrDb"], made["heldOutSsim"]) == (12, 7, 33.46, 0.9322)
    assert "synthetic person" in made["learnedFrom"]


def test_a_network_that_was_exchanged_is_refused(identities: IdentityFiles) -> None:
    join(identities, PERSON, learned(still_network()), dataset())
    (identities.directory / PERSON / "network.onnx").write_bytes(still_network() + b"\0")
    with pytest.raises(IdentityError) as refused:
        identities.assets(PERSON)
    assert refused.value.code == "identity_corrupt"


def test_joining_twice_changes_nothing(identities: IdentityFiles) -> None:
    manifests = []
    for _ in range(2):
        join(identities, PERSON, learned(still_network()), dataset())
        manifests.append(json.loads((identities.directory / PERSON / "manifest.json").read_text()))
    assert manifests[0] == manifests[1]
    assert list(manifests[0]["files"]) == sorted(manifests[0]["files"])


def test_a_network_that_is_kept_has_the_figures_it_came_with(identities: IdentityFiles) -> None:
    join(identities, PERSON, learned(still_network(), seed=7), dataset())
    again = kept(identities.bundle(PERSON))
    assert (again.network, again.steps, again.seed) == (still_network(), 12, 7)
    assert (again.held_out, again.int8_decibels) == (HeldOut(33.46, 0.9322), 41.2)


def test_an_identity_without_a_network_has_none_to_keep() -> None:
    with pytest.raises(ValueError, match="veil"):
        kept(IdentityFiles(default_identities_directory()).bundle("veil"))


def test_an_identity_learns_on_its_own_still(identities: IdentityFiles) -> None:
    made = shown(PERSON, identities, iter(clip(WHOLE_CLIP)))
    assert len(made.learned) + len(made.held_out) == WHOLE_CLIP


@pytest.mark.parametrize("flag", ["--performances", "--clip", "--video", "--photo"])
def test_no_flag_makes_a_face_of_a_clip(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["faces.networks", "--out", str(tmp_path), flag, str(CLIP)])
    with pytest.raises(SystemExit):
        main()
    assert "unrecognized arguments" in capsys.readouterr().err


def test_a_look_at_what_was_held_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell(TrainStep(14, 0.5))
    tell(TrainStep(15, 0.4, HeldOut(20.123, 0.71234)))
    assert capsys.readouterr().err == "15: 20.12 dB, SSIM 0.7123\n"
