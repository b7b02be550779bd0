// Says when the stream of the board is lost. Everything else on the pages is htmx and plain HTML.
(function () {
  "use strict";
  function lost(is) {
    var banner = document.getElementById("lost");
    if (banner) banner.hidden = !is;
  }
  document.addEventListener("htmx:sseError", function () { lost(true); });
  document.addEventListener("htmx:sseOpen", function () { lost(false); });
  document.addEventListener("htmx:sseMessage", function () { lost(false); });
})();
