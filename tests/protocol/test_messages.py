"""The wire format: the golden examples, which web/ decodes too, and whatever else may arrive."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talchum.domain.errors import MessageError
from talchum.protocol.messages import (
    MAX_MESSAGE_BYTES,
    ClientMessage,
    Describe,
    ServerMessage,
    SessionDescription,
    decode_client_message,
    decode_server_message,
    encode,
    number_of,
)

GOLDEN: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent.parent / "golden" / "messages.json").read_text()
)
FROM_CLIENT = {entry["example"]: entry["message"] for entry in GOLDEN["fromClient"]}
FROM_SERVER = {entry["example"]: entry["message"] for entry in GOLDEN["fromServer"]}


def tags(union: object) -> set[str]:
    return {str(member.__struct_config__.tag) for member in get_args(union)}


@pytest.mark.parametrize("example", FROM_CLIENT)
def test_client_example_decodes_and_encodes_to_itself(example: str) -> None:
    message = decode_client_message(json.dumps(FROM_CLIENT[example]))
    assert json.loads(encode(message)) == FROM_CLIENT[example]


@pytest.mark.parametrize("example", FROM_SERVER)
def test_server_example_decodes_and_encodes_to_itself(example: str) -> None:
    message = decode_server_message(json.dumps(FROM_SERVER[example]))
    assert json.loads(encode(message)) == FROM_SERVER[example]


def test_every_message_has_an_example() -> None:
    assert {message["type"] for message in FROM_CLIENT.values()} == tags(ClientMessage)
    assert {message["type"] for message in FROM_SERVER.values()} == tags(ServerMessage)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"type":"welcome"}',
        '{"type":"join"}',
        '{"type":"join","ticket":"short"}',
        '{"type":"description","to":"p1","description":{"type":"offer","sdp":7}}',
        '{"type":"description","to":"p 1","description":{"type":"offer","sdp":""}}',
        '{"type":"ping","nonce":-1}',
        '{"type":"ping","nonce":1e99}',
        '{"type":"ping","nonce":99999999999999999999}',
        '{"type":"state","state":{"face":{"kind":"celebrity"}}}',
        '{"type":"candidate","to":"p1","candidate":{"candidate":"' + "x" * 1025 + '"}}',
    ],
)
def test_what_is_no_message_is_refused_by_code(text: str) -> None:
    with pytest.raises(MessageError) as refused:
        decode_client_message(text)
    assert refused.value.code == "malformed_message"
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("data", "number"),
    [
        ('{"type":"state","seq":7}', 7),
        ("nonsense", 0),
        ("[7]", 0),
        ('{"seq":"7"}', 0),
        (b"\xff", 0),
        ("\ud800", 0),
    ],
)
def test_number_is_read_from_a_message_that_is_none(data: str | bytes, number: int) -> None:
    assert number_of(data) == number


def test_oversize_message_is_refused_before_it_is_parsed() -> None:
    text = '{"type":"ping","nonce":1' + " " * MAX_MESSAGE_BYTES + "}"
    with pytest.raises(MessageError) as refused:
        decode_client_message(text)
    assert refused.value.code == "message_too_large"


def test_description_over_its_limit_still_decodes_so_that_its_own_check_names_it() -> None:
    description = SessionDescription(type="offer", sdp="x" * 40_000)
    decode_client_message(encode(Describe(to="p1", description=description)))


def test_field_of_a_later_version_is_ignored() -> None:
    decode_client_message('{"type":"ping","nonce":1,"mood":"curious"}')


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_decoder_raises_nothing_but_a_message_error(data: bytes | str) -> None:
    for decode in (decode_client_message, decode_server_message):
        with suppress(MessageError):
            decode(data)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([*FROM_CLIENT.values(), *FROM_SERVER.values()]),
    st.data(),
)
def test_message_with_a_wrong_value_in_it_is_taken_or_refused_cleanly(
    message: dict[str, Any], data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from(sorted(message)))
    spoiled = json.dumps({**message, field: data.draw(JSON_VALUES)})
    for decode in (decode_client_message, decode_server_message):
        with suppress(MessageError):
            decode(spoiled)
