"""Administration: groups and their amounts, the trace, what is stuck, downloads and settings; for administrators."""

from __future__ import annotations

from fastapi import APIRouter

from examples.portal.administration import amounts, downloads, groups, settings, stuck, trace

router = APIRouter()

for _part in (groups, amounts, trace, stuck, downloads, settings):
    router.include_router(_part.router)
