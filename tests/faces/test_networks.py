"""A network that was taught joins its identity, pinned and with where it comes from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from faces.networks import Learned, dataset_of, join, learn, main
from talchum.adapters.identity_files import IdentityFiles, default_identities_directory
from talchum.domain.errors import IdentityError
from talchum.training.train import HeldOut
from talchum.vision.engines.neural import NeuralEngine
from talchum.vision.onnx_format import has_external_data
from tests.training.performances import WHOLE_CLIP, dataset, few_steps
from tests.vision.scenes import CLIP, clip, face_networks, still_network

pytestmark = pytest.mark.vision

PERSON = "sora"


@pytest.fixture
def identities(tmp_path: Path) -> IdentityFiles:
    shutil.copytree(default_identities_directory() / PERSON, tmp_path / PERSON)
    return IdentityFiles(tmp_path)


def learned(network: bytes) -> Learned:
    return Learned(network, steps=12, held_out=HeldOut(33.456, 0.93217), int8_decibels=41.23)


def test_a_network_that_joined_can_be_worn(identities: IdentityFiles) -> None:
    join(identities.directory, PERSON, learned(still_network()), seed=0)
    identity = identities.identity(PERSON)
    assert identity.engines == ("portrait", "neural")
    assets = identities.assets(PERSON)
    assert assets.network == still_network()
    assert NeuralEngine.prepare(assets, face_networks().topology) is not None


def test_it_is_written_down_what_the_network_learned_from_and_how_well(identities: IdentityFiles) -> None:
    join(identities.directory, PERSON, learned(still_network()), seed=7)
    made = identities.identity(PERSON).provenance["network"]
    assert isinstance(made, dict)
    assert (made["steps"], made["seed"], made["heldOutPsnrDb"], made["heldOutSsim"]) == (12, 7, 33.46, 0.9322)
    assert "synthetic person" in made["learnedFrom"]


def test_a_network_that_was_exchanged_is_refused(identities: IdentityFiles) -> None:
    join(identities.directory, PERSON, learned(still_network()), seed=0)
    (identities.directory / PERSON / "network.onnx").write_bytes(still_network() + b"\0")
    with pytest.raises(IdentityError) as refused:
        identities.assets(PERSON)
    assert refused.value.code == "identity_corrupt"


def test_joining_twice_leaves_one_network(identities: IdentityFiles) -> None:
    for _ in range(2):
        join(identities.directory, PERSON, learned(still_network()), seed=0)
    manifest = json.loads((identities.directory / PERSON / "manifest.json").read_text())
    assert list(manifest["files"]) == sorted(manifest["files"])
    assert manifest["engines"] == ["portrait", "neural"]


def test_an_identity_learns_on_its_own_still(identities: IdentityFiles) -> None:
    made = dataset_of(PERSON, identities, iter(clip(WHOLE_CLIP)))
    assert len(made.learned) + len(made.held_out) == WHOLE_CLIP


@pytest.mark.parametrize("flag", ["--performances", "--clip", "--video", "--photo"])
def test_no_flag_makes_a_face_of_a_clip(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["faces.networks", "--out", str(tmp_path), flag, str(CLIP)])
    with pytest.raises(SystemExit):
        main()
    assert "unrecognized arguments" in capsys.readouterr().err


def test_what_is_learned_is_whole_and_tells_of_itself(capsys: pytest.CaptureFixture[str]) -> None:
    made = learn(dataset(), few_steps(15), None)
    assert not has_external_data(made.network)
    assert made.int8_decibels > 34
    assert f"15: {made.held_out.psnr:.2f} dB" in capsys.readouterr().err
