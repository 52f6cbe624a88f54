
for (const button of document.querySelectorAll("table.sortable th button")) {
  button.addEventListener("click", () => {
    const heading = button.parentNode;
    const body = heading.closest("table").tBodies[0];
    const column = heading.cellIndex;
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of heading.parentNode.cells) { other.removeAttribute("aria-sort"); }
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const order = (a, b) => {
      const [left, right] = [a.cells[column], b.cells[column]];
      const numbers = left.dataset.value !== undefined ? right.dataset.value !== undefined : false;
      return numbers
        ? Number(left.dataset.value) - Number(right.dataset.value)
        : left.textContent.localeCompare(right.textContent, "en", { numeric: true });
    };
    const rows = Array.from(body.rows).sort(order);
    body.append(...(down ? rows.reverse() : rows));
  });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) { details.open = true; }
});
