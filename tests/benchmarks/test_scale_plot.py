"""The drawing of the table of scale has what the result file has, and nothing outside its frame."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks.scale_plot import HEIGHT, WIDTH, draw

SVG = "{http://www.w3.org/2000/svg}"


def steps(*cores: float) -> dict[str, object]:
    return {
        "steps": [
            {"legs": n, "coresPerLeg": cost, "frameAgeP95Ms": [20.0 * n]}
            for n, cost in enumerate(cores, start=1)
        ]
    }


ROWS = {
    "legs": steps(0.3, 0.29, 0.28),
    "neural-legs": steps(0.4, 0.41),
    "sockets": {"relayMs": {"p50": 1.2, "p99": 4.5}},
    "two-processes": {"relayMs": {"p50": 1.4, "p99": 6.3}},
}


def test_every_step_is_a_point_in_both_panels_of_legs() -> None:
    root = ElementTree.fromstring(draw({"measures": ROWS}))
    assert root.get("width") == str(3 * WIDTH)
    circles = list(root.iter(f"{SVG}circle"))
    assert len(circles) == 2 * (3 + 2)
    assert all(0 < float(one.get("cy", "0")) < HEIGHT for one in circles)
    assert all(0 < float(one.get("cx", "0")) < WIDTH for one in circles)


def test_the_dearer_leg_is_drawn_higher() -> None:
    root = ElementTree.fromstring(draw({"measures": ROWS}))
    heights = [float(one.get("cy", "0")) for one in root.iter(f"{SVG}circle")]
    assert heights[3] < heights[0]


def test_a_row_that_was_not_measured_is_left_out() -> None:
    root = ElementTree.fromstring(draw({"measures": {"sockets": ROWS["sockets"]}}))
    assert root.get("width") == str(WIDTH)
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"one process", "1.2", "4.5"} <= words
    assert "two" not in words
