// How the cost of PC grows with columns, rows and degree, on simulated linear models: one SVG of three
// panels, seconds on a logarithmic scale.
import { pc } from '../../../dist/discovery/pc.js';
import { randomNormal } from '../../../dist/math/draws.js';
import { stream } from '../../../dist/math/random.js';

const panels = [
  {
    title: 'columns (1,000 rows, degree 3)',
    values: [20, 50, 100, 200, 400, 800],
    make: (v) => [v, 1000, 3],
  },
  {
    title: 'rows (100 columns, degree 3)',
    values: [200, 500, 1000, 5000, 20000],
    make: (v) => [100, v, 3],
  },
  {
    title: 'degree (100 columns, 1,000 rows)',
    values: [1, 2, 3, 4, 5, 6],
    make: (v) => [100, 1000, v],
  },
];

/** Time PC along each axis and draw it. */
export async function growthPlot() {
  const drawn = [];
  // Untimed: the code is compiled while it first runs.
  for (let r = 0; r < 10; r++) {
    await pc(simulate(60, 1000, 4, stream(r, 'warm-up')), { onProgress: () => {} });
  }
  for (const [k, { title, values, make }] of panels.entries()) {
    const points = [];
    for (const value of values) {
      const table = simulate(...make(value), stream(k, 'growth', value));
      let best = Number.POSITIVE_INFINITY;
      for (let r = 0; r < 3; r++) {
        const start = performance.now();
        await pc(table, { onProgress: () => {} });
        best = Math.min(best, (performance.now() - start) / 1000);
      }
      points.push([value, best]);
      console.log(`${title}: ${value} → ${best.toFixed(4)} s`);
    }
    drawn.push(panel(title, points, 20 + k * 300));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 300" font-family="sans-serif" font-size="11" role="img"><title>Seconds of PC over columns, rows and degree</title><rect width="920" height="300" fill="white"/>${drawn.join('')}</svg>\n`;
}

function panel(title, points, left) {
  const [x0, y0, width, height] = [left + 40, 40, 230, 200];
  const xs = points.map(([x]) => Math.log(x));
  const low = -4;
  const high = 1.5;
  const x = (v) => x0 + (width * (Math.log(v) - xs[0])) / (xs.at(-1) - xs[0]);
  const y = (s) => y0 + (height * (high - Math.log10(s))) / (high - low);
  const grid = [-4, -3, -2, -1, 0, 1]
    .map(
      (e) =>
        `<line x1="${x0}" x2="${x0 + width}" y1="${y(10 ** e)}" y2="${y(10 ** e)}" stroke="#ddd"/><text x="${x0 - 6}" y="${y(10 ** e) + 4}" text-anchor="end">${Number((10 ** e).toPrecision(1))} s</text>`,
    )
    .join('');
  const ticks = points
    .map(([v]) => `<text x="${x(v)}" y="${y0 + height + 16}" text-anchor="middle">${v}</text>`)
    .join('');
  const path = points
    .map(([v, s], k) => `${k ? 'L' : 'M'}${x(v).toFixed(1)} ${y(s).toFixed(1)}`)
    .join('');
  const dots = points
    .map(
      ([v, s]) => `<circle cx="${x(v).toFixed(1)}" cy="${y(s).toFixed(1)}" r="3" fill="#1f6feb"/>`,
    )
    .join('');
  return `<g><text x="${x0}" y="24" font-weight="bold">PC: ${title}</text>${grid}${ticks}<path d="${path}" fill="none" stroke="#1f6feb" stroke-width="2"/>${dots}</g>`;
}

/** Rows of a random linear Gaussian model in which a column has `degree` neighbours on average. */
function simulate(p, rows, degree, random) {
  const columns = Array.from({ length: p }, (_, i) => ({
    name: `X${i + 1}`,
    type: 'numeric',
    values: new Float64Array(rows),
  }));
  for (let i = 0; i < p; i++) {
    const { values } = columns[i];
    for (let r = 0; r < rows; r++) values[r] = randomNormal(random);
    for (let j = 0; j < i; j++) {
      if (random() > degree / (p - 1)) continue;
      const weight = (random() < 0.5 ? -1 : 1) * (0.3 + 0.5 * random());
      for (let r = 0; r < rows; r++) values[r] += weight * columns[j].values[r];
    }
  }
  return { kind: 'table', rows, columns };
}
