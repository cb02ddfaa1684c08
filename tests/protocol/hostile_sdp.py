"""Offers as no browser makes them: real ones, spoiled in the ways that pass a filter or upset a parser.

Every address that a candidate of theirs names is one of `CHOSEN`, unless it was the browser's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import MappingProxyType

from talchum.protocol.messages import MAX_MESSAGE_BYTES

Mutation = Callable[[list[str], Random], list[str]]

OFFERS: Mapping[str, str] = MappingProxyType(
    {
        path.stem: "".join(f"{line}\r\n" for line in path.read_text(encoding="ascii").split("\n")[:-1])
        for path in sorted(Path(__file__).with_name("offers").glob("*.sdp"))
    }
)
"""What Chromium, Firefox and the headless client's engine offer for sound, picture and a data channel."""

CHOSEN = ("198.51.100.7", "10.1.2.3", "169.254.169.254", "::ffff:10.1.2.3", "2001:db8::7", "aim.local")
LINE_ENDS = ("\r\n", "\n", "\r", "\n\r", "\r\r\n", "\v", "\f", "\x1c", "\x85", "\u2028", "\x00", "\\r\\n", "")
CONTROLS = (
    "\x00",
    "\x07",
    "\x1b[2J",
    "\x7f",
    "\r",
    "\t",
    "\x85",
    "\u202e",
    "\ufeff",
    "\ud800",
    "é",
    "\U0001f3ad",
)
NUMBERS = (
    "-1",
    "0",
    "00",
    "65536",
    "2147483648",
    "4294967296",
    "1" + "0" * 19,
    "9" * 400,
    "9" * 5000,
    "1e9",
    "٣",
    "",
)

NUMBERED = (
    *("a=rtcp-fb:* x{0}", "a=rtcp-fb:0{0} nack", "a=fmtp:96 x{0}={0}", "a=ssrc:{0} cname:x", "a=x{0}:{0}"),
    *("a=ssrc-group:FID {0} 1{0}", "a=rid:{0} recv", "a=extmap:{0} urn:{0}", "a=rtpmap:{0} VP8/90000"),
    *("a=mid:{0}", "a=group:BUNDLE {0}", "a=msid:{0} {0}", "m=video {0} UDP/TLS/RTP/SAVPF 96"),
)
NO_VALUES = (
    *(
        "",
        " ",
        "0",
        "0 0 0",
        "sha-256",
        "sha-256 ZZ",
        "sha-256 " + "AA:" * 500,
        "md5 AA",
        "x" * 300,
        "passive",
    ),
    *("é", "audio 9 UDP/TLS/RTP/SAVPF", "video 9 X *", "../../etc/passwd", "%n%s%x", "{0}", *NUMBERS[:8]),
)


def spoiled(name: str, chance: Random, mutations: int) -> str:
    """An offer of `OFFERS` after some of `MUTATIONS`, as much of it as a message holds."""
    lines = OFFERS[name].split("\r\n")
    for _ in range(mutations):
        lines = chance.choice(MUTATIONS)(lines, chance)
    ends = ("\r\n",) if chance.random() < 0.8 else LINE_ENDS
    return chance.choice(ends).join(lines)[:MAX_MESSAGE_BYTES]


def candidate(chance: Random, address: str | None = None) -> str:
    """A candidate of a chosen address, plain."""
    kind = chance.choice(("host", "srflx", "prflx", "relay"))
    transport = chance.choice(("udp", "UDP", "tcp"))
    port = chance.choice(("9", "50000", *NUMBERS[:6]))
    return f"candidate:1 1 {transport} 2122260223 {address or chance.choice(CHOSEN)} {port} typ {kind}"


def disguised(chance: Random) -> str:
    """A line that one parser or another might take for a candidate."""
    plain = candidate(chance)
    return chance.choice(
        (
            f"a={plain}",
            f"A={plain}",
            f"a = {plain}",
            f"a ={plain}",
            f"a= {plain}",
            f" a={plain}",
            f"\ta={plain}",
            f"\ufeffa={plain}",
            f"a={plain.upper()}",
            f"a={plain.replace(' ', chr(9))}",
            f"a={plain.replace(' ', '  ')}",
            f"a={plain.replace(':', ' ', 1)}",
            f"a={plain.replace(':', ' :', 1)}",
            f"a=x{chance.choice(LINE_ENDS)}a={plain}",
            f"a=mid:0{chance.choice(CONTROLS)}a={plain}",
            f"a=x\\\r\na={plain}",
            "a=remote-candidates:1 198.51.100.7 9",
            "a=end-of-candidates",
            "a=END-OF-CANDIDATES ",
            "c=IN IP4 198.51.100.7",
            "a=rtcp:9 IN IP4 198.51.100.7",
        )
    )


def _hide_candidates(lines: list[str], chance: Random) -> list[str]:
    for _ in range(chance.choice((1, 3, 20))):
        lines = _inserted(lines, chance, disguised(chance))
    return lines


def _many_candidates(lines: list[str], chance: Random) -> list[str]:
    return [*lines, *(f"a={candidate(chance)}" for _ in range(chance.choice((30, 64, 65, 1000))))]


def _repeat_line(lines: list[str], chance: Random) -> list[str]:
    at = chance.randrange(len(lines))
    return lines[:at] + [lines[at]] * chance.choice((2, 16, 17, 300, 3000)) + lines[at:]


def _number_line(lines: list[str], chance: Random) -> list[str]:
    """Many lines that differ: feedback for every codec, identifiers, groups."""
    shape = chance.choice(NUMBERED)
    at = chance.randrange(len(lines))
    made = [shape.format(number) for number in range(chance.choice((5, 15, 100, 1000)))]
    return lines[:at] + made + lines[at:]


def _drop_line(lines: list[str], chance: Random) -> list[str]:
    at = chance.randrange(len(lines))
    return lines[:at] + lines[at + 1 :] or [""]


def _drop_kind(lines: list[str], chance: Random) -> list[str]:
    kinds = (
        "a=mid",
        "a=fingerprint",
        "a=ice-",
        "a=setup",
        "a=group",
        "c=",
        "m=",
        "a=rtpmap",
        "a=rtcp-mux",
        "t=",
    )
    kind = chance.choice(kinds)
    return [line for line in lines if not line.startswith(kind)] or [""]


def _replace_value(lines: list[str], chance: Random) -> list[str]:
    """A value of a line of some kind by one that is none."""
    kinds = (
        "a=mid:",
        "a=fingerprint:",
        "a=group:BUNDLE ",
        "a=setup:",
        "a=ice-ufrag:",
        "a=ice-pwd:",
        "a=msid:",
    )
    kind = chance.choice(
        (*kinds, "a=sctp-port:", "a=max-message-size:", "a=extmap:", "a=rtpmap:", "m=", "o=")
    )
    bad = chance.choice(NO_VALUES)
    return [kind + bad if line.startswith(kind) and chance.random() < 0.7 else line for line in lines]


def _swap_lines(lines: list[str], chance: Random) -> list[str]:
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    changed = list(lines)
    changed[a], changed[b] = changed[b], changed[a]
    return changed


def _change_number(lines: list[str], chance: Random) -> list[str]:
    at = chance.randrange(len(lines))
    words = lines[at].split(" ")
    places = [place for place, word in enumerate(words) if any(letter.isdigit() for letter in word)]
    if places:
        words[chance.choice(places)] = chance.choice(NUMBERS)
    return [*lines[:at], " ".join(words), *lines[at + 1 :]]


def _insert_control(lines: list[str], chance: Random) -> list[str]:
    at = chance.randrange(len(lines))
    place = chance.randrange(len(lines[at]) + 1)
    changed = lines[at][:place] + chance.choice(CONTROLS) + lines[at][place:]
    return [*lines[:at], changed, *lines[at + 1 :]]


def _change_case(lines: list[str], chance: Random) -> list[str]:
    return [line.swapcase() if chance.random() < 0.05 else line for line in lines]


def _lengthen_line(lines: list[str], chance: Random) -> list[str]:
    at = chance.randrange(len(lines))
    more = chance.choice((" 0", "x", ";a=b", ":AA", " 96", "\u00e9")) * chance.choice((10, 400, 9000))
    return [*lines[:at], lines[at] + more, *lines[at + 1 :]]


def _repeat_section(lines: list[str], chance: Random) -> list[str]:
    starts = [at for at, line in enumerate(lines) if line.startswith("m=")]
    if not starts:
        return lines
    section = lines[chance.choice(starts) :]
    return lines[:-1] + section * chance.choice((1, 2, 40))


def _splice(lines: list[str], chance: Random) -> list[str]:
    other = OFFERS[chance.choice(sorted(OFFERS))].split("\r\n")
    return lines[: chance.randrange(len(lines)) + 1] + other[chance.randrange(len(other)) :]


def _cut(lines: list[str], chance: Random) -> list[str]:
    return [*lines[: chance.randrange(len(lines)) + 1]]


def _inserted(lines: list[str], chance: Random, line: str) -> list[str]:
    at = chance.randrange(len(lines) + 1)
    return [*lines[:at], line, *lines[at:]]


MUTATIONS: tuple[Mutation, ...] = (
    _hide_candidates,
    _many_candidates,
    _repeat_line,
    _number_line,
    _drop_line,
    _drop_kind,
    _replace_value,
    _swap_lines,
    _change_number,
    _insert_control,
    _change_case,
    _lengthen_line,
    _repeat_section,
    _splice,
    _cut,
)
