"""The words a person agrees to before their face is learned, in each language, as shown and signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from talchum.domain.consent import Scope
from talchum.domain.identity import Language

_SELF: Mapping[Language, str] = MappingProxyType(
    {
        "en": (
            "This is my face. I am an adult. I let this service learn it from the recording I now make "
            "of it, so that I, and nobody else, may wear it in calls until {until} (UTC). "
            "Everybody I call is told that it is made by AI. I can take this back at any moment; "
            "then it can no longer be worn and is deleted."
        ),
        "ko": (
            "이것은 내 얼굴입니다. 나는 성인입니다. 지금 녹화하는 영상으로 이 서비스가 내 얼굴을 "
            "배우는 데 동의하며, "
            "{until}(UTC)까지 통화에서 나만 이 얼굴을 쓸 수 있습니다. 상대방에게는 항상 AI가 만든 "
            "얼굴이라고 알립니다. 나는 언제든지 동의를 거둘 수 있고, 그러면 이 얼굴은 더 이상 쓸 수 없으며 "
            "삭제됩니다."
        ),
    }
)
_LICENSED: Mapping[Language, str] = MappingProxyType(
    {
        "en": (
            "This is my face. I am an adult. I let this service learn it from the recording I now make "
            "of it, so that {licensee} may wear it in calls until {until} (UTC), with the "
            "account that asked me and no other. Everybody they call is told that it is made by AI "
            "and is not their own. I can take this back at any moment; then it can no longer be "
            "worn and is deleted."
        ),
        "ko": (
            "이것은 내 얼굴입니다. 나는 성인입니다. 지금 녹화하는 영상으로 이 서비스가 내 얼굴을 "
            "배우는 데 동의하며, "
            "{until}(UTC)까지 {licensee}만, 나에게 요청한 그 계정으로, 통화에서 이 얼굴을 쓸 수 있습니다. "
            "상대방에게는 항상 AI가 만든 다른 사람의 얼굴이라고 알립니다. 나는 언제든지 동의를 거둘 수 있고, "
            "그러면 이 얼굴은 더 이상 쓸 수 없으며 삭제됩니다."
        ),
    }
)


def consent_statement(scope: Scope, *, licensee: str, expires_at: int) -> Mapping[Language, str]:
    """The statement of one consent. licensee: for scope `licensed`. expires_at: wall clock, seconds."""
    texts = _SELF if scope == "self" else _LICENSED
    until = datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%d %H:%M")
    return {language: text.format(until=until, licensee=licensee) for language, text in texts.items()}
