// Dense linear algebra on row-major Float64Arrays: Cholesky, LU, symmetric eigenvalues.
// Golub & Van Loan, "Matrix Computations", 4th edition: 4.2.5 (Cholesky), 3.4 (LU), 8.5 (Jacobi).

/**
 * Factor a symmetric positive definite matrix as A = L·Lᵀ.
 * @param a n × n, row-major; only the lower triangle is read.
 * @param n Number of rows.
 * @param tolerance A pivot at most this share of its diagonal entry counts as singular (default `1e-12`).
 * @returns L (n × n, zeros above the diagonal), or the index of the first column that depends on those before it.
 */
export function cholesky(a: Float64Array, n: number, tolerance = 1e-12): Float64Array | number {
  const l = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const own = j * n;
    let rest = a[own + j];
    for (let k = own; k < own + j; k++) rest -= l[k] * l[k];
    if (!(rest > tolerance * Math.abs(a[own + j]))) return j;
    const pivot = Math.sqrt(rest);
    l[own + j] = pivot;
    // Four rows at once: their sums do not wait for each other.
    for (let i = j + 1; i < n; i += 4) {
      const p = i * n;
      const q = Math.min(i + 1, n - 1) * n;
      const r = Math.min(i + 2, n - 1) * n;
      const s = Math.min(i + 3, n - 1) * n;
      let [vp, vq, vr, vs] = [a[p + j], a[q + j], a[r + j], a[s + j]];
      for (let k = 0; k < j; k++) {
        const weight = l[own + k];
        vp -= l[p + k] * weight;
        vq -= l[q + k] * weight;
        vr -= l[r + k] * weight;
        vs -= l[s + k] * weight;
      }
      l[p + j] = vp / pivot;
      l[q + j] = vq / pivot;
      l[r + j] = vr / pivot;
      l[s + j] = vs / pivot;
    }
  }
  return l;
}

/**
 * Solve L·Lᵀ·X = B.
 * @param l Factor from `cholesky`, n × n.
 * @param b n × m, row-major; left as it is.
 * @param n Number of rows.
 * @param m Number of right-hand sides (default `1`).
 * @returns X, n × m.
 */
export function choleskySolve(l: Float64Array, b: Float64Array, n: number, m = 1): Float64Array {
  const x = forwardSolve(l, b, n, m);
  for (let c = 0; c < m; c++) {
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[i * m + c];
      for (let k = i + 1; k < n; k++) sum -= l[k * n + i] * x[k * m + c];
      x[i * m + c] = sum / l[i * n + i];
    }
  }
  return x;
}

/**
 * Solve L·X = B for a lower triangular matrix.
 * @param l n × n, row-major.
 * @param b n × m, row-major; left as it is.
 * @returns X, n × m.
 */
function forwardSolve(l: Float64Array, b: Float64Array, n: number, m: number): Float64Array {
  const x = Float64Array.from(b);
  for (let c = 0; c < m; c++) {
    for (let i = 0; i < n; i++) {
      let sum = x[i * m + c];
      for (let k = 0; k < i; k++) sum -= l[i * n + k] * x[k * m + c];
      x[i * m + c] = sum / l[i * n + i];
    }
  }
  return x;
}

/** Turn a matrix, rows × columns, into columns × rows. */
export function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let j = 0, at = 0; j < columns; j++) {
    for (let i = 0; i < rows; i++, at++) out[at] = a[i * columns + j];
  }
  return out;
}

/** The logarithm of the determinant of A = L·Lᵀ, from its Cholesky factor (n × n). */
export function logDeterminant(l: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i]);
  return 2 * sum;
}

/**
 * Invert a symmetric positive definite matrix.
 * @param a n × n, row-major.
 * @returns A⁻¹, or `undefined` where a column depends on others.
 */
export function inverseSymmetric(a: Float64Array, n: number): Float64Array | undefined {
  const l = cholesky(a, n);
  return typeof l === 'number' ? undefined : choleskySolve(l, identity(n), n, n);
}

/** The n × n identity matrix. */
export function identity(n: number): Float64Array {
  const eye = new Float64Array(n * n);
  for (let i = 0; i < n; i++) eye[i * n + i] = 1;
  return eye;
}

/**
 * Solve A·X = B for a general square matrix by Gaussian elimination with partial pivoting.
 * @param a n × n, row-major; left as it is.
 * @param b n × m, row-major; left as it is.
 * @param n Number of rows.
 * @param m Number of right-hand sides (default `1`).
 * @returns X, n × m, or `undefined` where A is singular to working precision.
 */
export function solve(
  a: Float64Array,
  b: Float64Array,
  n: number,
  m = 1,
): Float64Array | undefined {
  const u = Float64Array.from(a);
  const x = Float64Array.from(b);
  let largest = 0;
  for (const value of u) largest = Math.max(largest, Math.abs(value));
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(u[i * n + k]) > Math.abs(u[pivot * n + k])) pivot = i;
    }
    if (!(Math.abs(u[pivot * n + k]) > 1e-14 * largest)) return undefined;
    swapRows(u, n, k, pivot);
    swapRows(x, m, k, pivot);
    for (let i = k + 1; i < n; i++) {
      const f = u[i * n + k] / u[k * n + k];
      if (f === 0) continue;
      for (let j = k; j < n; j++) u[i * n + j] -= f * u[k * n + j];
      for (let j = 0; j < m; j++) x[i * m + j] -= f * x[k * m + j];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = 0; c < m; c++) {
      let sum = x[i * m + c];
      for (let k = i + 1; k < n; k++) sum -= u[i * n + k] * x[k * m + c];
      x[i * m + c] = sum / u[i * n + i];
    }
  }
  return x;
}

/**
 * Invert a general square matrix.
 * @param a n × n, row-major.
 * @returns A⁻¹, or `undefined` where A is singular to working precision.
 */
export function inverse(a: Float64Array, n: number): Float64Array | undefined {
  return solve(a, identity(n), n, n);
}

/** Multiply A (n × k) by B (k × m), both row-major. */
export function multiply(
  a: Float64Array,
  b: Float64Array,
  n: number,
  k: number,
  m: number,
): Float64Array {
  const c = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let q = 0; q < k; q++) {
      const f = a[i * k + q];
      if (f === 0) continue;
      for (let j = 0; j < m; j++) c[i * m + j] += f * b[q * m + j];
    }
  }
  return c;
}

/**
 * Compute eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations.
 * @param a n × n, row-major; left as it is.
 * @returns Eigenvalues from large to small; row k of `vectors` is the eigenvector of value k.
 */
export function symmetricEigen(
  a: Float64Array,
  n: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const s = Float64Array.from(a);
  const v = identity(n); // rows are eigenvectors
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    let all = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        all += s[i * n + j] ** 2;
        if (i !== j) off += s[i * n + j] ** 2;
      }
    }
    if (off <= 1e-28 * all) break;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) rotate(s, v, n, p, q);
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => s[j * n + j] - s[i * n + i]);
  const vectors = new Float64Array(n * n);
  order.forEach((i, k) => {
    vectors.set(v.subarray(i * n, (i + 1) * n), k * n);
  });
  return { values: Float64Array.from(order, (i) => s[i * n + i]), vectors };
}

function swapRows(a: Float64Array, m: number, i: number, j: number): void {
  if (i === j) return;
  for (let c = 0; c < m; c++) {
    const t = a[i * m + c];
    a[i * m + c] = a[j * m + c];
    a[j * m + c] = t;
  }
}

function rotate(s: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = s[p * n + q];
  if (apq === 0) return;
  const theta = (s[q * n + q] - s[p * n + p]) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cos = 1 / Math.sqrt(t * t + 1);
  const sin = t * cos;
  for (let k = 0; k < n; k++) {
    const kp = s[k * n + p];
    const kq = s[k * n + q];
    s[k * n + p] = cos * kp - sin * kq;
    s[k * n + q] = sin * kp + cos * kq;
  }
  for (let k = 0; k < n; k++) {
    const pk = s[p * n + k];
    const qk = s[q * n + k];
    s[p * n + k] = cos * pk - sin * qk;
    s[q * n + k] = sin * pk + cos * qk;
    const vp = v[p * n + k];
    const vq = v[q * n + k];
    v[p * n + k] = cos * vp - sin * vq;
    v[q * n + k] = sin * vp + cos * vq;
  }
}
