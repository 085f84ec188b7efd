import type { Table } from '../../data/table.js';
import { conditionalGaussian } from './conditional-gaussian.js';
import { degenerateGaussian } from './degenerate-gaussian.js';
import { discreteTest } from './discrete.js';
import { fisherZ } from './fisher-z.js';
import { kci } from './kernel.js';
import type { IndependenceTest, TestResult } from './test.js';
import { type Variables, variables } from './variables.js';

/** The tests there are by name. */
export type TestName = 'fisher-z' | 'chi2' | 'g2' | 'mixed' | 'conditional-gaussian' | 'kci';

/** A test of one's own: the p-value, or the whole result, of x ⊥ y given columns, all by number. */
export type TestFunction = (
  x: number,
  y: number,
  given: readonly number[],
) => number | Partial<TestResult>;

/** A test by name, as a function, or ready made; "auto" looks at the column types. */
export type TestChoice = TestName | 'auto' | TestFunction | IndependenceTest;

/** How the rows of a table count in tests. */
export interface IndependenceOptions {
  /** How often each row counts (default: once). */
  readonly weights?: Int32Array;
  /** What to do where columns depend linearly on each other (default `error`). */
  readonly singular?: 'error' | 'error-when-met' | 'independent';
}

/**
 * Make a test of conditional independence over the columns of a table.
 *
 * "auto" takes Fisher's z where all columns are numeric, G² where none is, and else the
 * degenerate-Gaussian likelihood ratio. Rows that miss a cell are left out of the tests that need it.
 * @throws RangeError where the table does not fit the test.
 */
export function independenceTest(
  table: Table,
  choice: TestChoice = 'auto',
  options: IndependenceOptions = {},
): IndependenceTest {
  if (typeof choice === 'object') return choice;
  if (typeof choice === 'function') return ownTest(table, choice);
  const vars = variables(table, options.weights);
  return { ...namedTest(vars, choice, options), warnings: warningsOf(vars) };
}

/** The name of the test that "auto" takes for a table. */
export function automaticTest(vars: Variables): TestName {
  if (vars.columns.every((v) => v.numeric)) return 'fisher-z';
  return vars.columns.some((v) => v.numeric) ? 'mixed' : 'g2';
}

function namedTest(
  vars: Variables,
  choice: TestName | 'auto',
  options: IndependenceOptions,
): IndependenceTest {
  const name = choice === 'auto' ? automaticTest(vars) : choice;
  switch (name) {
    case 'fisher-z':
      return fisherZ(vars, options);
    case 'chi2':
    case 'g2':
      return discreteTest(vars, name);
    case 'mixed':
      return degenerateGaussian(vars);
    case 'conditional-gaussian':
      return conditionalGaussian(vars);
    case 'kci':
      return kci(vars);
    default:
      throw new RangeError(
        `Cannot make an independence test as it must be one of auto, fisher-z, chi2, g2, mixed, conditional-gaussian, kci, or a function: current value is "${name}"`,
      );
  }
}

function ownTest(table: Table, own: TestFunction): IndependenceTest {
  return {
    name: own.name || 'own',
    variables: table.columns.length,
    maxGiven: Number.POSITIVE_INFINITY,
    slow: true,
    test(x, y, given) {
      const answer = own(x, y, Array.from(given));
      const { p, logP, ...rest } = typeof answer === 'number' ? { p: answer } : answer;
      const value = p ?? Math.exp(logP ?? Number.NaN);
      if (!(value >= 0 && value <= 1)) {
        throw new RangeError(
          `Cannot use the test "${own.name || 'own'}" as it must return a p-value from 0 to 1: for columns ${x} and ${y} it is ${value}`,
        );
      }
      return { statistic: Number.NaN, ...rest, p: value, logP: logP ?? Math.log(value) };
    },
  };
}

function warningsOf(vars: Variables): string[] {
  if (vars.constant.length === 0) return [];
  const names = vars.constant.map((i) => {
    const v = vars.columns[i];
    const empty = v.numeric ? v.values.every(Number.isNaN) : v.codes.every((c) => c < 0);
    return `"${v.name}" (${empty ? 'all missing' : 'constant'})`;
  });
  return [`Left without edges, as they never vary: ${names.join(', ')}`];
}
