// Draws the curve of one device: readings, window means, background and the line that counts.
(function () {
  "use strict";
  var box = document.querySelector(".curve");
  if (!box || typeof uPlot === "undefined") return;
  var d = box.dataset;
  var plot = null;
  var REFRESH = 10000;

  function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  // An interval becomes two points, so that its value is a level line; the next one begins a step.
  function steps(rows) {
    var xs = [], ys = [];
    rows.forEach(function (row) {
      if (xs.length && row[0] / 1000 > xs[xs.length - 1] + 1) { xs.push(xs[xs.length - 1] + 0.1); ys.push(null); }
      xs.push(row[0] / 1000 + 0.2, row[1] / 1000 - 0.2);
      ys.push(row[2], row[2]);
    });
    return [xs, ys];
  }

  function format(options) {
    var f = new Intl.DateTimeFormat(d.language, Object.assign({ timeZone: d.zone, hourCycle: "h23" }, options));
    return function (seconds) { return f.format(new Date(seconds * 1000)); };
  }
  var clock = format({ hour: "2-digit", minute: "2-digit" });
  var day = format({ month: "short", day: "numeric" });
  var full = format({ month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

  function ticks(u, splits) {
    var before = null;
    return splits.map(function (s) {
      var today = day(s), text = clock(s) + (today === before ? "" : "\n" + today);
      before = today;
      return text;
    });
  }

  function number(u, value) { return value == null ? "–" : value.toFixed(1); }

  function series(label, stroke, width, more) {
    return Object.assign({ label: label, stroke: stroke, width: width, points: { show: false }, value: number }, more || {});
  }

  function draw(body) {
    var readings = [body.readings.map(function (p) { return p[0] / 1000; }), body.readings.map(function (p) { return p[1]; })];
    var judged = body.means.some(function (row) { return row[2] != null; });
    if (!readings[0].length && !judged) { box.textContent = d.empty; box.classList.add("empty"); plot = null; return; }
    var relative = body.background.some(function (row) { return row[2] != null; });
    var doubtful = body.means.filter(function (row) { return row[4] && row[2] != null; });
    var tables = [readings, steps(body.means.filter(function (row) { return !row[4]; }))];
    var shown = [
      { label: d.time, value: function (u, v) { return v == null ? "–" : full(v); } },
      series(d.readings, css("--curve"), 1),
      series(d.means, css("--ink"), 2.5),
    ];
    if (doubtful.length) {
      tables.push(steps(doubtful));
      shown.push(series(d.doubtful, css("--muted"), 1.5, { dash: [1, 3] }));
    }
    if (body.threshold.length) {
      tables.push(steps(body.threshold));
      shown.push(series(relative ? d.threshold : d.limit, css("--exceeds"), 2, { dash: [8, 5] }));
    }
    if (relative) {
      tables.push(steps(body.background));
      shown.push(series(d.background, css("--muted"), 1.5, { dash: [2, 4] }));
    }
    var data = uPlot.join(tables);
    var axis = { stroke: css("--muted"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
    var options = {
      width: box.clientWidth, height: Math.max(240, Math.min(360, box.clientWidth * 0.5)),
      tzDate: function (seconds) { return uPlot.tzDate(new Date(seconds * 1000), d.zone); },
      scales: {
        x: { range: [body.from / 1000, body.to / 1000] },
        y: { range: function (u, low, high) { return [Math.min(0, low), Math.max(high * 1.08, 10)]; } },
      },
      axes: [Object.assign({ values: ticks, space: 70 }, axis), Object.assign({ size: 52 }, axis)],
      series: shown,
      cursor: { y: false },
      legend: { live: true },
    };
    if (plot) { plot.destroy(); }
    box.textContent = "";
    box.classList.remove("empty");
    plot = new uPlot(options, data, box);
  }

  function load() {
    var asked = { device: d.device, quantity: d.quantity };
    ["hours", "from", "to"].forEach(function (name) { if (d[name]) asked[name] = d[name]; });
    var query = new URLSearchParams(asked);
    fetch("/api/series?" + query, { headers: { accept: "application/json" } })
      .then(function (answer) { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); })
      .then(function (body) {
        if (!plot || plot.cursor.left == null || plot.cursor.left < 0) draw(body); // not under somebody's pointer
      })
      .catch(function () { if (!plot) box.textContent = d.fault; });
  }

  window.addEventListener("resize", function () {
    if (plot) plot.setSize({ width: box.clientWidth, height: plot.height });
  });
  load();
  if (!d.to) setInterval(function () { if (!document.hidden) load(); }, REFRESH);
})();
