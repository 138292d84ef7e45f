/* global document, uPlot */
// Runs in the browser: draws what page.ts has written into the page.
const { protocols, figures, latencies, rounds } = JSON.parse(document.getElementById('data').textContent);
const colours = ['#2563eb', '#d97706', '#059669', '#db2777', '#7c3aed', '#475569'];
const ink = { stroke: '#475569', grid: { stroke: '#e2e8f0', width: 1 }, ticks: { show: false } };

/** A line per protocol over a common x. */
function lines(id, { xs, series, x, y }) {
  const element = document.getElementById(id);
  new uPlot(
    {
      width: element.clientWidth,
      height: 320,
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.05)] } },
      axes: [
        { ...ink, label: x, incrs: [1, 2, 5, 10] },
        { ...ink, label: y, size: 70 },
      ],
      series: [
        { label: x },
        ...protocols.map((label, index) => ({
          label,
          stroke: colours[index],
          width: 2,
          points: { show: xs.length <= 20 },
          value: (_, value) =>
            value == null ? '' : value.toLocaleString('en-GB', { maximumFractionDigits: 1 }),
        })),
      ],
    },
    [xs, ...series],
    element,
  );
}

/** A bar per protocol. */
function bars(element, values) {
  const title = document.createElement('h3');
  title.textContent = values.name;
  element.append(title);
  new uPlot(
    {
      width: element.clientWidth,
      height: 200,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [-0.6, protocols.length - 0.4] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] },
      },
      axes: [
        {
          ...ink,
          grid: { show: false },
          splits: protocols.map((_, index) => index),
          values: () => protocols,
        },
        { ...ink, size: 70 },
      ],
      series: [
        {},
        {
          paths: uPlot.paths.bars({
            size: [0.6, 80],
            disp: { fill: { unit: 3, values: () => protocols.map((_, index) => colours[index]) } },
          }),
          fill: colours[0],
          points: { show: false },
        },
      ],
      hooks: { draw: [plot => numbersOn(plot, values.shown)] },
    },
    [protocols.map((_, index) => index), values.values],
    element,
  );
}

/** Writes each bar's figure above it. */
function numbersOn(plot, shown) {
  const { ctx } = plot;
  ctx.save();
  ctx.fillStyle = '#0f172a';
  ctx.textAlign = 'center';
  ctx.textBaseline = 'bottom';
  for (const [index, text] of shown.entries()) {
    const x = plot.valToPos(index, 'x', true);
    const y = plot.valToPos(plot.data[1][index], 'y', true);
    ctx.fillText(text, x, y - 4);
  }
  ctx.restore();
}

lines('latencies', { ...latencies, x: 'percentile of the orders', y: 'ms' });
lines('rounds', { ...rounds, x: 'round', y: 'orders per second' });
for (const figure of figures) {
  const element = document.createElement('section');
  document.getElementById('figures').append(element);
  bars(element, figure);
}
