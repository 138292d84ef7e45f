/* global document, uPlot */
// Runs in the browser: draws what page.ts has written into the page.
const data = JSON.parse(document.getElementById('data').textContent);
const colours = ['#2563eb', '#d97706', '#db2777'];
const ink = { stroke: '#475569', grid: { stroke: '#e2e8f0', width: 1 }, ticks: { show: false } };

/** A dashed line where an act begins, with its name. */
function drawActs(chart) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = '#94a3b8';
  ctx.textAlign = 'left';
  ctx.setLineDash([4, 4]);
  for (const { second, act } of data.acts) {
    const x = chart.valToPos(second, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(act, x + 4, bbox.top + 14);
  }
  ctx.restore();
}

/** Both sides of a pair have the same scale: else the eye would compare what can't be compared. */
function highest(name) {
  const values = [data.without, data.with].flatMap(side => Object.values(side[name]).flat());
  return Math.max(1, ...values.filter(value => value !== null)) * 1.08;
}

for (const side of ['without', 'with']) {
  const { xs, ...groups } = data[side];
  for (const [name, lines] of Object.entries(groups)) {
    const element = document.getElementById(`${side}-${name}`);
    const stepped = name === 'breaker' ? { paths: uPlot.paths.stepped({ align: 1 }) } : {};
    new uPlot(
      {
        width: element.clientWidth,
        height: 200,
        scales: { x: { time: false }, y: { range: [0, highest(name)] } },
        axes: [
          { ...ink, label: 'seconds' },
          { ...ink, size: 70 },
        ],
        hooks: { draw: [drawActs] },
        series: [
          { label: 's' },
          ...Object.keys(lines).map((label, index) => ({
            label,
            stroke: colours[index],
            width: 2,
            points: { show: false },
            spanGaps: false,
            ...stepped,
          })),
        ],
      },
      [xs, ...Object.values(lines)],
      element,
    );
  }
}
