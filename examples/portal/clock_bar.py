"""The bar that shows the programme's day and moves it on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from dateutil.relativedelta import relativedelta
from fastapi import APIRouter
from fastapi.responses import Response

from examples.portal.visit import Anybodys

router = APIRouter()

STEPS: Final = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
}


@router.post("/clock")
def move(visit: Anybodys) -> Response:
    """Move the clock on by a step or to a day; on the way, what is due happens."""
    course = visit.world.course
    day = _wanted(course.day, visit.fields)
    if day is None or day <= course.day:
        visit.note("clock.not-later")
    else:
        course.move_to(day)
        visit.note("clock.moved", day=visit.texts.day(course.day))
    return visit.back()


def _wanted(today: date, fields: Mapping[str, str]) -> date | None:
    step = STEPS.get(fields.get("step", ""))
    if step is not None:
        return today + step
    try:
        return date.fromisoformat(fields.get("day", ""))
    except ValueError:
        return None
