/// The page's script: it sorts and filters, opens what links lead to, and all folds for paper. The page is whole without it.
enum PageScript {
  static let text = """
    const all = selector => [...document.querySelectorAll(selector)];

    // A share is sorted by its value; what has no number comes last.
    const value = cell => {
      const text = cell.textContent, share = text.match(/(\\d+)(?:\\/| of )(\\d+)$/);
      return share ? share[1] / share[2] : parseFloat(text);
    };
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (!isNaN(x) || !isNaN(y)) return isNaN(x) ? 1 : isNaN(y) ? -1 : x - y;
      return a.textContent.localeCompare(b.textContent, undefined, { numeric: true });
    };
    for (const head of all(".overview thead th")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const body = head.closest("table").tBodies[0], column = head.cellIndex;
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column]));
        body.append(...(down ? rows.reverse() : rows));
      });
    }

    const filter = document.querySelector(".filter");
    if (filter) {
      const plain = text => text.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase();
      const parts = all("[data-memory]"), { words, failing } = filter.elements;
      let memories, waiting;
      const update = () => {
        memories ??= all(".overview tbody tr").map(row => ({
          id: row.dataset.memory, fails: "fails" in row.dataset,
          text: plain(row.cells[0].textContent + " " + row.cells[1].textContent) }));
        const asked = plain(words.value).split(/\\s+/);
        const shown = new Set(memories.filter(memory => memory.fails || !failing.checked)
          .filter(memory => asked.every(word => memory.text.includes(word))).map(memory => memory.id));
        for (const part of parts) part.hidden = !shown.has(part.dataset.memory);
        const isAll = !(words.value.trim() || failing.checked);
        filter.querySelector("output").textContent = (isAll ? "" : `${shown.size} of `) + `${memories.length} memories`
          + (failing.checked ? " that fail" : "") + (words.value.trim() ? ` with “${words.value.trim()}”` : "");
      };
      filter.hidden = false;
      filter.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(update, 120); });
      filter.addEventListener("submit", event => event.preventDefault());
      if (words.value || failing.checked) update();
    }

    const open = hash => {
      const target = document.getElementById(hash.slice(1));
      if (target?.tagName === "DETAILS") target.open = true;
    };
    document.addEventListener("click", event => open(event.target.closest("a")?.hash ?? ""));
    open(location.hash);

    let folded = [];
    addEventListener("beforeprint", () => { folded = all("details:not([open])"); for (const fold of folded) fold.open = true; });
    addEventListener("afterprint", () => { for (const fold of folded) fold.open = false; });
    """
}
