// Says when the stream of the board is lost, keeps details open, shows another part of the board in place.
// All else is htmx and plain HTML; without this, those links and forms load the page.
(function () {
  "use strict";
  function lost(is) {
    var banner = document.getElementById("lost");
    if (banner) banner.hidden = !is;
  }
  // A part that is renewed keeps its open details open.
  var open = [];
  document.addEventListener("htmx:beforeSwap", function () {
    open = Array.from(document.querySelectorAll("details[open][id]"), function (d) { return d.id; });
  });
  document.addEventListener("htmx:afterSwap", function () {
    open.forEach(function (id) {
      var details = document.getElementById(id);
      if (details) details.open = true;
    });
  });
  // Another part of the board: what had the focus keeps it, if it is still there.
  function show(url, heading) {
    var board = document.getElementById("board");
    var focused = document.activeElement && document.activeElement.id;
    board.setAttribute("aria-busy", "true");
    htmx.ajax("GET", url, { target: "#board", select: "#board", swap: "outerHTML" }).then(function () {
      var next = document.getElementById("board");
      if (next === board) { location.assign(url); return; }
      history.pushState({ board: true }, "", url);
      var at = document.getElementById(focused) || document.getElementById(heading);
      if (at) at.focus({ preventScroll: true });
    });
  }
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("a[data-view]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.getAttribute("href"), link.closest(".plan") ? "plan-title" : "sites-title");
  });
  document.addEventListener("submit", function (event) {
    if (!event.target.matches("form[data-view]")) return;
    event.preventDefault();
    var asked = new URLSearchParams();
    new FormData(event.target).forEach(function (value, name) { if (value) asked.append(name, value); });
    show("/?" + asked, "sites-title");
  });
  window.addEventListener("popstate", function () {
    if (document.getElementById("board")) location.reload();
  });
  document.addEventListener("htmx:sseError", function () { lost(true); });
  document.addEventListener("htmx:sseOpen", function () { lost(false); });
  document.addEventListener("htmx:sseMessage", function () { lost(false); });
})();
