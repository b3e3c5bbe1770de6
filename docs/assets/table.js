/* Makes the tables inside .sortable sort by a click on a heading and filter by words.
   Without scripts they are plain tables. Numbers sort as numbers, empty cells last. */
(() => {
  "use strict";

  const text = (row, column) => row.cells[column].textContent.trim();

  const number = (word) => {
    const found = word.replace(/,/g, "").match(/-?\d+(\.\d+)?/);
    return found ? parseFloat(found[0]) : NaN;
  };

  const compare = (a, b, numeric) =>
    numeric ? number(a) - number(b) : a.localeCompare(b, "en");

  function sort(table, column, ascending) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const cells = rows.map((row) => text(row, column)).filter((word) => word !== "-");
    const numeric = cells.every((word) => /^[-\d]/.test(word));
    rows.sort((one, other) => {
      const a = text(one, column), b = text(other, column);
      if (a === "-" || b === "-") return (a === "-") - (b === "-");
      return (ascending ? 1 : -1) * compare(a, b, numeric);
    });
    body.append(...rows);
    Array.from(table.tHead.rows[0].cells).forEach((head, k) => {
      head.setAttribute(
        "aria-sort", k === column ? (ascending ? "ascending" : "descending") : "none");
    });
  }

  function sortable(table) {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () =>
        sort(table, column, head.getAttribute("aria-sort") !== "ascending"));
    });
  }

  function choice(table, column) {
    const select = document.createElement("select");
    const name = table.tHead.rows[0].cells[column].textContent.trim();
    select.setAttribute("aria-label", name);
    const values = new Set(Array.from(table.tBodies[0].rows, (row) => text(row, column)));
    select.append(new Option(`every ${name}`, ""));
    [...values].sort().forEach((value) => select.append(new Option(value, value)));
    return select;
  }

  function filterable(box, table) {
    const heads = Array.from(table.tHead.rows[0].cells, (head) => head.textContent.trim());
    const bar = document.createElement("form");
    bar.className = "zoo-filter";
    bar.addEventListener("submit", (event) => event.preventDefault());
    const words = document.createElement("input");
    words.type = "search";
    words.placeholder = "Filter by words";
    words.setAttribute("aria-label", "Filter by words");
    const column = heads.indexOf("task");
    const task = column < 0 ? null : choice(table, column);
    const count = document.createElement("output");
    bar.append(words, ...(task ? [task] : []), count);
    box.before(bar);
    const apply = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const all = row.textContent.toLowerCase();
        const fits = wanted.every((word) => all.includes(word)) &&
          (!task || !task.value || text(row, column) === task.value);
        row.hidden = !fits;
        shown += fits;
      }
      count.value = `${shown} of ${table.tBodies[0].rows.length}`;
    };
    words.addEventListener("input", apply);
    if (task) task.addEventListener("change", apply);
    apply();
  }

  function start() {
    for (const box of document.querySelectorAll(".sortable")) {
      const table = box.querySelector("table");
      if (!table || table.dataset.ready) continue;
      table.dataset.ready = "yes";
      filterable(box, table);  // reads the headings before they hold buttons
      sortable(table);
    }
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
