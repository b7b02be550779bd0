// Says when the stream of the board is lost, and keeps details open. All else is htmx and plain HTML.
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
  document.addEventListener("htmx:sseError", function () { lost(true); });
  document.addEventListener("htmx:sseOpen", function () { lost(false); });
  document.addEventListener("htmx:sseMessage", function () { lost(false); });
})();
