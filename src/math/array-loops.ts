// Loops over arrays that are too long for one thread of JavaScript; each has its plain version where it
// is called.

/** Loops over arrays of the addon `native/arrays/arrays.cc`, on as many threads as the engine has. */
export interface ArrayLoops {
  /** One step of AdamW; see src/tfm/adamw.ts for what the numbers are. */
  adamW(
    weights: Float32Array,
    gradient: Float32Array,
    m: Float32Array,
    v: Float32Array,
    keep: number,
    rate: number,
    b1: number,
    b2: number,
    root: number,
    epsilon: number,
  ): void;
  /**
   * Squared lengths of L⁻¹·z for every row z of n numbers, and its products with the columns of `right`;
   * see src/tfm/leave-one-out-ridge.ts.
   */
  solveRows(
    lower: Float64Array,
    z: Float64Array,
    right: Float64Array,
    squares: Float64Array,
    products: Float64Array,
    n: number,
  ): void;
  /** Add the lower triangle of zᵀz, for rows of n numbers. */
  gram(z: Float64Array, out: Float64Array, n: number): void;
  /** Kernel values of rows with a point; these and the next two: see src/tfm/kernel-features.ts. */
  compare(turned: Float64Array, point: Float64Array, out: Float64Array, reach: number): void;
  /** Take from a column what the earlier ones explain of it. */
  explain(columns: Float64Array, left: Float64Array, rank: number, pivot: number): void;
  /** Squared slopes of sums of kernels. */
  slopes(
    points: Float64Array,
    landmarks: Float64Array,
    weights: Float64Array,
    straight: Float64Array,
    out: Float64Array,
    width: number,
    reach: number,
  ): void;
}
