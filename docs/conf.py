"""How Sphinx builds these pages."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "referral-core"
release = version = version_of("referral-core")
copyright = "the authors of referral-core"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

html_theme = "furo"
html_title = f"referral-core {version}"
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 100

# References to this project's own modules must resolve; those to Python and to libraries are not looked up.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!referral_(core|adapters)\b).*")]
