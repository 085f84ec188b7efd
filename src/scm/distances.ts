// How far a sample is from another one: numbers for single columns and for whole tables.

/**
 * Kolmogorov–Smirnov distance of two samples: the largest difference of their distribution functions.
 * NaN cells are left out.
 */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  const x = a.filter((v) => !Number.isNaN(v)).sort();
  const y = b.filter((v) => !Number.isNaN(v)).sort();
  let i = 0;
  let j = 0;
  let top = 0;
  while (i < x.length && j < y.length) {
    const v = Math.min(x[i], y[j]);
    while (i < x.length && x[i] <= v) i++;
    while (j < y.length && y[j] <= v) j++;
    top = Math.max(top, Math.abs(i / x.length - j / y.length));
  }
  return top;
}

/** Total variation distance of two samples of category indices; NaN cells are left out. */
export function totalVariation(a: Float64Array, b: Float64Array, categories: number): number {
  const p = shares(a, categories);
  const q = shares(b, categories);
  return p.reduce((sum, v, c) => sum + Math.abs(v - q[c]) / 2, 0);
}

/**
 * Kullback–Leibler divergence of two samples over common cells: categories, or tenths of the first
 * sample; half a row is added to each cell.
 */
export function klDivergence(
  a: Float64Array,
  b: Float64Array,
  categories: number | undefined,
): number {
  const [x, y] = categories === undefined ? cut(a, b) : [a, b];
  const cells = categories ?? 10;
  const p = shares(x, cells, 0.5);
  const q = shares(y, cells, 0.5);
  return p.reduce((sum, v, c) => sum + v * Math.log(v / q[c]), 0);
}

/**
 * Continuous ranked probability score of one value against a sample: E|X − y| − ½ E|X − X'|
 * (Gneiting & Raftery 2007).
 * @param sorted The sample, in order.
 */
export function crps(sorted: Float64Array, y: number): number {
  const m = sorted.length;
  let near = 0;
  let pairs = 0;
  for (let i = 0; i < m; i++) {
    near += Math.abs(sorted[i] - y);
    // Σ_i Σ_j |x_i − x_j| / 2 = Σ_i (2i − m + 1) x_i for sorted x.
    pairs += (2 * i - m + 1) * sorted[i];
  }
  return near / m - pairs / (m * m);
}

/**
 * Total variation distance of the joint distribution of two columns, numbers cut into tenths of the
 * first sample. Rows with a missing cell are left out.
 */
export function pairDistance(
  a: readonly [Float64Array, Float64Array],
  b: readonly [Float64Array, Float64Array],
  categories: readonly [number | undefined, number | undefined],
): number {
  const codes = [0, 1].map((side) =>
    categories[side] === undefined ? cut(a[side], b[side]) : ([a[side], b[side]] as const),
  );
  const width = categories[1] ?? 10;
  const cells = (categories[0] ?? 10) * width;
  // A missing cell makes the number NaN, which `shares` leaves out.
  const joint = (sample: 0 | 1): Float64Array =>
    codes[0][sample].map((v, i) => v * width + codes[1][sample][i]);
  return totalVariation(joint(0), joint(1), cells);
}

function shares(values: Float64Array, cells: number, extra = 0): Float64Array {
  const counts = new Float64Array(cells).fill(extra);
  let n = cells * extra;
  for (const v of values) {
    if (Number.isNaN(v)) continue;
    counts[v]++;
    n++;
  }
  return counts.map((c) => c / Math.max(n, 1));
}

/** Both samples as the tenth of the first one that each value falls into. */
function cut(a: Float64Array, b: Float64Array): [Float64Array, Float64Array] {
  const sorted = a.filter((v) => !Number.isNaN(v)).sort();
  const edges = Array.from(
    { length: 9 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / 10)],
  );
  const place = (v: number): number => {
    if (Number.isNaN(v)) return v;
    let c = 0;
    while (c < 9 && v > edges[c]) c++;
    return c;
  };
  return [a.map(place), b.map(place)];
}
