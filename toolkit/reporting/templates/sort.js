"use strict";
// Heads of long tables become buttons that sort; without this script the tables stand as they are.
(function () {
  function value(row, place) {
    var text = (row.cells[place] ? row.cells[place].textContent : "").trim().replace(/\u2212/g, "-");
    var number = /^[^\d+-]{0,2}([+-]?\d[\d\u00a0\u202f .,]*)/.exec(text);
    if (!number) { return { text: text, number: null }; }
    var plain = number[1].replace(/[\s\u00a0\u202f]/g, "");
    plain = document.documentElement.lang === "fr" ? plain.replace(",", ".") : plain.replace(/,/g, "");
    return { text: text, number: parseFloat(plain) };
  }
  function sort(table, place, down) {
    var body = table.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows).map(function (row, order) {
      return { row: row, order: order, key: value(row, place) };
    });
    rows.sort(function (a, b) {
      var first = a.key.number, second = b.key.number, found;
      if (first !== null && second !== null) { found = first - second; }
      else if (first === null && second === null) { found = a.key.text.localeCompare(b.key.text); }
      else { return first === null ? 1 : -1; }
      return (down ? -found : found) || a.order - b.order;
    });
    rows.forEach(function (one) { body.appendChild(one.row); });
  }
  document.querySelectorAll("table").forEach(function (table) {
    if (!table.tHead || table.tHead.rows.length !== 1 || !table.tBodies[0] || table.tBodies[0].rows.length < 4) { return; }
    Array.prototype.forEach.call(table.tHead.rows[0].cells, function (cell, place, all) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      while (cell.firstChild) { button.appendChild(cell.firstChild); }
      cell.appendChild(button);
      button.addEventListener("click", function () {
        var down = cell.getAttribute("aria-sort") === "ascending";
        Array.prototype.forEach.call(all, function (other) { other.removeAttribute("aria-sort"); });
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table, place, down);
      });
    });
  });
}());
