// Eigenvalues and eigenvectors of a symmetric matrix of hundreds of rows, A = V·Λ·Vᵀ: Householder
// reflections to a tridiagonal matrix, then implicit QL steps with Wilkinson's shift (Golub & Van Loan,
// "Matrix Computations", 8.3). Some ten times fewer operations than the rotations of `symmetricEigen`.

/**
 * Compute eigenvalues and eigenvectors of a symmetric matrix.
 * @param a n × n, row-major; overwritten.
 * @param pause Awaited after every row: it takes seconds for a thousand rows.
 * @returns Eigenvalues from large to small; row k of `vectors` is the eigenvector of value k.
 * @throws Error where the matrix has numbers that are not finite.
 */
export async function largeSymmetricEigen(
  a: Float64Array,
  n: number,
  pause: () => Promise<void>,
): Promise<{ readonly values: Float64Array; readonly vectors: Float64Array }> {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(n); // beside[i] lies between rows i and i + 1
  const rows = await tridiagonalize(a, n, diagonal, beside, pause);
  await diagonalize(rows, n, diagonal, beside, pause);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => diagonal[j] - diagonal[i]);
  const vectors = new Float64Array(n * n);
  order.forEach((i, k) => {
    vectors.set(rows.subarray(i * n, (i + 1) * n), k * n);
  });
  return { values: Float64Array.from(order, (i) => diagonal[i]), vectors };
}

/** A = Q·T·Qᵀ with T tridiagonal; returns Qᵀ. */
async function tridiagonalize(
  a: Float64Array,
  n: number,
  diagonal: Float64Array,
  beside: Float64Array,
  pause: () => Promise<void>,
): Promise<Float64Array> {
  const w = new Float64Array(n);
  const sizes = new Float64Array(n); // 2/vᵀv of every reflection I − 2·v·vᵀ/vᵀv
  for (let k = 0; k < n - 2; k++) {
    // v lies in the rest of row k from here on.
    const v = a.subarray(k * n, (k + 1) * n);
    let squares = 0;
    for (let i = k + 1; i < n; i++) squares += v[i] * v[i];
    const length = Math.sqrt(squares);
    const reach = v[k + 1] > 0 ? -length : length;
    beside[k] = reach;
    v[k + 1] -= reach;
    const own = -2 * reach * v[k + 1]; // vᵀv
    const size = own > 0 ? 2 / own : 0;
    sizes[k] = size;
    if (size === 0) continue;
    let along = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j] * v[j];
      w[i] = size * sum;
      along += w[i] * v[i];
    }
    for (let i = k + 1; i < n; i++) w[i] -= 0.5 * size * along * v[i];
    for (let i = k + 1; i < n; i++) {
      const [vi, wi] = [v[i], w[i]];
      for (let j = k + 1; j < n; j++) a[i * n + j] -= vi * w[j] + wi * v[j];
    }
    await pause();
  }
  if (n > 1) beside[n - 2] = a[(n - 2) * n + n - 1];
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  // Qᵀ = … H₁·H₀, so Qᵀ's columns are reflected from the last reflection to the first.
  const rows = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rows[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    const v = a.subarray(k * n, (k + 1) * n);
    for (let i = k + 1; i < n; i++) {
      const row = rows.subarray(i * n, (i + 1) * n);
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += row[j] * v[j];
      const factor = sizes[k] * sum;
      for (let j = k + 1; j < n; j++) row[j] -= factor * v[j];
    }
    await pause();
  }
  return rows;
}

/** Turn T to its eigenvalues on the diagonal, and the rows with it. */
async function diagonalize(
  rows: Float64Array,
  n: number,
  diagonal: Float64Array,
  beside: Float64Array,
  pause: () => Promise<void>,
): Promise<void> {
  for (let first = 0; first < n; first++) {
    for (let step = 0; ; step++) {
      let last = first;
      while (last < n - 1 && !isSmall(beside[last], diagonal[last], diagonal[last + 1])) last++;
      if (last === first) break;
      if (step === 60) {
        throw new Error('Cannot find eigenvalues as the matrix must have finite numbers only');
      }
      shiftedStep(rows, n, diagonal, beside, first, last);
      await pause();
    }
  }
}

function isSmall(beside: number, above: number, below: number): boolean {
  const size = Math.abs(above) + Math.abs(below);
  return size + Math.abs(beside) === size;
}

/** One implicit QL step on rows first…last of T: a chain of rotations from the bottom up. */
function shiftedStep(
  rows: Float64Array,
  n: number,
  diagonal: Float64Array,
  beside: Float64Array,
  first: number,
  last: number,
): void {
  const half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
  const root = Math.hypot(half, 1);
  let g = diagonal[last] - diagonal[first] + beside[first] / (half + (half >= 0 ? root : -root));
  let [sin, cos, shift] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sin * beside[i];
    const b = cos * beside[i];
    const r = Math.hypot(f, g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1] -= shift;
      beside[last] = 0;
      return;
    }
    sin = f / r;
    cos = g / r;
    g = diagonal[i + 1] - shift;
    const turned = (diagonal[i] - g) * sin + 2 * cos * b;
    shift = sin * turned;
    diagonal[i + 1] = g + shift;
    g = cos * turned - b;
    const [upper, lower] = [i * n, (i + 1) * n];
    for (let j = 0; j < n; j++) {
      const z = rows[lower + j];
      rows[lower + j] = sin * rows[upper + j] + cos * z;
      rows[upper + j] = cos * rows[upper + j] - sin * z;
    }
  }
  diagonal[first] -= shift;
  beside[first] = g;
  beside[last] = 0;
}
