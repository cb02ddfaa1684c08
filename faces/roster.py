"""Who ships: the synthetic people's parameters.

Every weight is a judgement of the eye; distances are in docs.
"""

from __future__ import annotations

from dataclasses import replace

from faces.chosen import CHOSEN
from faces.geometry import HeadShape
from faces.hair import BeardStyle, BrowStyle, HairStyle
from faces.people import Person
from faces.skin import SkinTone


def _uneven(*names: str) -> dict[str, float]:
    """A little asymmetry, as every face has: weights of MakeHuman's asymmetry targets."""
    return {f"asym/asym-{name}": 0.22 for name in names}


def _both(name: str, weight: float) -> dict[str, float]:
    return {name.replace("%", side): weight for side in ("l", "r")}


SITTERS: tuple[Person, ...] = (
    Person(
        "sora",
        {"en": "Sora", "ko": "소라"},
        {"en": "Synthetic woman of about 27", "ko": "20대 후반의 가상 여성"},
        HeadShape(
            0.04,
            27,
            (0.0, 0.92, 0.08),
            {
                **_uneven("eye-2-l", "mouth-1-r"),
                "head/head-oval": 0.35,
                "nose/nose-scale-horiz-decr": 0.2,
                "mouth/mouth-upperlip-volume-incr": 0.25,
                "chin/chin-width-decr": 0.2,
                **_both("eyes/%-eye-scale-incr", 0.25),
            },
        ),
        SkinTone((232, 194, 168), (202, 122, 116), flush=0.45, shadows=0.25, moles=1, crease=0.45),
        HairStyle("long", (30, 24, 22), parting=-0.08, wave=0.06, count=42000),
        BrowStyle((44, 34, 30), weight=0.8, arch=0.055, lift=0.012),
        None,
        (84, 56, 36),
        (206, 196, 184),
        (168, 178, 182),
        101,
    ),
    Person(
        "doyun",
        {"en": "Doyun", "ko": "도윤"},
        {"en": "Synthetic man of about 35", "ko": "30대 중반의 가상 남성"},
        HeadShape(
            0.97,
            34,
            (0.0, 0.95, 0.05),
            {
                **_uneven("nose-1-l", "jaw-1-r", "eye-1-l"),
                "head/head-square": 0.25,
                "nose/nose-width2-incr": 0.2,
                "chin/chin-prominent-incr": 0.15,
                **_both("cheek/%-cheek-bones-incr", 0.3),
            },
        ),
        SkinTone(
            (214, 172, 142),
            (182, 118, 108),
            flush=0.4,
            shadows=0.4,
            wrinkles=0.12,
            beard=0.6,
            moles=3,
            crease=0.3,
        ),
        HairStyle("short", (28, 24, 22), parting=-0.3, wave=0.08, count=40000),
        BrowStyle((34, 28, 26), weight=1.2, arch=0.035),
        BeardStyle((40, 34, 32), 0.016, 1950),
        (76, 52, 34),
        (58, 64, 72),
        (146, 158, 166),
        102,
    ),
    Person(
        "amara",
        {"en": "Amara", "ko": "아마라"},
        {"en": "Synthetic woman of about 30", "ko": "30세 무렵의 가상 여성"},
        HeadShape(
            0.06,
            29,
            (0.95, 0.0, 0.05),
            {
                **_uneven("mouth-2-l", "brown-1-r"),
                "head/head-oval": 0.3,
                "chin/chin-width-decr": 0.15,
                **_both("eyes/%-eye-scale-incr", 0.2),
            },
        ),
        SkinTone((126, 84, 62), (122, 72, 64), flush=0.2, shadows=0.3, moles=2),
        HairStyle("cropped", (24, 20, 18), wave=0.6, count=42000),
        BrowStyle((24, 20, 18), weight=0.9, arch=0.07),
        None,
        (66, 40, 26),
        (186, 120, 62),
        (176, 150, 128),
        103,
    ),
    Person(
        "kofi",
        {"en": "Kofi", "ko": "코피"},
        {"en": "Synthetic man of about 47", "ko": "40대 후반의 가상 남성"},
        HeadShape(
            0.96,
            46,
            (0.97, 0.0, 0.03),
            {
                **_uneven("nose-2-r", "jaw-2-l", "eye-3-r"),
                "head/head-rectangular": 0.2,
                "head/head-fat-incr": 0.1,
                "nose/nose-width2-incr": 0.15,
            },
        ),
        SkinTone((104, 70, 53), (100, 62, 56), flush=0.15, shadows=0.45, wrinkles=0.38, beard=0.4, moles=3),
        HairStyle("cropped", (26, 24, 24), wave=0.6, count=36000, grey=0.12, recede=0.12),
        BrowStyle((22, 20, 19), weight=1.1, arch=0.05),
        BeardStyle((24, 22, 21), 0.03, 7800),
        (62, 40, 28),
        (78, 92, 84),
        (150, 140, 126),
        104,
    ),
    Person(
        "elena",
        {"en": "Elena", "ko": "엘레나"},
        {"en": "Synthetic woman of about 45", "ko": "40대 중반의 가상 여성"},
        HeadShape(
            0.08,
            45,
            (0.0, 0.0, 1.0),
            {
                **_uneven("nose-3-l", "eye-4-r"),
                "head/head-diamond": 0.2,
                "nose/nose-hump-incr": 0.25,
                "nose/nose-scale-vert-incr": 0.2,
                "mouth/mouth-scale-horiz-incr": 0.15,
                **_both("cheek/%-cheek-bones-incr", 0.25),
            },
        ),
        SkinTone(
            (226, 186, 164), (190, 112, 104), flush=0.55, shadows=0.5, wrinkles=0.36, freckles=0.12, moles=3
        ),
        HairStyle("bob", (96, 62, 40), parting=0.22, wave=0.10, count=42000),
        BrowStyle((86, 60, 44), weight=0.9, arch=0.075),
        None,
        (100, 106, 86),
        (64, 84, 96),
        (190, 180, 168),
        105,
    ),
    Person(
        "tomas",
        {"en": "Tomas", "ko": "토마스"},
        {"en": "Synthetic man of about 28", "ko": "20대 후반의 가상 남성"},
        HeadShape(
            0.93,
            27,
            (0.0, 0.0, 1.0),
            {
                **_uneven("nose-2-l", "brown-2-r", "jaw-1-l"),
                "head/head-oval": 0.25,
                "nose/nose-point-up": 0.15,
                "chin/chin-cleft-incr": 0.3,
                "chin/chin-width-incr": 0.15,
                "mouth/mouth-scale-horiz-incr": 0.1,
            },
        ),
        SkinTone((228, 184, 162), (196, 124, 114), flush=0.5, shadows=0.3, freckles=0.5, beard=0.3, moles=3),
        HairStyle("short", (142, 98, 58), parting=0.3, wave=0.2, count=40000),
        BrowStyle((122, 84, 54), weight=1.05, arch=0.045),
        BeardStyle((132, 90, 58), 0.022, 3600),
        (92, 118, 136),
        (96, 104, 84),
        (182, 190, 194),
        106,
    ),
    Person(
        "ingrid",
        {"en": "Ingrid", "ko": "잉그리드"},
        {"en": "Synthetic woman of about 67", "ko": "60대 후반의 가상 여성"},
        HeadShape(
            0.0,
            64,
            (0.0, 0.0, 1.0),
            {
                **_uneven("eye-1-r", "mouth-2-r", "cheek-1-l"),
                "head/head-round": 0.2,
                "nose/nose-point-down": 0.1,
                "mouth/mouth-upperlip-volume-decr": 0.2,
            },
        ),
        SkinTone(
            (228, 190, 172), (184, 118, 112), flush=0.6, shadows=0.55, wrinkles=0.85, spots=0.5, moles=4
        ),
        HairStyle("bob", (188, 184, 178), parting=-0.25, wave=0.12, count=42000, grey=0.6),
        BrowStyle((140, 128, 118), weight=0.7, arch=0.07, lift=0.015),
        None,
        (104, 128, 148),
        (132, 96, 116),
        (196, 192, 186),
        107,
    ),
    Person(
        "yeongsu",
        {"en": "Yeongsu", "ko": "영수"},
        {"en": "Synthetic man of about 66", "ko": "60대 후반의 가상 남성"},
        HeadShape(
            0.95,
            64,
            (0.0, 0.93, 0.07),
            {
                **_uneven("nose-1-r", "eye-5-l", "mouth-1-l"),
                "head/head-round": 0.15,
                "head/head-fat-incr": 0.15,
                "nose/nose-volume-incr": 0.15,
            },
        ),
        SkinTone(
            (206, 164, 136),
            (168, 110, 102),
            flush=0.45,
            shadows=0.6,
            wrinkles=0.8,
            spots=0.35,
            beard=0.35,
            moles=5,
        ),
        HairStyle("short", (120, 118, 116), parting=0.35, wave=0.06, count=32000, grey=0.6, recede=0.16),
        BrowStyle((74, 70, 68), weight=1.05, arch=0.04),
        BeardStyle((130, 128, 126), 0.012, 1350, grey=0.7),
        (76, 56, 42),
        (108, 100, 88),
        (158, 156, 148),
        108,
    ),
    Person(
        "rafael",
        {"en": "Rafael", "ko": "라파엘"},
        {"en": "Synthetic man of about 40", "ko": "40세 무렵의 가상 남성"},
        HeadShape(
            0.94,
            39,
            (0.38, 0.12, 0.5),
            {
                **_uneven("nose-4-r", "brown-1-l", "jaw-3-r"),
                "head/head-diamond": 0.15,
                "nose/nose-curve-convex": 0.2,
                "nose/nose-hump-incr": 0.2,
                "chin/chin-height-incr": 0.1,
            },
        ),
        SkinTone((172, 124, 94), (146, 88, 80), flush=0.35, shadows=0.55, wrinkles=0.25, beard=0.7, moles=3),
        HairStyle("short", (34, 28, 24), parting=-0.3, wave=0.5, count=44000),
        BrowStyle((32, 26, 22), weight=1.25, arch=0.05),
        BeardStyle((34, 28, 25), 0.035, 7800, grey=0.05),
        (70, 48, 32),
        (70, 54, 56),
        (166, 150, 138),
        109,
    ),
    Person(
        "leila",
        {"en": "Leila", "ko": "레일라"},
        {"en": "Synthetic woman of about 33", "ko": "30대 초반의 가상 여성"},
        HeadShape(
            0.07,
            32,
            (0.22, 0.28, 0.5),
            {
                **_uneven("eye-2-r", "nose-3-r"),
                "head/head-oval": 0.2,
                "nose/nose-hump-incr": 0.15,
                "mouth/mouth-lowerlip-volume-incr": 0.2,
                **_both("eyes/%-eye-scale-incr", 0.2),
            },
        ),
        SkinTone((198, 150, 120), (176, 96, 92), flush=0.4, shadows=0.45, moles=2),
        HairStyle("long", (52, 36, 28), parting=0.05, wave=0.3, count=44000),
        BrowStyle((44, 32, 26), weight=1.05, arch=0.07),
        None,
        (84, 66, 44),
        (88, 106, 112),
        (186, 172, 158),
        110,
    ),
)


def _apart(person: Person) -> Person:
    """The person with the targets that set them apart from the others."""
    targets = {**person.shape.targets, **CHOSEN.get(person.name, {})}
    return replace(person, shape=replace(person.shape, targets=targets))


PEOPLE: tuple[Person, ...] = tuple(_apart(person) for person in SITTERS)
