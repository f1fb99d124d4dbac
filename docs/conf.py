"""How Sphinx builds these pages."""

from __future__ import annotations

import enum
import re
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any, Final

import attrs
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from referral_adapters.http.client import RemoteSession
from referral_adapters.http.client.pages import Events
from referral_core.programme.settings import Settings

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "referral-core"
release = version = version_of("referral-core")
copyright = "2026, the referral-core contributors"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

html_theme = "furo"
html_title = f"referral-core {version}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["referral.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1d5f8a", "color-brand-content": "#1d5f8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ec", "color-brand-content": "#7cc0ec"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_type_aliases = {"Store": "referral_core.ports.store.Store"}  # and not the one of the conformance suites
autosummary_generate = False
python_maximum_signature_line_length = 130  # of the names in full, of which only the last parts are shown
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

# References to this project's own modules must resolve; those to Python and to libraries are not looked up, nor are
# type variables.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!referral_(core|adapters)\b).*"),
    ("py:class", r"referral_.*\.[A-Z]"),
    ("py:class", r"referral_adapters\.conformance\.[a-z_]+\..*"),  # what a suite asks of the thing that it tests
    ("py:class", r"referral_adapters\.memory\.flaky_billing\.Ledger"),
]
nitpick_ignore = [("py:class", "referral_core.values.code_text.CodeText")]  # described as referral_core.CodeText

RULES: Final = "explanation/rules"
"""The page on which every rule has a heading of its own: its id."""


class RuleLinks(SphinxPostTransform):
    """Makes every id of a rule, wherever it stands in a sentence, a link to the rule."""

    default_priority = 700

    def run(self, **kwargs: Any) -> None:  # noqa: ANN401 - as Sphinx calls it
        """Split each text at the ids in it."""
        ids = rule_ids(self.env.get_doctree(RULES)) if RULES in self.env.found_docs else set()
        for text in [*self.document.findall(nodes.Text)] if ids else []:
            if not is_within(text, nodes.literal, nodes.literal_block, nodes.reference, nodes.title, nodes.caption):
                text.parent.replace(text, list(self._pieces(str(text), ids)))

    def _pieces(self, text: str, ids: set[str]) -> list[nodes.Node]:
        page = self.app.builder.get_relative_uri(self.env.docname, RULES)
        return [
            nodes.reference("", word, refuri=f"{page}#{word.lower()}", internal=True, classes=["rule"])
            if word in ids
            else nodes.Text(word)
            for word in re.split(r"\b([A-Z][0-9]{1,2})\b", text)
            if word
        ]


def rule_ids(page: nodes.document) -> set[str]:
    """Return the headings of the page of rules that are ids."""
    return {title.astext() for title in page.findall(nodes.title) if re.fullmatch("[A-Z][0-9]{1,2}", title.astext())}


def is_within(node: nodes.Node, *kinds: type[nodes.Node]) -> bool:
    """Tell whether a node lies in one of some kinds."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def short_signature(
    app: Sphinx, what: str, name: str, thing: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None] | None:
    """Shorten how settings are given, and leave out how a class is made that no program makes."""
    if not isinstance(thing, type):
        return None
    if issubclass(thing, Settings):
        return "(**settings)", None
    return None if is_made_by_programs(thing) else ("", None)


def is_made_by_programs(thing: type) -> bool:
    """Tell whether a reader would ever call a class: no enumeration, no protocol and no part of the desk."""
    is_part = thing.__module__.startswith("referral_core.services.") and not attrs.has(thing)
    is_part |= issubclass(thing, RemoteSession | Events)
    is_part |= thing.__module__ == "referral_core.session"
    return not (is_part or issubclass(thing, enum.Enum) or thing.__dict__.get("_is_protocol"))


def setup(app: Sphinx) -> None:
    """Give Sphinx what stands above."""
    app.add_post_transform(RuleLinks)
    app.connect("autodoc-process-signature", short_signature)
