// The page's style sheet.
#pragma once

namespace vggen::detail {

/// Light and dark are the reader's choice (prefers-color-scheme). Classes a and b are the two curves of a
/// chart,
/// --s is a cell's share of its row.
inline constexpr const char *page_style = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f6f7f9; --text: #1c2127; --soft: #5f6975; --line: #dfe3e8; --grid: #eceff2;
  --a: #2f6fd0; --b: #d9691a; --heat: 47, 111, 208; --miss: 224, 122, 44; --on-heat: #ffffff; --bar: #2f6fd08c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --panel: #1c2025; --text: #e3e7ec; --soft: #98a3b0; --line: #30363d; --grid: #262b31;
    --a: #6ba4f8; --b: #f09a52; --heat: 55, 105, 190; --miss: 190, 95, 30; --bar: #6ba4f899;
  }
  .heat { filter: invert(0.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 1180px; padding: 48px 24px 32px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
h1 { margin: 0 0 16px; font-size: 28px; line-height: 1.2; font-weight: 650; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 19px; line-height: 1.3; font-weight: 650; }
h3 { margin: 0; font-size: 15px; font-weight: 600; }
section { margin-top: 48px; }
section > p { margin: 0 0 16px; max-width: 90ch; color: var(--soft); }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }

.summary { display: flex; flex-wrap: wrap; margin: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.summary div { flex: 1 1 auto; margin: 0 -1px -1px 0; padding: 11px 16px 12px; border: 0 solid var(--line); border-width: 0 1px 1px 0; }
.summary dt { color: var(--soft); font-size: 12.5px; }
.summary dd { margin: 0; font-size: 15px; font-weight: 600; overflow-wrap: anywhere; }
.summary small { color: var(--soft); font-size: 13px; font-weight: 400; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 24px; margin-top: 32px; }
.chart { margin: 0; padding: 16px 18px 10px; border: 1px solid var(--line); border-radius: 8px; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 16px; align-items: baseline; margin-bottom: 2px; }
figcaption h3 { flex: 1; }
.key { color: var(--soft); font-size: 13px; }
.key::before { content: ""; display: inline-block; width: 16px; height: 3px; margin-right: 6px; border-radius: 2px; vertical-align: 3px; }
.key.a::before { background: var(--a); }
.key.b::before { background: var(--b); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 12.5px; fill: var(--soft); }
.grid line { stroke: var(--grid); }
.axis line { stroke: var(--line); }
.axis .y { text-anchor: end; }
.axis .x { text-anchor: middle; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
path.a { stroke: var(--a); }
path.b { stroke: var(--b); }
circle { stroke: var(--page); stroke-width: 1.5; }
circle.a { fill: var(--a); }
circle.b { fill: var(--b); }
circle.best { fill: none; stroke-width: 1.75; }
circle.best.a { stroke: var(--a); }
circle.best.b { stroke: var(--b); }
svg .readout { text-anchor: end; }
tspan { font-weight: 600; }
tspan.a { fill: var(--a); }
tspan.b { fill: var(--b); }
.point rect { fill: transparent; }
.point line { stroke: var(--soft); stroke-dasharray: 2 3; }
.point line, .point circle, .point text { opacity: 0; pointer-events: none; }
.point:hover line, .point:hover circle, .point:hover text { opacity: 1; }
.points:hover + .last { display: none; }
.note { margin: 4px 0 6px; color: var(--b); font-size: 13px; }

.wide { overflow-x: auto; }
.tall { max-height: 560px; overflow: auto; border: 1px solid var(--line); border-radius: 8px; }
.tall thead th { position: sticky; top: 0; background: var(--panel); }
table { border-collapse: collapse; font-size: 14px; line-height: 1.4; }
th, td { padding: 6px 18px 6px 0; text-align: left; vertical-align: baseline; }
.tall th, .tall td { padding-left: 14px; }
thead th { color: var(--soft); font-size: 12.5px; font-weight: 500; white-space: nowrap; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
tfoot > tr > * { border-top: 1px solid var(--line); font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
.number + :not(.number) { padding-left: 10px; }
.sum > * { font-weight: 600; }
tbody .sum > * { border-top-color: var(--line); }
.list { width: 100%; }
.list tbody tr:hover > * { background: var(--panel); }
td.share { position: relative; width: 20%; min-width: 100px; text-align: right; }
td.share i { position: absolute; top: 50%; left: 18px; width: calc((100% - 102px) * var(--s)); height: 6px; margin-top: -3px; border-radius: 3px; background: var(--bar); }

.confusion { border-spacing: 2px; border-collapse: separate; margin: 0 -2px; }
.confusion th { padding: 4px 8px; color: var(--text); font-size: 13px; font-weight: 500; border: 0; white-space: nowrap; }
.confusion tbody th { text-align: right; padding-right: 10px; vertical-align: middle; }
.confusion thead th { text-align: center; }
.confusion tbody tr > td { border: 0; min-width: 66px; height: 46px; padding: 4px; border-radius: 4px; text-align: center; vertical-align: middle; line-height: 1.2; background: var(--panel); }
.confusion td small { display: block; font-size: 11.5px; opacity: 0.75; }
.confusion tbody tr > td.hit { background: rgba(var(--heat), var(--s)); }
.confusion tbody tr > td.miss { background: rgba(var(--miss), var(--s)); }
.confusion td.full { color: var(--on-heat); }
.confusion td.none { color: var(--soft); opacity: 0.55; }
.confusion td:hover { outline: 2px solid var(--text); outline-offset: -1px; }
.dense.confusion { border-spacing: 1px; }
.dense.confusion th { font-size: 12px; padding: 2px 6px; }
.dense.confusion thead th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.dense.confusion tbody tr > td { min-width: 30px; height: 26px; padding: 2px 3px; border-radius: 2px; font-size: 11.5px; }
.corner { color: var(--soft) !important; font-weight: 400 !important; }
.heat { display: block; max-width: 100%; image-rendering: pixelated; border: 1px solid #dfe3e8; }
.beside { display: flex; flex-wrap: wrap; gap: 32px; align-items: flex-start; }
.beside > div { flex: 1 1 320px; }

.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(128px, 1fr)); gap: 20px 16px; margin: 0; padding: 0; list-style: none; }
.pictures img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--panel); border-radius: 6px; }
.pictures .small { image-rendering: pixelated; }
.pictures p { margin: 6px 0 0; font-size: 13px; line-height: 1.35; overflow-wrap: anywhere; }
.pictures p b { font-weight: 600; }
.pictures p span { color: var(--soft); }
.filters { display: flex; flex-wrap: wrap; gap: 6px; }
.filters img { display: block; height: 60px; image-rendering: pixelated; border-radius: 3px; }

.options { columns: 2 400px; column-gap: 48px; margin: 0; font-size: 14px; }
.options div { display: flex; gap: 16px; padding: 6px 0; break-inside: avoid; border-bottom: 1px solid var(--grid); }
.options dt { flex: 0 0 42%; color: var(--soft); overflow-wrap: anywhere; }
.options dd { flex: 1; margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
@media (max-width: 640px) {
  body { padding: 28px 16px 24px; }
  section { margin-top: 36px; }
  .summary div { padding: 10px 14px; }
  .chart { padding: 12px 12px 8px; }
  .pictures { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 16px 12px; }
}
@media print {
  body { max-width: none; padding: 0; }
  .tall { max-height: none; }
  .chart, .pictures li, tr { break-inside: avoid; }
}
)css";

} // namespace vggen::detail
