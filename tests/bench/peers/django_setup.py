"""What the contenders that stand on Django share: its settings, and people by the million."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from peers.client import Population


def set_up(url: str, **given: Any) -> None:  # noqa: ANN401 - settings of Django's
    """Make Django ready to work on a database, on a connection that it keeps."""
    parts = urlsplit(url)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": parts.port,
        "CONN_MAX_AGE": None,
    }
    settings.configure(
        **{
            "DATABASES": {"default": database},
            "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
            "SECRET_KEY": "only for measuring",
            "SITE_ID": 1,
            "USE_TZ": True,
            **given,
        }
    )
    django.setup()


def make_tables() -> None:
    """Make the tables as their migrations do."""
    call_command("migrate", verbosity=0, skip_checks=True)


def execute(statement: str, *values: object) -> None:
    """Carry out a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def load_people(population: Population) -> None:
    """Make all people: the owner of a code has its number and one as the id, the newcomers' ids follow."""
    execute(
        "INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff,"
        " is_active, date_joined) SELECT n, '', false, 'user-' || n, '', '', '', false, true, now()"
        " FROM generate_series(1, %s) n",
        population.people,
    )


def tidy() -> None:
    """Leave the database as one that has been running for a while: vacuumed, and with statistics."""
    execute("VACUUM ANALYZE")
