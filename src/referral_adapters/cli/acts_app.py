"""The commands that are made from acts: ``referral act``, and the groups of those that people use most.

The acts are looked up when one of the commands is asked for, so that ``referral --help`` comes at once.
"""

# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer.core import TyperCommand

GROUPS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "groups": (
        "Set what discount groups give, and see what they gave.",
        {
            "list": "group.list",
            "show": "group.show",
            "preview": "amount.preview",
            "set": "amount.set",
            "add": "group.add",
            "rename": "group.rename",
            "disable": "group.disable",
            "enable": "group.enable",
        },
    ),
    "codes": (
        "Show, check, issue and end promo codes.",
        {
            "show": "code.show",
            "check": "code.check",
            "present": "code.present",
            "issue": "code.issue",
            "end": "code.end",
        },
    ),
    "accounts": (
        "Look at accounts: contracts, codes, balance, referrals.",
        {
            "show": "account.show",
            "list": "account.list",
            "referrals": "account.referrals",
            "movements": "account.movements",
            "activity": "account.activity",
        },
    ),
    "sign-ups": (
        "Conclude contracts with a code or without, and see them.",
        {
            "list": "sign-up.list",
            "show": "sign-up.show",
            "conclude": "contract.concluded",
            "attach": "code.attach",
        },
    ),
    "referrals": (
        "Hold referrals that look like abuse, release or void them.",
        {
            "hold": "referral.hold",
            "release": "referral.release",
            "void": "referral.void",
            "change-group": "referral.change-group",
        },
    ),
    "contracts": (
        "Say what became of contracts, where billing does not.",
        {
            "activate": "contract.activated",
            "withdraw": "contract.withdrawn",
            "terminate": "contract.terminated",
            "annul": "contract.annulled",
        },
    ),
    "cases": (
        "Finish failed sign-ups, or give them up.",
        {
            "list": "case.list",
            "show": "case.show",
            "open": "case.open",
            "finish": "case.finish",
            "abandon": "case.abandon",
        },
    ),
    "grants": (
        "See what is stuck on its way to billing; have it tried again.",
        {
            "backlog": "grant.backlog",
            "stuck": "grant.stuck",
            "retry": "grant.retry",
        },
    ),
}
"""The groups of commands that people use most, and the act of each command."""

ABOUT_ACTS: Final = """Do any act by its name, with its fields as options.

    What an act means, who may ask for it and what it takes is the same here, in a feed and over HTTP; the page
    "Acts" of the documentation lists it all."""


class ActGroup(TyperGroup):
    """Commands that are made from acts when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - a context, which typer does not export
        """Return their names."""
        if (chosen := self._chosen) is not None:
            return [*chosen]
        from referral_adapters.cli.act_command import carried_acts

        return [*carried_acts()]

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ANN401 - as above
        """Return one of them, if there is such a one."""
        from referral_adapters.cli.act_command import act_command, carried_acts

        chosen = self._chosen
        act = carried_acts().get(cmd_name if chosen is None else chosen.get(cmd_name, ""))
        return None if act is None else act_command(act, f"{self.name} {cmd_name}", positional=chosen is not None)

    @property
    def _chosen(self) -> Mapping[str, str] | None:
        """The acts of the group by what they are called in it; ``None`` where it has all, by their own names."""
        return GROUPS[self.name or ""][1] if self.name in GROUPS else None


def add_acts(app: typer.Typer) -> None:
    """Give an application the commands that are made from acts."""
    for name, (about, _) in GROUPS.items():
        app.add_typer(_group(), name=name, help=about)
    app.add_typer(_group(), name="act", help=ABOUT_ACTS)


def _group() -> typer.Typer:
    return typer.Typer(cls=ActGroup, rich_markup_mode=None, no_args_is_help=True)
