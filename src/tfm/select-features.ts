/**
 * Keep the columns that tell the classes apart best, by the F statistic of a one-way analysis of
 * variance (ties: the earlier column).
 * @param x rows × columns, row-major, finite.
 * @param labels Class of every row.
 * @param most How many columns to keep.
 * @returns Their indices in order.
 */
export function topColumns(
  x: Float32Array,
  labels: ArrayLike<number>,
  most: number,
): readonly number[] {
  const rows = labels.length;
  const columns = x.length / rows;
  const all = Array.from({ length: columns }, (_, j) => j);
  if (columns <= most) return all;
  const f = all.map((j) => anovaF(x, labels, columns, j));
  return all
    .sort((a, b) => f[b] - f[a] || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

/** Copy the named columns of a row-major matrix. */
export function pickColumns(
  x: Float32Array,
  columns: number,
  picked: readonly number[],
): Float32Array {
  if (picked.length === columns) return x;
  const rows = x.length / columns;
  const out = new Float32Array(rows * picked.length);
  let at = 0;
  for (let i = 0; i < rows; i++) for (const j of picked) out[at++] = x[i * columns + j];
  return out;
}

function anovaF(x: Float32Array, labels: ArrayLike<number>, columns: number, j: number): number {
  const rows = labels.length;
  const counts: number[] = [];
  const sums: number[] = [];
  let mean = 0;
  for (let i = 0; i < rows; i++) mean += x[i * columns + j] / rows;
  let total = 0;
  for (let i = 0; i < rows; i++) {
    const value = x[i * columns + j] - mean;
    const k = labels[i];
    counts[k] = (counts[k] ?? 0) + 1;
    sums[k] = (sums[k] ?? 0) + value;
    total += value * value;
  }
  let between = 0;
  let classes = 0;
  for (const k of Object.keys(counts).map(Number)) {
    between += sums[k] ** 2 / counts[k];
    classes++;
  }
  const within = Math.max(0, total - between);
  if (within === 0) return between === 0 ? 0 : Number.POSITIVE_INFINITY;
  return between / (classes - 1) / (within / Math.max(1, rows - classes));
}
