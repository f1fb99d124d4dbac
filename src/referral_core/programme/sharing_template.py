"""What a customer passes on, in each language (T1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from referral_core.programme.toml_table import TomlTable

PLACEHOLDER: Final = "{code}"
"""Stands for the code in a template."""

_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def percent_encoded(text: str) -> str:
    """Return ``text`` as it may stand anywhere in a link (RFC 3986, section 2)."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


@attrs.frozen
class SharingText:
    """What the share sheets of Android and iOS take: a title, a text and a link (T1)."""

    title: str
    text: str
    url: str


@attrs.frozen
class SharingTemplate:
    """A title, a text and a link with ``{code}`` where the code belongs."""

    title: str
    text: str
    link: str

    def filled_in(self, code: str) -> SharingText:
        """Return the texts with ``code`` in its places, percent-encoded in the link."""
        return SharingText(
            title=self.title.replace(PLACEHOLDER, code),
            text=self.text.replace(PLACEHOLDER, code),
            url=self.link.replace(PLACEHOLDER, percent_encoded(code)),
        )

    @classmethod
    def read(cls, table: TomlTable) -> SharingTemplate:
        """Read a template from its table in a programme file; the table notes the faults."""
        template = cls(title=table.text("title"), text=table.text("text"), link=table.text("link"))
        table.close()
        return template

    @classmethod
    def read_all(cls, sharing: TomlTable) -> dict[str, SharingTemplate]:
        """Read the templates of all languages from the table that holds theirs."""
        tables = {language: sharing.table(language) for language in sharing.content}
        return {language: cls.read(table) for language, table in tables.items() if table is not None}
