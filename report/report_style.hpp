// The results page's style sheet.
#pragma once

namespace t2ue::detail {

inline constexpr const char* kReportStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #16181d; --soft: #5c636e; --rule: #d9dde3; --faint: #eceff3; --wash: #f6f7f9;
  --c0: #1f5fa8; --c1: #b57600; --c2: #23866a; --c3: #c8322b; --c4: #7549b0; --c5: #6b7280;
  --c6: #0e7f96; --c7: #8a5a2b; --c8: #a83279; --c9: #5d7a1c; --c10: #3b4a6b; --c11: #d0662f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #121417; --ink: #e7e9ec; --soft: #9aa2ad; --rule: #343a42; --faint: #23282e; --wash: #191d21;
    --c0: #6caaf0; --c1: #e0a83a; --c2: #4fc29c; --c3: #f2736b; --c4: #b794ea; --c5: #a3abb5;
    --c6: #5cc4d8; --c7: #cf9f6c; --c8: #e583bd; --c9: #a9c764; --c10: #93a4cc; --c11: #f5a277;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1080px; margin: 0 auto; padding: 56px 28px 72px; }
h1 { font-size: 28px; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; margin: 0 0 14px; }
h2 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -0.01em; margin: 56px 0 8px;
     padding-top: 20px; border-top: 1px solid var(--rule); }
h3 { font-size: 14px; font-weight: 650; margin: 28px 0 8px; }
p { max-width: 72ch; margin: 0 0 12px; }
.summary { font-size: 17px; }
.note { color: var(--soft); font-size: 13px; margin: 8px 0 0; max-width: 96ch; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 20px 32px; margin: 32px 0 0; }
.figures div { border-top: 2px solid var(--ink); padding-top: 10px; }
.figures dt { font-size: 13px; color: var(--soft); }
.figures dd { margin: 0; }
.figures .value { font-size: 26px; line-height: 1.3; font-weight: 600; letter-spacing: -0.01em;
                  font-variant-numeric: tabular-nums; }
.figures .note { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 0 6px 17px; text-align: right; white-space: nowrap; vertical-align: bottom; }
th { font-weight: 500; font-size: 12px; line-height: 1.35; color: var(--soft); border-bottom: 1px solid var(--ink);
     white-space: normal; min-width: 58px; }
td { border-bottom: 1px solid var(--faint); }
tr:last-child td { border-bottom: 1px solid var(--rule); }
th.text, td.text { text-align: left; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--page); padding-left: 0; }
tr.chance td { color: var(--soft); font-style: italic; }
td .dot { display: inline-block; width: 8px; height: 8px; border-radius: 50%; margin-right: 8px; background: currentColor; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)); gap: 28px 40px; margin-top: 24px; }
figure { margin: 0; }
figcaption { font-size: 14px; font-weight: 650; margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 11.5px; fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--faint); }
svg .axis { stroke: var(--soft); }
svg .chance { stroke: var(--soft); stroke-dasharray: 1.5 3.5; }
svg .curve path { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
svg .curve.dashed path { stroke-dasharray: 5 4; }
svg .curve circle, svg .bar rect { fill: currentColor; }
svg .bar rect { opacity: 0.85; }
svg .whisker { stroke: var(--ink); stroke-width: 1.2; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
.c6 { color: var(--c6); } .c7 { color: var(--c7); } .c8 { color: var(--c8); }
.c9 { color: var(--c9); } .c10 { color: var(--c10); } .c11 { color: var(--c11); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 4px 0 0; padding: 0; font-size: 13px; }
.legend b { font-weight: 500; color: var(--soft); font-variant-numeric: tabular-nums; }
.key { display: inline-block; width: 20px; margin-right: 7px; vertical-align: 0.28em; border-top: 2.4px solid currentColor; }
.key.dashed { border-top-style: dashed; }
table.pictures { font-size: 12.5px; }
table.pictures th, table.pictures td { border: 0; padding: 0 0 8px 12px; text-align: center; vertical-align: top; }
table.pictures td { vertical-align: middle; }
table.pictures th { min-width: 96px; max-width: 96px; overflow-wrap: anywhere; padding-top: 4px; }
table.pictures th:first-child { text-align: left; vertical-align: middle; padding: 0 8px 8px 0; min-width: 88px; z-index: 1; }
table.pictures img { display: block; width: 96px; height: 96px; object-fit: contain; image-rendering: pixelated; background: var(--wash); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 40px; margin: 12px 0 0; font-size: 13.5px; }
.facts div { display: grid; grid-template-columns: 150px 1fr; gap: 16px; padding: 6px 0; border-bottom: 1px solid var(--faint); }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
@media (max-width: 560px) {
  main { padding: 32px 18px 48px; }
  h1 { font-size: 25px; }
  .facts div { grid-template-columns: 120px 1fr; }
}
@media print {
  main { max-width: none; padding: 0; }
  figure, table, .figures { break-inside: avoid; }
}
)css";

}  // namespace t2ue::detail
