"""How the public status page looks: calm, on a phone and a desk, in the light and in the dark. Pure."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c1e21; --dim: #565b63; --paper: #f6f7f8; --card: #fff;
  --edge: #dfe2e6; --link: #0b5cad; --well: #11734b; --well-soft: #e8f5ee; --minor: #8a5a00;
  --minor-soft: #fdf3dd; --major: #a8430b; --major-soft: #fdeee4; --critical: #b3162c;
  --critical-soft: #fdecee; --notice: #345b9c; --notice-soft: #ebf1fb }
@media (prefers-color-scheme: dark) { :root { --ink: #e9ebee; --dim: #a9b0ba; --paper: #121417;
  --card: #1b1e22; --edge: #343940; --link: #84bdff; --well: #5fd39b; --well-soft: #14291f;
  --minor: #f2c265; --minor-soft: #2c2412; --major: #ffa36b; --major-soft: #321f14;
  --critical: #ff8f9d; --critical-soft: #36191d; --notice: #9dbdf5; --notice-soft: #1a2438 } }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 47rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere }
a { color: var(--link); text-underline-offset: .15em }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .2rem }
time { white-space: nowrap }
.brand { margin: 0 0 1rem; font-weight: 650; font-size: 1.125rem }
.lost { margin: 0 0 1rem; padding: .75rem 1rem; border-radius: .75rem; background: var(--notice-soft);
  border: 1px solid var(--notice) }
.overall { display: flex; gap: .9rem; align-items: flex-start; padding: 1.35rem 1.25rem;
  border-radius: .9rem; background: var(--soft); border: 1px solid var(--tone) }
.overall .dot { width: 1rem; height: 1rem; margin-top: .5rem }
h1 { margin: 0; font-size: 1.55rem; line-height: 1.3; letter-spacing: -.01em }
.overall p { margin: .3rem 0 0; color: var(--dim) }
.none, .operational { --tone: var(--well); --soft: var(--well-soft) }
.minor, .degraded_performance { --tone: var(--minor); --soft: var(--minor-soft) }
.major, .partial_outage { --tone: var(--major); --soft: var(--major-soft) }
.critical, .major_outage { --tone: var(--critical); --soft: var(--critical-soft) }
.notice { --tone: var(--notice); --soft: var(--notice-soft) }
.dot { flex: none; display: inline-block; width: .7rem; height: .7rem; border-radius: 50%;
  background: var(--tone) }
h2 { margin: 2.4rem 0 .75rem; font-size: 1.15rem }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: .9rem }
.story { padding: 1.1rem 1.25rem .35rem; margin: 0 0 1rem }
.open { border-left: .3rem solid var(--tone) }
h3 { margin: 0; font-size: 1.15rem; line-height: 1.35 }
.facts { display: grid; grid-template-columns: fit-content(45%) 1fr; gap: .1rem .9rem; margin: .5rem 0 0;
  color: var(--dim); font-size: .925rem }
.facts div { display: contents } .facts dd { margin: 0; color: var(--ink) } .facts time { white-space: normal }
.updates { list-style: none; margin: .9rem 0 0; padding: 0 }
.updates > li { padding: .8rem 0; border-top: 1px solid var(--edge) }
.updates > li:target { outline: 2px solid var(--link); outline-offset: .35rem; border-radius: .3rem }
.updates p, .updates ul { margin: .4rem 0 } .updates ul { padding-left: 1.3rem; list-style: disc }
h4 { display: inline; margin: 0 .6rem 0 0; font-size: 1rem }
.stage { font-weight: 650 } .at { color: var(--dim); font-size: .925rem }
.aside { color: var(--dim); font-size: .925rem } .aside a { display: inline-block; padding: .15rem 0 }
.components { list-style: none; margin: 0; padding: .2rem 1.25rem }
.components li { display: flex; flex-wrap: wrap; gap: .2rem 1rem; justify-content: space-between;
  padding: .75rem 0; border-top: 1px solid var(--edge) }
.components li:first-child { border-top: 0 }
.health { display: inline-flex; align-items: center; gap: .5rem; color: var(--tone); font-weight: 600 }
.nothing { color: var(--dim) }
footer { margin-top: 2.6rem; padding-top: 1rem; border-top: 1px solid var(--edge); color: var(--dim);
  font-size: .925rem }
footer p { margin: .3rem 0 } footer a, nav span { display: inline-block; padding: .25rem 0 }
nav > * { margin-right: 1.1rem }
@media (max-width: 30rem) { body { padding-top: 1rem } h1 { font-size: 1.3rem }
  .overall { padding: 1.1rem 1rem } .overall .dot { margin-top: .35rem }
  .story { padding: 1rem 1rem .25rem } .components { padding: .2rem 1rem } }
@media print { :root { --paper: #fff; --card: #fff; --ink: #000; --dim: #333 } nav { display: none } }
"""

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; form-action 'none'"
"""What the page may load: its own style, known by its hash, and a picture that it holds itself."""

_TONES: Final[Mapping[str, str]] = {
    "none": "11734b",
    "notice": "345b9c",
    "minor": "b87900",
    "major": "c9540f",
    "critical": "c31932",
}


def icon(tone: str) -> str:
    """Return the address of the tab's picture: a dot in the colour of how things are."""
    circle = f"%3Ccircle cx='8' cy='8' r='6' fill='%23{_TONES[tone]}'/%3E"
    return f"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E{circle}%3C/svg%3E"
