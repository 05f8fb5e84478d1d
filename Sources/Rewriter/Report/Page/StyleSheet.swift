/// The looks of the page, on screens of any width, light and dark, and on paper; and the script that sorts its tables.
enum StyleSheet {
  // Categories in the colors of Okabe and Ito, which all kinds of color vision tell apart, lighter on dark ground.
  static let css = """
    :root { color-scheme: light dark; --ground: #fff; --raised: #f6f7f9; --ink: #1b1f24; --soft: #59636e;
      --rule: #d5dae0; --grid: #e6e9ed; --good: #0072b2; --bad: #c44e00; --both: #007a5a; --other: #7a828c;
      --region: #0072b21c; --chosen: #d40078; --halo: #fff; }
    @media (prefers-color-scheme: dark) { :root { --ground: #14171b; --raised: #1c2127; --ink: #e6e9ec;
      --soft: #9aa4af; --rule: #363d46; --grid: #282e35; --good: #56b4e9; --bad: #f0924a; --both: #3fc79a;
      --other: #9aa4af; --region: #56b4e926; --chosen: #ff5fb4; --halo: #14171b; } }
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
    .numbers b { display: block; font-size: 1.3rem; font-weight: 600; } .numbers span { color: var(--soft); font-size: .84rem; line-height: 1.3; display: block; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.2rem 2rem; }
    figure { margin: .4rem 0; min-width: 0; break-inside: avoid; } figure h4 { font-size: .95rem; margin: 0 0 .2rem; }
    .chart { width: 100%; max-width: 38rem; height: auto; display: block; }
    .chart text { fill: var(--soft); font: 11px system-ui, sans-serif; } .chart .name { fill: var(--ink); }
    .chart .strong { fill: var(--chosen); font-weight: 600; } .chart .word { white-space: pre; }
    .chart .axis { stroke: var(--soft); } .chart .grid { stroke: var(--grid); }
    .chart .line { fill: none; stroke-width: 2; } .line.both { stroke-dasharray: 5 3; }
    .chosen-line { stroke: var(--chosen); stroke-width: 1.5; stroke-dasharray: 2 3; }
    .chosen { fill: none; stroke: var(--chosen); stroke-width: 2.5; } .halo { fill: none; stroke: #fff; stroke-width: 5; }
    .region { fill: var(--region); stroke: none; } .region-edge { fill: none; stroke: var(--good); stroke-width: 1.5; }
    .good { --tone: var(--good); } .bad { --tone: var(--bad); } .both { --tone: var(--both); } .other { --tone: var(--other); }
    .mark { fill: var(--tone); stroke: var(--tone); stroke-width: 1; } .mark.hollow { fill: var(--ground); stroke-width: 1.6; }
    .mark.other { fill-opacity: .55; stroke: none; } .line { stroke: var(--tone); } .bar { fill: var(--tone); }
    .chart text.good, .chart text.bad, .chart text.both { fill: var(--tone); font-weight: 600; }
    .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0; }
    th { text-align: left; font-weight: 600; vertical-align: bottom; } th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--rule); }
    td { vertical-align: top; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
    td.text { min-width: 9rem; max-width: 34rem; overflow-wrap: anywhere; } .nowrap { white-space: nowrap; }
    tr.won { background: var(--raised); font-weight: 600; } .yes { color: var(--good); } .no { color: var(--bad); font-weight: 600; }
    .share { display: block; width: 3.5rem; height: .35rem; margin: .15rem 0 0 auto; background: var(--grid); }
    .share span { display: block; height: 100%; background: var(--good); }
    th button { all: unset; cursor: pointer; white-space: nowrap; } th button::after { content: " ↕"; color: var(--soft); }
    th button:focus-visible { outline: 2px solid var(--chosen); }
    th[aria-sort=ascending] button::after { content: " ↑"; } th[aria-sort=descending] button::after { content: " ↓"; }
    dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; }
    @media (max-width: 40rem) { body { font-size: 15px; } .prompts thead { display: none; } .prompts tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--rule); }
      .prompts td { display: grid; grid-template-columns: 7.5rem 1fr; border: 0; padding: .1rem 0; max-width: none; text-align: left; white-space: normal; }
      .prompts td::before { content: attr(data-name); color: var(--soft); } }
    @media print { :root { color-scheme: light; --ground: #fff; --raised: #f2f3f5; --ink: #000; --soft: #444; --rule: #bbb; --grid: #ddd;
      --good: #0072b2; --bad: #c44e00; --both: #007a5a; --other: #666; --region: #0072b21c; --chosen: #d40078; }
      body { font-size: 10pt; padding: 0; max-width: none; } section.memory { break-before: page; } tr, .numbers div { break-inside: avoid; }
      h2, h3, h4 { break-after: avoid; } .scroll { overflow: visible; } th button::after { content: ""; }
      .bar, .mark, .share, .share span, rect, .numbers div, tr.won { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      .figures { grid-template-columns: 1fr 1fr; } }
    """

  /// Sorts a table by the column whose head is pressed; the page is whole without it.
  static let script = """
    for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
      const head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
      const column = [...head.parentNode.children].indexOf(head);
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = row => { const cell = row.cells[column]; return cell.dataset.value ?? cell.textContent; };
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)], [m, n] = [parseFloat(x), parseFloat(y)];
        return isNaN(m) || isNaN(n) ? x.localeCompare(y) : m - n;
      });
      if (down) rows.reverse();
      body.append(...rows);
    });
    """
}
