"""The frame of every page. A page loads nothing and runs nothing, and has colours for light and dark.

In VS Code it takes the colours of the editor's theme. Blue and orange can be told apart with any colour vision. Ordered values
have one hue, from dark to light.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

_LIGHT = """
  --page: #ffffff; --card: #ffffff; --ink: #1f2328; --muted: #59636e; --rule: #d5dbe1; --grid: #e8ebef;
  --first: #0a5fb4; --second: #b25000; --soft: #86b6e4; --softer: #c9def2; --gone: #a8afb7; --focus: #0a5fb4;
"""
_DARK = """
  --page: #14171c; --card: #14171c; --ink: #e2e6ea; --muted: #9aa5b1; --rule: #343b44; --grid: #262c34;
  --first: #6fb4f5; --second: #f09b4a; --soft: #3d7db8; --softer: #2c5a88; --gone: #5d6670; --focus: #6fb4f5;
"""

_STYLE: Final = f"""
body {{{_LIGHT}}}
@media (prefers-color-scheme: dark) {{ body {{{_DARK}}} }}
body.vscode-light, body.vscode-high-contrast-light {{{_LIGHT}}}
body.vscode-dark, body.vscode-high-contrast:not(.vscode-high-contrast-light) {{{_DARK}}}
:root {{ color-scheme: light dark; }}
* {{ box-sizing: border-box; }}
body {{
  margin: 0; padding: 1.5rem clamp(1rem, 3vw, 2.5rem) 3rem; background: var(--vscode-editor-background, var(--page));
  color: var(--ink);
  font: 15px/1.5 var(--vscode-font-family, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif);
}}
main {{ max-width: 88rem; margin: 0 auto; }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 0; font-weight: 650; letter-spacing: -0.01em; }}
h2 {{ font-size: 1.0625rem; line-height: 1.3; margin: 0; font-weight: 600; text-wrap: balance; }}
p {{ margin: 0; }}
.sub, .note {{ color: var(--muted); }}
.note {{ font-size: 0.8125rem; margin-top: 0.15rem; }}
.keys {{
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1rem 1.5rem; margin: 1.5rem 0;
  padding: 1rem 0; border: solid var(--rule); border-width: 1px 0;
}}
.keys dt {{ color: var(--muted); font-size: 0.8125rem; }}
.keys dd {{ margin: 0; font-size: 1.625rem; line-height: 1.25; font-weight: 600; letter-spacing: -0.015em; }}
.keys small {{ display: block; font-size: 0.8125rem; line-height: 1.4; font-weight: 400; letter-spacing: 0; }}
.keys small {{ color: var(--muted); }}
.plots {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22.5rem), 1fr)); gap: 2.25rem 2.5rem; }}
figure {{ margin: 0; display: flex; flex-direction: column; min-width: 0; }}
figcaption {{ min-height: 4.4rem; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; font-size: 0.8125rem; margin-top: 0.35rem; color: var(--muted); }}
.legend svg {{ width: 0.75rem; height: 0.75rem; display: inline-block; margin: 0 0.35rem 0 0; vertical-align: -1px; }}
svg {{ display: block; width: 100%; height: auto; margin-top: 0.75rem; overflow: visible; }}
figure > svg {{ max-width: 31rem; }}
svg text {{ font-size: 13px; fill: var(--muted); font-variant-numeric: tabular-nums; }}
svg .label, svg .value {{ fill: var(--ink); }}
svg .name {{ font-weight: 600; }}
.end {{ text-anchor: end; }}
.middle {{ text-anchor: middle; }}
.grid {{ stroke: var(--grid); }}
.axis {{ stroke: var(--muted); }}
.line {{ fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }}
.line.first {{ stroke: var(--first); }}
.line.second {{ stroke: var(--second); }}
.mark.first, text.first {{ fill: var(--first); }}
.mark.second, text.second {{ fill: var(--second); }}
.mark.soft {{ fill: var(--soft); }}
.mark.softer {{ fill: var(--softer); }}
.mark.gone {{ fill: var(--gone); }}
circle.mark {{ stroke: var(--vscode-editor-background, var(--page)); stroke-width: 1.5; }}
.target {{ fill: transparent; }}
.target:hover {{ fill: var(--muted); fill-opacity: 0.25; }}
rect.mark:hover {{ fill-opacity: 0.75; }}
details {{ margin-top: 0.6rem; font-size: 0.8125rem; }}
summary {{ color: var(--muted); cursor: pointer; width: fit-content; }}
summary:hover {{ color: var(--ink); }}
summary:focus-visible, .scroll:focus-visible {{ outline: 2px solid var(--focus); outline-offset: 2px; }}
h2 + .scroll {{ margin-top: 0.9rem; }}
.scroll {{ overflow-x: auto; margin-top: 0.6rem; }}
details .scroll {{ max-height: 18rem; overflow-y: auto; }}
table {{ border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }}
details table {{ font-size: 0.8125rem; width: 100%; }}
caption {{ text-align: left; font-weight: 600; padding: 0 0 0.3rem; }}
th, td {{ padding: 0.3rem 0 0.3rem clamp(0.6rem, 2vw, 1.2rem); text-align: right; white-space: nowrap; }}
th, td {{ border-bottom: 1px solid var(--grid); }}
th:first-child, td:first-child {{ text-align: left; padding-left: 0; }}
tbody th {{ font-weight: 400; white-space: normal; overflow-wrap: anywhere; min-width: 6rem; }}
tbody th.under {{ padding-left: 1rem; color: var(--muted); }}
thead th {{ font-weight: 600; border-color: var(--rule); vertical-align: bottom; }}
.tables {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 33rem), 1fr)); gap: 0 3rem; }}
.tables > section {{ margin-top: 2.75rem; }}
.tables section + section table {{ font-size: 0.8125rem; }}
.tables .scroll + .scroll {{ margin-top: 1.75rem; }}
.tables > * {{ min-width: 0; }}
a {{ color: var(--first); }}
.list {{ margin-top: 1.25rem; width: 100%; }}
.list th, .list td {{ text-align: left; vertical-align: top; padding: 0.4rem 1.25rem 0.4rem 0; white-space: normal; }}
.list td:first-child, .list td:last-child {{ white-space: nowrap; }}
.list td:last-child .note {{ white-space: normal; }}
.list td:nth-child(2) {{ overflow-wrap: anywhere; min-width: 9.5em; }}
footer {{ margin-top: 2.5rem; color: var(--muted); font-size: 0.8125rem; max-width: 75ch; }}
@media print {{ details {{ display: none; }} }}
"""


def document(title: str, header: str, content: str) -> str:
    """A whole page as HTML. `header` and `content` must already be HTML."""
    digest = b64encode(sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<header>{header}</header>
{content}
</main>
</body>
</html>
"""
