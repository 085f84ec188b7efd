/** What an independence test found about x and y given S. */
export interface TestResult {
  /** Probability of a statistic at least as large under independence; may underflow to 0. */
  readonly p: number;
  /** ln p, which does not underflow. */
  readonly logP: number;
  readonly statistic: number;
  /** Degrees of freedom, where the statistic has them. */
  readonly df?: number;
}

/** A set that separates two variables, with the test that says so. */
export interface Separator {
  readonly given: readonly number[];
  readonly logP: number;
}

/** What a search over x has behind it: some pairs were tested from the other side already. */
export interface Tested {
  /** Whether x – y was tested from y's side, given all subsets of y's neighbours. */
  before(y: number): boolean;
  /** Whether s was a neighbour of y then. */
  adjacent(y: number, s: number): boolean;
}

/** Lets the event loop run, and throws where the work was stopped. */
export type Breathe = () => Promise<void>;

/**
 * A test of conditional independence over the columns of one table.
 *
 * Only `test` is needed; the others are the same search over many sets at once, for tests that can
 * share work between sets. They must agree with `test`.
 */
export interface IndependenceTest {
  /** Such as "fisher-z". */
  readonly name: string;
  /** Number of variables; they are numbered from 0. */
  readonly variables: number;
  /** Largest size of S that the rows allow. */
  readonly maxGiven: number;
  /** p-values are 0 or 1 only: a rule that ranks them is meaningless. */
  readonly oracle?: boolean;
  /** Variables that never vary, and so are independent of all others. */
  readonly constant?: readonly number[];
  /** What users should know: rows left out, columns isolated. */
  readonly warnings?: readonly string[];
  /** One call costs so much that results should be kept. */
  readonly slow?: boolean;

  /** Test x ⊥ y | S. */
  test(x: number, y: number, given: ArrayLike<number>): TestResult;

  /** Strength of every marginal association, p × p; larger is stronger, the scale is the test's own. */
  association?(): Float64Array;

  /**
   * For each target y, find a `size`-subset S of `pool` ∖ {y} with p(x ⊥ y | S) > alpha.
   * @returns One entry a target; `undefined` where there is none.
   */
  findSeparators?(
    x: number,
    targets: ArrayLike<number>,
    pool: ArrayLike<number>,
    size: number,
    alpha: number,
    breathe: Breathe,
    tested?: Tested,
  ): Promise<(readonly number[] | undefined)[]>;

  /** All `size`-subsets S of `pool` with p(x ⊥ y | S) > alpha. */
  allSeparators?(
    x: number,
    y: number,
    pool: ArrayLike<number>,
    size: number,
    alpha: number,
  ): Separator[];

  /** The largest ln p(x ⊥ y | base ∪ S) over the `size`-subsets S of `pool`. */
  largestLogP?(
    x: number,
    y: number,
    base: ArrayLike<number>,
    pool: ArrayLike<number>,
    size: number,
  ): number;
}
