"""The values of all dimensions of a layer out of one request, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tuilerie.catalogue.address import Dimensions
from tuilerie.catalogue.axis import Axis, Found
from tuilerie.catalogue.dimensions import Dimension
from tuilerie.catalogue.echo import echo, some_names
from tuilerie.catalogue.model import Layer
from tuilerie.errors import InvalidParameter, MissingParameter, RequestError

__all__ = ["NO_VALUES", "LayerAxes", "Values"]


class Values(NamedTuple):
    """What is served for the dimensions of a request.

    Attributes:
        dimensions: canonical, in the layer's order.
        max_age_s: for how long clients may keep the tile at most, since the same words may mean
            another value soon; None = they will not.
        hastens: whether they may do so by the clock alone, so that nothing may be remembered.
    """

    dimensions: Dimensions
    max_age_s: int | None = None
    hastens: bool = False


NO_VALUES = Values(())


class LayerAxes:
    """Finds values; keeps what it needs of a dimension from the first request for it."""

    def __init__(self) -> None:
        self._axes: dict[str, tuple[Axis, ...]] = {}

    def find(self, layer: Layer, asked: Dimensions, faults: list[RequestError]) -> Values | None:
        """Return the values that a request means; None if some are wrong, which the faults tell.

        Args:
            layer: one with dimensions.
            asked: names in any case with raw values; those of no dimension are ignored, as
                7.2.2.2 wants it, and so are empty values, which say nothing.
            faults: where what is wrong is added; locators are identifiers of dimensions.
        """
        axes = self._axes.get(layer.identifier)
        if axes is None:
            axes = tuple(Axis(dimension) for dimension in layer.dimensions)
            self._axes[layer.identifier] = axes
        found: list[Found] = []
        for dimension, axis in zip(layer.dimensions, axes, strict=True):
            texts = _asked(dimension, asked)
            value = axis.find(texts[0] if texts else None) if len(texts) < 2 else None
            if value is None:
                faults.append(_fault(layer, dimension, texts))
            else:
                found.append(value)
        if len(found) < len(axes):
            return None
        return _together(layer.dimensions, found)


def _asked(dimension: Dimension, asked: Dimensions) -> list[str]:
    """Return the different values that a request says for a dimension."""
    wanted = dimension.identifier.lower()
    return list(dict.fromkeys(text for name, text in asked if text and name.lower() == wanted))


def _together(dimensions: Sequence[Dimension], found: Sequence[Found]) -> Values:
    pairs = tuple(
        (dimension.identifier, one.value) for dimension, one in zip(dimensions, found, strict=True)
    )
    ages = [
        dimension.moving_max_age_s
        for dimension, one in zip(dimensions, found, strict=True)
        if one.moves
    ]
    return Values(pairs, min(ages, default=None), any(one.hastens for one in found))


def _fault(layer: Layer, dimension: Dimension, texts: Sequence[str]) -> RequestError:
    """Return the error about a dimension (Table 23); the locator is its identifier."""
    name = dimension.identifier
    if not texts:
        return MissingParameter("{name} is missing or empty", name, name=name)
    if len(texts) > 1:
        return InvalidParameter("{name} is given more than once.", name, name=name)
    return InvalidParameter(
        "{name} {value} is not offered by layer {layer}, which has {names}",
        name,
        name=name,
        value=echo(texts[0]),
        layer=layer.identifier,
        names=some_names(dimension.values),
    )
