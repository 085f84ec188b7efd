import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { type Binned, bin } from '../../src/scm/bins.js';
import { type BoostingTarget, boostedProbabilities, fitBoosting } from '../../src/scm/boosting.js';
import type { Units } from '../../src/scm/grow-tree.js';
import { addTrees, type Trees } from '../../src/scm/trees.js';

interface Case {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly x: readonly (number | null)[];
  readonly y: readonly number[];
  readonly classes: number;
  readonly categorical: readonly number[] | null;
  readonly options: {
    max_iter?: number;
    l2_regularization?: number;
    max_leaf_nodes?: number;
    min_samples_leaf?: number;
  };
  readonly curve: readonly number[];
  readonly prediction: readonly number[];
  readonly firstTrees: readonly (readonly Node[])[];
}

type Node =
  | { readonly value: number; readonly rows: number }
  | {
      readonly feature: number;
      readonly threshold: number;
      readonly missingLeft: boolean;
      readonly categorical: boolean;
    };

const { cases } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/scm/boosting.json'), 'utf8'),
) as { readonly cases: readonly Case[] };

function binned(c: Case): Binned[] {
  return Array.from({ length: c.columns }, (_, j) => {
    const values = Float64Array.from({ length: c.rows }, (_, r) => c.x[r * c.columns + j] ?? NaN);
    return bin(values, c.categorical?.includes(j) ? 12 : undefined);
  });
}

function unitsOf(columns: readonly Binned[], rows: number): Units {
  return {
    size: rows,
    codes: columns.map((b) => b.codes),
    bins: columns.map((b) => b.bins),
    categorical: columns.map((b) => 'categories' in b.binning),
    count: new Float64Array(rows).fill(1),
  };
}

function targetOf(c: Case): BoostingTarget {
  if (c.classes === 0) return { loss: 'squared', sum: Float64Array.from(c.y) };
  const counts = new Float64Array(c.classes * c.rows);
  c.y.forEach((k, r) => {
    counts[k * c.rows + r] = 1;
  });
  return { loss: 'log', classes: c.classes, counts };
}

function fitCase(c: Case, iterations = c.options.max_iter ?? 100) {
  return fitBoosting(unitsOf(binned(c), c.rows), targetOf(c), {
    iterations,
    l2: c.options.l2_regularization ?? 0,
    leaves: c.options.max_leaf_nodes ?? 31,
    rowsPerLeaf: c.options.min_samples_leaf ?? 20,
    earlyStopping: false,
    random: stream(1, 'test'),
  });
}

function loss(c: Case, raw: Float64Array): number {
  let sum = 0;
  if (c.classes === 0) {
    for (let r = 0; r < c.rows; r++) sum += (raw[r] - c.y[r]) ** 2;
  } else {
    const p = boostedProbabilities(c.classes === 2 ? 'logistic' : 'softmax', raw, c.rows);
    for (let r = 0; r < c.rows; r++) sum -= Math.log(p[c.y[r] * c.rows + r]);
  }
  return sum / c.rows;
}

/** A tree's nodes from the root, left first. */
function walk(trees: Trees, root: number, columns: readonly Binned[]): Node[] {
  const nodes: Node[] = [];
  const visit = (i: number): void => {
    const feature = trees.feature[i];
    if (feature < 0) {
      nodes.push({ value: trees.value[i], rows: 0 });
      return;
    }
    const { binning } = columns[feature];
    nodes.push({
      feature,
      threshold: 'edges' in binning ? (binning.edges[trees.code[i]] ?? Infinity) : 0,
      missingLeft: trees.missingLeft[i] === 1,
      categorical: trees.isSet[i] === 1,
    });
    visit(trees.child[i]);
    visit(trees.child[i] + 1);
  };
  visit(root);
  return nodes;
}

describe('boosted trees against scikit-learn', () => {
  for (const c of cases) {
    it(`${c.name}: the loss curve agrees within 1e-4`, () => {
      for (const iterations of [1, 2, 5, 8, 15, 30].filter((n) => n <= c.curve.length)) {
        const ours = loss(c, fitCase(c, iterations).raw);
        expect(Math.abs(ours / c.curve[iterations - 1] - 1)).toBeLessThan(1e-4);
      }
      const iterations = c.curve.length;
      expect(Math.abs(loss(c, fitCase(c).raw) / c.curve[iterations - 1] - 1)).toBeLessThan(1e-4);
    });

    it(`${c.name}: the trees of the first iteration split alike`, () => {
      const columns = binned(c);
      const { model } = fitCase(c, 1);
      c.firstTrees.forEach((theirs, t) => {
        const ours = walk(model.trees, model.trees.roots[t], columns);
        expect(ours.length).toBe(theirs.length);
        theirs.forEach((node, i) => {
          const mine = ours[i];
          if ('value' in node) {
            expect((mine as { value: number }).value).toBeCloseTo(node.value, 5);
          } else {
            const split = mine as typeof node;
            expect(split.feature).toBe(node.feature);
            expect(split.categorical).toBe(node.categorical);
            expect(split.missingLeft).toBe(node.missingLeft);
            if (!node.categorical) expect(split.threshold).toBeCloseTo(node.threshold, 5);
          }
        });
      });
    });

    it(`${c.name}: predicting from the trees gives the raw predictions of the fit`, () => {
      const columns = binned(c);
      const { model, raw } = fitCase(c);
      const sums = new Float64Array(raw.length);
      const outputs = model.outputs.length;
      for (let k = 0; k < outputs; k++) sums.fill(model.start[k], k * c.rows, (k + 1) * c.rows);
      addTrees(
        model.trees,
        columns.map((b) => b.codes),
        sums,
        c.rows,
        model.outputs,
      );
      for (let i = 0; i < raw.length; i++) expect(Math.abs(sums[i] - raw[i])).toBeLessThan(1e-9);
    });
  }
});

describe('early stopping', () => {
  /** One column; the target of the first so many rows, and the rest as fresh rows that are predicted only. */
  function noisy(rows: number, loss: 'squared' | 'logistic' | 'softmax', signal: number) {
    const all = 2 * rows;
    const random = stream(rows, 'early-stopping', loss);
    const x = Float64Array.from({ length: all }, () => randomNormal(random));
    const y = x.map((v) => signal * Math.sin(2 * v) + randomNormal(random));
    const b = bin(x, undefined);
    const count = Float64Array.from({ length: all }, (_, r) => (r < rows ? 1 : 0));
    const units = { size: all, codes: [b.codes], bins: [b.bins], categorical: [false], count };
    const classes = loss === 'logistic' ? 2 : 3;
    const classOf = Int32Array.from(y, (v) => (v > 0 ? 1 : classes === 3 && v < -1 ? 2 : 0));
    let target: BoostingTarget;
    if (loss === 'squared') {
      const own = y.map((v, r) => v * count[r]);
      target = { loss: 'squared', sum: own, squares: own.map((v) => v * v) };
    } else {
      const counts = new Float64Array(classes * all);
      for (let r = 0; r < rows; r++) counts[classOf[r] * all + r] = 1;
      target = { loss: 'log', classes, counts };
    }
    const fresh = (raw: Float64Array): number => {
      let sum = 0;
      const p = loss === 'squared' ? raw : boostedProbabilities(loss, raw, all);
      for (let r = rows; r < all; r++) {
        sum += loss === 'squared' ? (y[r] - p[r]) ** 2 : -Math.log(p[classOf[r] * all + r]);
      }
      return sum / rows;
    };
    const boosted = (earlyStopping?: boolean, seed = 1) =>
      fitBoosting(units, target, {
        random: stream(seed, 'held'),
        ...(earlyStopping === undefined ? {} : { earlyStopping }),
      });
    return { boosted, fresh };
  }

  for (const loss of ['squared', 'logistic', 'softmax'] as const) {
    it(`ends soon on noise and predicts new rows better, ${loss}`, () => {
      const { boosted, fresh } = noisy(12_000, loss, 0);
      const stopped = boosted();
      const whole = boosted(false);
      // The last 10 iterations brought nothing.
      expect(stopped.model.iterations).toBeGreaterThanOrEqual(10);
      expect(stopped.model.iterations).toBeLessThan(40);
      expect(whole.model.iterations).toBe(100);
      expect(fresh(stopped.raw)).toBeLessThan(fresh(whole.raw));
      expect(stopped.model.trees.roots.length).toBe(
        stopped.model.iterations * stopped.model.outputs.length,
      );
      expect(boosted()).toEqual(stopped);
      expect(boosted(undefined, 2).raw).not.toEqual(stopped.raw);
    });

    it(`goes on while there is something to learn, ${loss}`, () => {
      const { boosted, fresh } = noisy(12_000, loss, 3);
      const stopped = boosted();
      expect(stopped.model.iterations).toBeGreaterThan(25);
      expect(fresh(stopped.raw)).toBeLessThan(1.02 * fresh(boosted(false).raw));
    });
  }

  it('is for more than 10,000 rows, unless it is asked for', () => {
    expect(noisy(10_000, 'squared', 0).boosted().model.iterations).toBe(100);
    expect(noisy(10_001, 'squared', 0).boosted().model.iterations).toBeLessThan(100);
    expect(noisy(500, 'squared', 0).boosted(true).model.iterations).toBeLessThan(100);
  });
});
