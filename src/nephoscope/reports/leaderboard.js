
"use strict";
const lessIsBetter = /mae|ece|error|bias|brier|bce|crps|rank|name|parameters/;
function sortBy(head, order) {
  const table = head.closest("table"), column = head.cellIndex, body = table.tBodies[0];
  const value = row => row.cells[column].dataset.value;
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...body.rows].sort((a, b) => {
    const x = value(a), y = value(b);
    if (x === "" || y === "") return (x === "") - (y === "");
    const gap = Number(x) - Number(y);
    return sign * (Number.isNaN(gap) ? x.localeCompare(y) : gap);
  });
  body.append(...rows);
  for (const each of head.parentElement.cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
}
for (const head of document.querySelectorAll(".board thead th")) {
  head.querySelector("button").addEventListener("click", () => {
    const first = lessIsBetter.test(head.dataset.key) ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    sortBy(head, head.getAttribute("aria-sort") === first ? other : first);
  });
}
const find = document.getElementById("find"), baselines = document.getElementById("baselines");
function show() {
  const wanted = find.value.trim().toLowerCase();
  let shown = 0, all = 0;
  for (const row of document.querySelectorAll(".board tbody tr")) {
    const is = row.cells[1].dataset.value.includes(wanted);
    row.hidden = !is || (row.className === "baseline" && !baselines.checked);
    shown += !row.hidden;
    all += 1;
  }
  document.getElementById("shown").textContent = shown < all ? `${shown} of ${all} rows` : "";
}
for (const each of [find, baselines]) each.addEventListener("input", show);
document.querySelector(".tools").hidden = false;
