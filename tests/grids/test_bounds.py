"""Rectangles: what counts as sharing an area."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuilerie.grids import BoundingBox

numbers = st.integers(-20, 20)


@st.composite
def boxes(draw: st.DrawFn) -> BoundingBox:
    left, bottom = draw(numbers), draw(numbers)
    return BoundingBox(
        left, bottom, left + draw(st.integers(1, 9)), bottom + draw(st.integers(1, 9))
    )


@given(boxes(), boxes())
def test_intersection_is_the_set_of_shared_unit_squares(
    one: BoundingBox, other: BoundingBox
) -> None:
    """Tiles would be read where no data is, or data left out."""

    def squares(box: BoundingBox | None) -> set[tuple[int, int]]:
        if box is None:
            return set()
        return {
            (x, y)
            for x in range(int(box.left), int(box.right))
            for y in range(int(box.bottom), int(box.top))
        }

    shared = squares(one) & squares(other)
    assert squares(one.intersection(other)) == shared
    assert one.intersects(other) == bool(shared) == other.intersects(one)
    assert squares(one) | squares(other) <= squares(one.union(other))


def test_a_shared_edge_or_corner_is_no_intersection() -> None:
    """Neighbouring tiles would seem to need each other's data."""
    box = BoundingBox(0, 0, 1, 1)
    assert not box.intersects(BoundingBox(1, 0, 2, 1))
    assert not box.intersects(BoundingBox(1, 1, 2, 2))
    assert box.intersection(BoundingBox(0, 1, 1, 2)) is None


def test_width_height_and_growth() -> None:
    """Buffers around metatiles would have the wrong size."""
    box = BoundingBox(1, 2, 4, 8)
    assert (box.width, box.height) == (3, 6)
    assert box.expanded(1, 2) == (0, 0, 5, 10)
