"""A network that somebody crafted is a clear error, whatever it does to the runtime."""

from __future__ import annotations

import pytest

from talchum.domain.errors import NetworkFileError
from talchum.vision.runtime import open_network
from tests.adapters.bombs import NETWORKS


@pytest.mark.parametrize("name", NETWORKS)
def test_a_crafted_network_is_refused_by_name(name: str) -> None:
    with pytest.raises(NetworkFileError) as refused:
        open_network(NETWORKS[name](), "the network of somebody")
    external = name == "weights in another file"
    assert refused.value.code == ("network_file_external" if external else "network_file_corrupt")
    assert "the network of somebody" in refused.value.message
