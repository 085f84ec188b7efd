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
   * Kernel values of rows with other rows, for each reach a matrix; of rows compared with themselves the
   * lower triangle only. This and `slopes`: see src/tfm/row-kernel.ts.
   */
  compare(
    rows: Float64Array,
    turned: Float64Array,
    reaches: Float64Array,
    out: Float64Array,
    width: number,
    same: number,
  ): void;
  /**
   * A⁻¹·right and the diagonal of A⁻¹ for each n × n matrix A, of which the lower triangle is read; see
   * src/tfm/kernel-ridge.ts.
   * @returns Whether all are positive definite.
   */
  solve(
    matrices: Float64Array,
    right: Float64Array,
    diagonals: Float64Array,
    solutions: Float64Array,
    n: number,
  ): boolean;
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
