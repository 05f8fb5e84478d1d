import Plots

/// The looks of the page, on screens of any width, light and dark, and on paper.
enum StyleSheet {
  static let css = """
    :root { color-scheme: light dark; \(light) }
    @media (prefers-color-scheme: dark) { :root { \(dark) } }
    @media print { :root { color-scheme: light; \(light) } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 1rem clamp(.8rem, 3vw, 3rem) 4rem; max-width: 110rem; background: var(--ground);
      color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    h1 { font-size: 1.6rem; line-height: 1.2; margin: .6rem 0 .3rem; }
    h2 { font-size: 1.3rem; margin: 2.8rem 0 .4rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
    h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
    p, figcaption, dd { max-width: 72ch; } a { color: inherit; }
    .soft, figcaption, dd { color: var(--soft); } figcaption, .small { font-size: .86rem; line-height: 1.4; }
    .fact { font-size: 1.15rem; } .fact b { font-weight: 600; }
    .token { font: .82rem/1.3 ui-monospace, monospace; background: var(--raised); border: 1px solid var(--rule);
      border-radius: 4px; padding: .05rem .3rem; white-space: pre; display: inline-block; margin: .1rem 0; }
    .token.marked { border: 2px solid var(--chosen); } .token small { color: var(--soft); }
    .numbers { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1rem 0; padding: 0; }
    .numbers div { background: var(--raised); border-radius: 8px; padding: .6rem .8rem; }
    .numbers b { display: block; font-size: 1.3rem; font-weight: 600; } .numbers span { color: var(--soft); font-size: .84rem; line-height: 1.3; display: block; overflow-wrap: anywhere; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.2rem 2rem; }
    figure { margin: .4rem 0; min-width: 0; break-inside: avoid; } figure :is(h3, h4) { font-size: .95rem; margin: 0 0 .2rem; }
    .chart { width: 100%; max-width: 38rem; height: auto; display: block; }
    .chart text { font: 11px system-ui, sans-serif; }
    \(ChartStyle.css)
    [hidden] { display: none !important; } :focus-visible { outline: 2px solid var(--chosen); outline-offset: 2px; border-radius: 2px; }
    nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 1.2rem 0 0; }
    summary { cursor: pointer; border-top: 1px solid var(--rule); padding: .5rem 0; } summary h2 { display: inline; border: 0; margin: 0; padding: 0; font-size: 1.1rem; }
    details[open] > summary h2 { font-size: 1.3rem; } li summary, ul + details summary { border: 0; color: var(--soft); }
    .filter { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: center; margin: .8rem 0; }
    .filter input[type=search] { font: inherit; width: min(18rem, 60vw); padding: .25rem .5rem; color: inherit; background: var(--ground); border: 1px solid var(--soft); border-radius: 4px; }
    .filter input[type=checkbox] { width: 1.1rem; height: 1.1rem; vertical-align: -.15rem; accent-color: var(--good); } .filter output { color: var(--soft); }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0; }
    th { text-align: left; font-weight: 600; vertical-align: bottom; } th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--rule); }
    td, tbody th { vertical-align: top; } tbody th { font-weight: 400; } td.number, th.number, .overview :is(th, td):nth-child(n+4) { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    .text { min-width: 9rem; max-width: 34rem; overflow-wrap: anywhere; } .nowrap, .overview td:nth-child(3) { white-space: nowrap; }
    tr.won { background: var(--raised); font-weight: 600; } .yes { color: var(--good); } .no { color: var(--bad); font-weight: 600; } .prompts :is(.yes, .no) { min-width: 6rem; }
    .boxed { max-height: max(24rem, 80vh); overflow: auto; } .boxed thead th { position: sticky; top: 0; z-index: 1; background: var(--ground); }
    #spread .figures, #failing .scroll { content-visibility: auto; contain-intrinsic-size: auto 30rem; }
    .overview :is(th, td):first-child, .overview td:nth-child(2) { min-width: 7rem; max-width: 30rem; overflow-wrap: anywhere; } .overview td:nth-child(2) { min-width: min(15rem, 45vw); } .overview thead th:nth-child(n+4) { white-space: normal; }
    .share { display: block; width: 3.5rem; height: .35rem; margin: .15rem 0 0 auto; background: var(--grid); position: relative; }
    .share::after { content: ""; position: absolute; inset: -1.6rem 0 0; } .share span { display: block; height: 100%; background: var(--good); }
    th button { all: unset; cursor: pointer; } th button::after { content: " ↕"; color: var(--soft); }
    th button:focus-visible { outline: 2px solid var(--chosen); outline-offset: 2px; }
    th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
    dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; }
    @media (max-width: 40rem) { body { font-size: 15px; } .prompts thead { display: none; } .prompts tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--rule); }
      .prompts :is(td, tbody th) { display: grid; grid-template-columns: 7.5rem 1fr; border: 0; padding: .1rem 0; max-width: none; text-align: left; white-space: normal; }
      .prompts :is(td, tbody th)::before { content: attr(data-name); color: var(--soft); } }
    @page { margin: 12mm; }
    @media print { body { font-size: 10pt; padding: 0; max-width: none; } section.memory, details.memory { break-before: page; } tr, .numbers div { break-inside: avoid; }
      h2, h3, h4 { break-after: avoid; } .scroll, .boxed { overflow: visible; max-height: none; } .boxed thead th { position: static; } thead { break-inside: avoid; }
      th button { display: contents; } th button::after, summary::marker { content: ""; } nav, .filter label { display: none; } summary { list-style: none; }
      details::details-content { content-visibility: visible; display: block; } #spread .figures, #failing .scroll { content-visibility: visible; }
      .overview { font-size: 7pt; } .prompts { font-size: 8pt; } .text, .overview td:nth-child(2) { min-width: 0; } .overview :is(th, td):first-child { min-width: 4.5rem; }
      .chart, .chart *, .share, .share span, .numbers div, tr.won { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      .figures { grid-template-columns: 1fr 1fr; } }
    """

  /// The variables of light pages and of paper, and those of dark pages.
  private static let light = ChartStyle.variables(\.light) + " --raised: #f6f7f9; --rule: #d5dae0;"
  private static let dark = ChartStyle.variables(\.dark) + " --raised: #1c2127; --rule: #363d46;"
}
