"""How the printable page of a runbook looks: for a thumb, in the dark, and with a pen. Pure."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d1b1f; --dim: #55515b; --paper: #fff; --edge: #d2ceda;
  --soft: #f5f3f8; --warn: #8a3a00; --warn-soft: #fbf0e6; --link: #0060a0; --ops: #4a4458;
  --comms: #00695c; --act: #a3123a; --act-soft: #fbf1f3 }
@media (prefers-color-scheme: dark) { :root { --ink: #eceaf0; --dim: #b1acba; --paper: #18161b;
  --edge: #45404d; --soft: #232027; --warn: #ffb27a; --warn-soft: #33241a; --link: #7cc0ff;
  --ops: #a79fb8; --comms: #5fd0bf; --act: #ff93ab; --act-soft: #2c1d22 } }
* { box-sizing: border-box }
html { scroll-padding-top: .75rem; -webkit-text-size-adjust: 100% }
body { margin: 0 auto; padding: 1.25rem 1rem 4rem; max-width: 46rem; background: var(--paper);
  color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .2rem 0 .4rem }
h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 2px solid var(--edge) }
h3 { font-size: 1.15rem; line-height: 1.3; margin: 0 0 .25rem }
h4, h5, h6 { font-size: 1rem; margin: .9rem 0 .3rem }
p { margin: .5rem 0 } ul, ol { padding-left: 1.4rem; margin: .5rem 0 } li { margin: .2rem 0 }
.dim, .facts { color: var(--dim); font-size: .95rem } .up { margin: 0 }
a { color: var(--link); text-underline-offset: .15em }
code { background: var(--soft); padding: .1em .3em; border-radius: .25em; font-size: .95em }
pre { background: var(--soft); border-radius: .4rem; padding: .6rem .75rem; margin: .5rem 0; overflow-x: auto;
  overflow-wrap: normal; line-height: 1.4 } pre code { background: none; padding: 0 }
pre span { display: block; color: var(--dim); font: .8rem/1.4 system-ui, sans-serif }
blockquote { margin: .6rem 0; padding: .1rem .9rem; border-left: .25rem solid var(--edge); color: var(--dim) }
hr { border: 0; border-top: 1px solid var(--edge); margin: 1rem 0 }
.scroll { overflow-x: auto } table { border-collapse: collapse; margin: .5rem 0; min-width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; min-width: 5rem;
  border-bottom: 1px solid var(--edge); overflow-wrap: normal }
.warning { background: var(--warn-soft); border-left: .3rem solid var(--warn); padding: .6rem .9rem;
  margin: 0 0 1rem }
.params { margin: .9rem 0; border: 1px solid var(--edge); border-radius: .4rem; padding: .2rem .9rem }
.params div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .35rem 0 } dt { font-weight: 600; min-width: 9rem }
dd { margin: 0; flex: 1 1 10rem } .blank { display: inline-block; min-width: 7rem; border-bottom: 1px solid var(--dim) }
nav { margin: 1.2rem 0; padding: .4rem .9rem; background: var(--soft); border-radius: .4rem }
nav ul { list-style: none; padding: 0 } nav ul > li { font-weight: 600; margin: .5rem 0 }
nav ol { font-weight: 400; padding-left: 2rem } nav a, .runbooks a { display: inline-block; padding: .2rem 0;
  vertical-align: top } nav a { margin-top: -.2rem }
.runbooks { list-style: none; padding: 0 } .runbooks li { padding: .5rem 0; border-bottom: 1px solid var(--edge) }
.runbooks a { font-weight: 600 }
.step { border: 1px solid var(--edge); border-left: .35rem solid var(--ops); border-radius: .4rem;
  padding: .8rem .9rem .5rem; margin: .9rem 0 } .step.comms { border-left-color: var(--comms) }
.step:target { outline: 3px solid var(--link); outline-offset: 2px }
.nth { font-variant-numeric: tabular-nums; color: var(--dim); margin-right: .15em }
.tick { display: inline-block; width: 1em; height: 1em; border: 2px solid var(--dim); border-radius: .2em;
  margin-right: .5em; vertical-align: -.12em }
h3 .tick { display: none }
.boxes, .decide ul { list-style: none; padding: 0 } .boxes li, .decide li { padding-left: 1.6em; text-indent: -1.6em }
.boxes li > *, .decide li > * { text-indent: 0 }
.action { background: var(--act-soft); border-radius: .4rem; padding: .3rem .75rem; margin: .6rem 0 }
.action pre { background: var(--paper); white-space: pre-wrap; overflow-wrap: anywhere } .verb { color: var(--act) } .sign { display: none }
@page { margin: 16mm 14mm 18mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif } }
@media print {
  :root { color-scheme: light; --ink: #000; --dim: #444; --paper: #fff; --edge: #999; --soft: #f3f3f3;
    --warn: #000; --warn-soft: #fff; --link: #000; --ops: #000; --comms: #777; --act: #000; --act-soft: #fff }
  body { max-width: none; padding: 0; font-size: 10pt; line-height: 1.35 } .up { display: none }
  h1 { font-size: 18pt } h2 { font-size: 14pt; margin-top: 1.2rem } section > h2, section > p { break-after: avoid }
  h3 { font-size: 12pt; break-after: avoid }
  h3 .tick { display: inline-block } .step, .action { break-inside: avoid; background: none }
  .step { padding: .5rem .7rem .3rem; margin: .6rem 0 } p, ul, ol, pre { margin: .3rem 0 }
  .action { border: 1px solid var(--edge); padding: .1rem .6rem } .action pre { border: 0; padding: 0 .2rem }
  nav { border: 1px solid var(--edge); background: none; columns: 2; font-size: 9.5pt } nav a { padding: 0; margin: 0 }
  nav ul > li { break-inside: avoid; margin: .3rem 0 } nav li { margin: .05rem 0 }
  li, tr, pre { break-inside: avoid } p { orphans: 3; widows: 3 }
  pre { white-space: pre-wrap; overflow: visible; border: 1px solid var(--edge); overflow-wrap: anywhere }
  .scroll { overflow: visible } a { text-decoration: none }
  a[href^="http"]::after { content: " (" attr(href) ")"; font-size: .85em }
  .sign { display: block; margin-top: .9rem; color: var(--dim) } .sign .blank { min-width: 11rem }
  .step:target { outline: none }
}
"""
