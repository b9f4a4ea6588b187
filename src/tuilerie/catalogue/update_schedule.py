"""When the document of a remote server is read anew: what an operator writes of it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import Settings, Whole, spelled

__all__ = ["DayOfMonth", "DayOfWeek", "UpdateSettings"]

Clock = Annotated[
    str,
    BeforeValidator(spelled, json_schema_input_type=str),
    Field(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"),
]
"""Hour and minute, by the server's own clock."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class DayOfWeek(Settings):
    """Once a week."""

    day: Weekday = Field(description="Which day.", examples=["sunday"])
    at: Clock = Field(default="03:00", description="Hour and minute.", examples=["03:30"])


class DayOfMonth(Settings):
    """Once a month."""

    day: Annotated[Whole, Field(ge=1, le=31)] = Field(
        description="Which day; the last one of shorter months.", examples=[1]
    )
    at: Clock = Field(default="03:00", description="Hour and minute.", examples=["03:30"])


class UpdateSettings(Settings):
    """When a remote's document is read anew, besides at each start: one of four ways."""

    every_s: Annotated[Whole, Field(ge=60, le=31_622_400)] | None = Field(
        default=None, description="So many seconds after the last time.", examples=[21600]
    )
    daily_at: Clock | None = Field(
        default=None, description="Each day, at this hour and minute.", examples=["03:30"]
    )
    weekly: DayOfWeek | None = Field(
        default=None, description="Each week.", examples=[{"day": "sunday", "at": "03:30"}]
    )
    monthly: DayOfMonth | None = Field(
        default=None, description="Each month.", examples=[{"day": 1, "at": "03:30"}]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.every_s, self.daily_at, self.weekly, self.monthly)
        if sum(way is not None for way in ways) != 1:
            raise PydanticCustomError(
                "update", "say one of `every_s`, `daily_at`, `weekly` and `monthly`"
            )
        return self
