// Charts. A figure names its source; the source answers
// {"unit": "ms", "times": [unix seconds], "series": [{"label": "...", "values": [number|null], "tone": "bad"}], "marks": [{"at": unix, "label": "v12"}]}.
// null is drawn as a gap, a mark as a vertical line. Colours are the tokens' own; the same numbers stand in a table below.
(() => {
  const TONES = ["accent", "wait", "info", "warn", "muted"];
  const DASHES = [[], [6, 4], [2, 3]]; // a line is told from another without its colour
  const BORDERS = ["solid", "dashed", "dotted"]; // the same in the legend
  const LABEL_SPACE = 6; // px between two labels of marks
  const DAY = 86400;
  const drawn = new WeakMap(); // figure -> {text, data, plot}
  const language = document.documentElement.lang || undefined;
  const number = (value) => new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value);
  const moment = (seconds, parts) => new Intl.DateTimeFormat(language, parts).format(new Date(seconds * 1000));
  const exact = (seconds) => moment(seconds, { dateStyle: "short", timeStyle: "medium", hour12: false });

  // A token as the browser computes it here and now, so that a canvas understands it.
  const colour = (figure, token) => {
    figure.style.setProperty("outline-color", `var(--${token})`);
    const computed = getComputedStyle(figure).outlineColor;
    figure.style.removeProperty("outline-color");
    return computed;
  };
  const toneOf = (series, at) => series.tone || TONES[at % TONES.length];
  const hasNumbers = (data) => data.series.some((series) => series.values.some((value) => value !== null));
  const make = (name, className, parent) => {
    const element = document.createElement(name);
    element.className = className;
    parent.append(element);
    return element;
  };

  const drawMarks = (figure, marks) => (plot) => {
    const { ctx, bbox } = plot;
    const scale = devicePixelRatio;
    let free = bbox.left;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour(figure, "muted");
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    ctx.font = `${11 * scale}px ${getComputedStyle(figure).fontFamily}`;
    ctx.setLineDash([3 * scale, 3 * scale]);
    for (const mark of marks) {
      const x = Math.round(plot.valToPos(mark.at, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(mark.label).width;
      const left = Math.min(x - width / 2, bbox.left + bbox.width - width);
      if (left < free) continue; // two labels never stand on each other
      ctx.fillText(mark.label, left, bbox.top - 4 * scale);
      free = left + width + LABEL_SPACE * scale;
    }
    ctx.restore();
  };

  const axes = (figure, data) => {
    const long = data.times.at(-1) - data.times[0] > 2 * DAY;
    const parts = long ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", hour12: false };
    const look = {
      font: `11px ${getComputedStyle(figure).fontFamily}`,
      stroke: () => colour(figure, "muted"),
      grid: { stroke: () => colour(figure, "line"), width: 1 },
      ticks: { show: false },
    };
    return [
      { ...look, size: 24, grid: { show: false }, values: (plot, splits) => splits.map((at) => moment(at, parts)) },
      { ...look, size: 52, values: (plot, splits) => splits.map(number) },
    ];
  };

  // A value between two gaps has no line: it is a point.
  const alone = (plot, series) => {
    const values = plot.data[series];
    const known = (at) => values[at] !== null && values[at] !== undefined;
    return [...values.keys()].filter((at) => known(at) && !known(at - 1) && !known(at + 1));
  };

  const line = (figure, data) => (series, at) => {
    const stroke = () => colour(figure, toneOf(series, at));
    return {
      label: series.label,
      stroke,
      dash: DASHES[at % DASHES.length],
      width: 1.5,
      points: { show: true, size: 4, fill: stroke, filter: alone },
      value: (plot, value, own, index) => (index === null ? "" : value === null ? figure.dataset.nothing : `${number(value)} ${data.unit}`),
    };
  };

  const options = (figure, data, place) => ({
    width: place.clientWidth,
    height: place.clientHeight,
    padding: [18, 12, 0, 0],
    scales: { y: { range: (plot, low, high) => [Math.min(low ?? 0, 0), high > 0 ? high * 1.1 : 1] } },
    axes: axes(figure, data),
    cursor: { sync: { key: "timonel" }, drag: { x: false, y: false }, points: { size: 6 } },
    legend: {
      mount: (plot, legend) => figure.querySelector(".chart-legend").replaceChildren(legend),
      markers: { dash: (plot, series) => BORDERS[(series - 1) % BORDERS.length] },
    },
    series: [{ label: figure.dataset.time, value: (plot, at) => (at === null ? "" : exact(at)) }, ...data.series.map(line(figure, data))],
    hooks: { draw: [drawMarks(figure, data.marks || [])] },
  });

  const draw = (figure) => {
    const state = drawn.get(figure);
    const place = figure.querySelector(".chart-plot");
    state.plot?.destroy();
    state.plot = null;
    place.textContent = hasNumbers(state.data) ? "" : figure.dataset.nothing;
    if (!hasNumbers(state.data)) return;
    const rows = [state.data.times, ...state.data.series.map((series) => series.values)];
    state.plot = new uPlot(options(figure, state.data, place), rows, place);
  };

  const table = (figure) => {
    const { data } = drawn.get(figure);
    const whole = document.createElement("table");
    const header = whole.createTHead().insertRow();
    for (const label of [figure.dataset.time, ...data.series.map((series) => `${series.label} (${data.unit})`)]) {
      const cell = make("th", "", header);
      cell.scope = "col";
      cell.textContent = label;
    }
    const body = whole.createTBody();
    data.times.forEach((at, index) => {
      if (data.series.every((series) => series.values[index] === null)) return;
      const row = body.insertRow(0); // the newest first
      row.insertCell().textContent = exact(at);
      for (const series of data.series) row.insertCell().textContent = series.values[index] === null ? figure.dataset.nothing : number(series.values[index]);
    });
    figure.querySelector(".chart-table").replaceChildren(whole);
  };

  const furnish = (figure) => {
    make("div", "chart-plot", figure).setAttribute("aria-hidden", "true");
    make("div", "chart-legend", figure).setAttribute("aria-hidden", "true");
    const more = make("details", "chart-more", figure);
    make("summary", "", more).textContent = figure.dataset.table;
    const numbers = make("div", "chart-table table tall", more);
    numbers.tabIndex = 0; // what scrolls can be scrolled by keys
    more.addEventListener("toggle", () => more.open && table(figure));
    drawn.set(figure, { text: "", data: { times: [], series: [] }, plot: null });
    new ResizeObserver(() => {
      const place = figure.querySelector(".chart-plot");
      drawn.get(figure).plot?.setSize({ width: place.clientWidth, height: place.clientHeight });
    }).observe(figure);
  };

  const refresh = async (figure) => {
    if (!drawn.has(figure)) furnish(figure);
    const answer = await fetch(figure.dataset.source, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok) return; // the last drawing stays; the page's own bar says that the connection is lost
    const text = await answer.text();
    const state = drawn.get(figure);
    if (text === state.text) return;
    Object.assign(state, { text, data: JSON.parse(text) });
    draw(figure);
    if (figure.querySelector(".chart-more").open) table(figure);
  };

  const all = () => [...document.querySelectorAll("figure[data-chart]")];
  const refreshAll = () => all().forEach(refresh);
  const redrawAll = () => all().filter((figure) => drawn.has(figure)).forEach(draw);
  document.body.addEventListener("bell", refreshAll);
  document.addEventListener("htmx:afterSwap", () => all().filter((figure) => !drawn.has(figure)).forEach(refresh));
  new MutationObserver(redrawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  refreshAll();
})();
