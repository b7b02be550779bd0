// Arrow keys in the verdict calendar, and the hour under focus or pointer in words.
(function () {
  "use strict";
  var STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function say(cell) {
    var said = document.getElementById("hour-said"), hour = cell.cellIndex - 1;
    if (said) said.textContent = cell.parentElement.dataset.day + " " + hour + ":00–" + (hour + 1) + ":00 · " + cell.querySelector(".unseen").textContent;
  }
  function cellOf(target) { return target.closest ? target.closest("#calendar td.hour") : null; }

  document.addEventListener("keydown", function (event) {
    var cell = cellOf(event.target), rows, row, column, next;
    if (!cell) return;
    rows = cell.closest("tbody").rows;
    row = Array.prototype.indexOf.call(rows, cell.parentElement);
    column = cell.cellIndex;
    if (STEPS[event.key]) { row += STEPS[event.key][0]; column += STEPS[event.key][1]; }
    else if (event.key === "Home") column = 1;
    else if (event.key === "End") column = 24;
    else return;
    event.preventDefault();
    next = rows[row] && column > 0 && rows[row].cells[column];
    if (!next) return;
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  document.addEventListener("focusin", function (event) { var cell = cellOf(event.target); if (cell) say(cell); });
  document.addEventListener("mouseover", function (event) { var cell = cellOf(event.target); if (cell) say(cell); });
})();
