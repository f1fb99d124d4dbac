"""The limit on codes that are given by their texts: which acts draw on it, for whom, and how much they may (A4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from referral_core.acts import Act
from referral_core.entities.actor import Actor, Asker, Role
from referral_core.entities.promo_code import PromoCode
from referral_core.ports.limiter import Limiter, Rate
from referral_core.ports.requests import asker_of
from referral_core.programme.settings import Checking
from referral_core.values.code_text import fold
from referral_core.values.errors import TooManyCodes

_IPV4: Final = 4
_NETWORK: Final = 64


@attrs.frozen(eq=False)
class CodeLimit:
    """The limit in one session, which every act draws on that is given a code by its text.

    A code is counted once in a session: an act that is repeated after a lost race guesses nothing new. A code that the
    session has shown before is no guess either, and questions about it are not counted; what is done with it is.
    """

    limiter: Limiter
    checking: Checking
    asker: Asker
    _counted: set[str] = attrs.field(factory=set, init=False)
    _shown: set[str] = attrs.field(factory=set, init=False)

    def draw(self, act: Act[Any], given: Mapping[str, Any]) -> None:
        """Count the codes among an act's arguments.

        :raises TooManyCodes: the asker has given too many in too short a time.
        """
        known = self._counted | self._shown if act.reads else self._counted
        for text in {fold(given[name]) for name in act.codes if given.get(name) is not None} - known:
            draw(self.limiter, self.checking, self.asker)
            self._counted.add(text)

    def show(self, codes: Iterable[PromoCode]) -> None:
        """Take note of the codes that an act has answered with."""
        self._shown.update(code.text for code in codes)


def draw(limiter: Limiter, checking: Checking, asker: Asker, many: int = 1) -> None:
    """Count codes for an asker, ``many`` of them that come together.

    :raises TooManyCodes: the asker has given too many in too short a time.
    """
    for key, count in _limits(checking, asker):
        wait = limiter.take(key, Rate(count, checking.within.total_seconds()).of(many))
        if wait:
            raise TooManyCodes(wait)


def _limits(checking: Checking, asker: Asker) -> Iterator[tuple[str, int]]:
    """Yield the keys under which an asker's codes are counted, each with the most that may come in the time."""
    actor = asker.actor
    if actor is not None and actor.role is Role.SYSTEM:
        yield _key_of(actor), checking.per_system
        return
    is_staff = actor is not None and _is_staff(actor)
    if asker.address is not None:
        address = network_of(asker.address)
        # Apart, so that staff at work leave the visitors of their own network some checks, and the other way round.
        yield (
            (f"staff address {address}", checking.per_staff_address)
            if is_staff
            else (f"address {address}", checking.per_address)
        )
    if actor is not None:
        yield _key_of(actor), checking.per_staff if is_staff else checking.per_caller


def _is_staff(actor: Actor) -> bool:
    """Tell whether somebody belongs to the staff; distributors, who are limited to channels, are outsiders."""
    return actor.role is not Role.CUSTOMER and actor.channels is None


def _key_of(actor: Actor) -> str:
    return f"caller {asker_of(actor.role, actor.id)}"


def network_of(address: str) -> str:
    """Return the key that an address is counted under: the address itself, of IPv6 its network.

    Whoever has one address of an IPv6 network has all of them.

    >>> network_of("192.0.2.1"), network_of("2001:db8:0:1::7")
    ('192.0.2.1', '2001:db8:0:1::/64')
    """
    from ipaddress import ip_address, ip_network  # noqa: PLC0415 - most programs have no addresses

    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == _IPV4:
        return address
    return str(found.ipv4_mapped or ip_network((found.packed, _NETWORK), strict=False))
