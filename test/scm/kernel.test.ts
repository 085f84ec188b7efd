import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { randomInteger, stream } from '../../src/math/random.js';
import { bin, binCodes, binEdges, MISSING } from '../../src/scm/bins.js';
import { columnProducts } from '../../src/scm/column-products.js';
import { BLOCK, columnsDesign } from '../../src/scm/design.js';
import { treeGrower as kernelGrower, type Units } from '../../src/scm/grow-tree.js';
import { sourceHash } from '../../src/scm/kernel/bytes.js';
import { type Trees, treesBuilder } from '../../src/scm/trees.js';
import { treeGrower as plainGrower } from './reference/grow-tree.js';

interface Kind {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly categories?: number;
  readonly missing?: number;
  /** Rows that count 0: predicted, not trained on. */
  readonly riders?: number;
  readonly counts?: boolean;
  readonly l2?: number;
  readonly rowsPerLeaf?: number;
  readonly leaves?: number;
}

const kinds: readonly Kind[] = [
  { name: 'numbers', rows: 1500, columns: 7 },
  { name: 'few rows', rows: 45, columns: 2 },
  { name: 'one column', rows: 300, columns: 1, riders: 0.2 },
  { name: 'missing cells', rows: 900, columns: 5, missing: 0.2 },
  {
    name: 'missing cells that only riders have',
    rows: 400,
    columns: 3,
    missing: 0.01,
    riders: 0.5,
  },
  { name: 'categories', rows: 1200, columns: 6, categories: 12, riders: 0.2 },
  { name: 'many categories, some missing', rows: 3000, columns: 4, categories: 200, missing: 0.1 },
  { name: 'groups of rows', rows: 500, columns: 4, categories: 5, counts: true, riders: 0.1 },
  { name: 'a penalty and small leaves', rows: 600, columns: 9, l2: 2, rowsPerLeaf: 3 },
  { name: 'few leaves', rows: 2000, columns: 4, leaves: 5, missing: 0.05 },
];

/** Features of which each other one is categorical where the kind has categories. */
function unitsOf(kind: Kind, seed: number): Units {
  const random = stream(seed, 'kernel-test', kind.name);
  const { rows, columns, categories, missing = 0, riders = 0 } = kind;
  const all = Array.from({ length: columns }, (_, j) => {
    const isCategory = categories !== undefined && j % 2 === 0;
    const values = Float64Array.from({ length: rows }, () => {
      if (random() < missing) return Number.NaN;
      if (isCategory) return randomInteger(random, categories);
      // Every third column has few different values.
      const v = randomNormal(random);
      return j % 3 === 2 ? Math.round(v) : v;
    });
    return bin(values, isCategory ? categories : undefined);
  });
  return {
    size: rows,
    codes: all.map((b) => b.codes),
    bins: all.map((b) => b.bins),
    categorical: all.map((b) => 'categories' in b.binning),
    count: Float64Array.from({ length: rows }, () =>
      random() < riders ? 0 : kind.counts ? 1 + randomInteger(random, 9) : 1,
    ),
  };
}

/** All of some trees as text, each node's set in the place of its number: sets may be listed in any order. */
function digest({ sets, code, isSet, ...rest }: Trees): string {
  const own = Array.from(code, (c, i) =>
    isSet[i] ? sets.subarray(8 * c, 8 * c + 8).join(' ') : c,
  );
  return [...Object.values(rest), isSet, own].map((list) => list.join()).join('\n');
}

describe('the tree kernel', () => {
  for (const kind of kinds) {
    for (const loss of ['squared', 'logistic'] as const) {
      it(`grows the same trees as plain TypeScript: ${kind.name}, ${loss}`, () => {
        for (const seed of [1, 2, 3]) {
          const units = unitsOf(kind, seed);
          const { size, count, codes } = units;
          const random = stream(seed, 'kernel-test', 'gradients');
          const ours = treesBuilder();
          const theirs = treesBuilder();
          const grower = kernelGrower(units, loss, 1, ours, kind);
          const grow = plainGrower(units, theirs, loss === 'squared', kind);
          const prediction = new Float64Array(size);
          grower.prediction.fill(0);
          for (let t = 0; t < 8; t++) {
            // A signal in the first and the last column, and noise.
            const gradient = Float64Array.from(count, (c, u) => {
              const last = codes[codes.length - 1][u];
              return c * (Math.sin(codes[0][u] / 20) + last / 100 + randomNormal(random));
            });
            const hessian =
              loss === 'squared'
                ? Float64Array.from(count)
                : Float64Array.from(count, (c) => c * 0.25 * random());
            grower.gradient.set(gradient);
            if (loss === 'logistic') grower.hessian.set(hessian);
            grower.grow(0);
            grow(gradient, hessian, prediction);
          }
          expect(digest(ours.finish())).toBe(digest(theirs.finish()));
          expect(grower.prediction.every((v, u) => v === prediction[u])).toBe(true);
        }
      });
    }
  }

  it('computes gradients of all losses', () => {
    for (const size of [1, 2, 7, 200]) {
      const random = stream(size, 'kernel-test', 'losses');
      const count = Float64Array.from({ length: size }, () => randomInteger(random, 4));
      const units = { size, codes: [new Uint8Array(size)], bins: [1], categorical: [false], count };
      for (const [loss, outputs] of [
        ['squared', 1],
        ['logistic', 1],
        ['softmax', 3],
        ['softmax', 8],
      ] as const) {
        const grower = kernelGrower(units, loss, outputs, treesBuilder());
        const raw = Float64Array.from(
          { length: outputs * size },
          () => 40 * randomNormal(random) ** 3,
        );
        const target = raw.map((_, i) => Math.floor(random() * (count[i % size] + 1)));
        grower.prediction.set(raw);
        grower.target.set(target);
        grower.differentiate();
        for (let u = 0; u < size; u++) {
          let sum = 0;
          let top = Number.NEGATIVE_INFINITY;
          for (let k = 0; k < outputs; k++) top = Math.max(top, raw[k * size + u]);
          for (let k = 0; k < outputs; k++) sum += Math.exp(raw[k * size + u] - top);
          for (let k = 0; k < outputs; k++) {
            const i = k * size + u;
            const p =
              loss === 'softmax' ? Math.exp(raw[i] - top) / sum : 1 / (1 + Math.exp(-raw[i]));
            const mean = loss === 'squared' ? raw[i] : p;
            const hessian = loss === 'squared' ? count[u] : count[u] * p * (1 - p);
            expect(Math.abs(grower.gradient[i] - (count[u] * mean - target[i]))).toBeLessThan(
              1e-13 * (1 + Math.abs(count[u] * mean)),
            );
            expect(Math.abs(grower.hessian[i] - hessian)).toBeLessThan(1e-14 * (1 + count[u]));
          }
        }
      }
    }
  });

  it('is the compiled form of its sources', () => {
    const folder = join(import.meta.dirname, '../../src/scm/kernel');
    const hash = createHash('sha256');
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith('.as')) hash.update(readFileSync(join(folder, name)));
    }
    expect(hash.digest('hex')).toBe(sourceHash);
  });

  it('refuses to go on once another has taken it', () => {
    const units = unitsOf(kinds[1], 1);
    const first = kernelGrower(units, 'squared', 1, treesBuilder());
    kernelGrower(units, 'squared', 1, treesBuilder());
    expect(() => first.grow(0)).toThrow('its grower must hold the kernel');
    expect(() => first.differentiate()).toThrow('its grower must hold the kernel');
  });
});

describe('bins', () => {
  it('hold each value between the thresholds on either side', () => {
    const random = stream(1, 'bins-test');
    for (const n of [1, 5, 300, 2000, 5000]) {
      for (const make of [
        () => randomNormal(random),
        () => Math.round(300 * randomNormal(random)),
        () => -(10 ** (30 * randomNormal(random))),
        () => randomInteger(random, 9) - 4,
      ]) {
        const values = Float64Array.from({ length: n }, () => (random() < 0.1 ? NaN : make()));
        const edges = binEdges(values);
        const codes = binCodes(values, { edges });
        expect(edges.length).toBeLessThan(255);
        expect(edges.every((edge, b) => b === 0 || edge > edges[b - 1])).toBe(true);
        const wrong = values.filter((v, i) => {
          const c = codes[i];
          if (Number.isNaN(v)) return c !== MISSING;
          return !((c === 0 || v > edges[c - 1]) && (c === edges.length || v <= edges[c]));
        });
        expect(wrong).toHaveLength(0);
      }
    }
  });

  it('separate up to 255 different values, and quantiles of more', () => {
    const few = Float64Array.from({ length: 2000 }, (_, i) => (i * 7) % 255);
    expect(binEdges(few)).toEqual(Float64Array.from({ length: 254 }, (_, i) => i + 0.5));
    const many = Float64Array.from({ length: 2550 }, (_, i) => (i * 7) % 2550);
    const codes = binCodes(many, { edges: binEdges(many) });
    const sizes = new Int32Array(255);
    for (const c of codes) sizes[c]++;
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(9);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(11);
  });
});

describe('columnProducts()', () => {
  it('multiplies as plain loops do', () => {
    for (const [n, m, outputs] of [
      [1, 1, 1],
      [7, 3, 2],
      [8, 4, 3],
      [100, 9, 5],
      [3, 0, 2],
    ]) {
      const random = stream(n, 'products-test');
      const draw = (length: number): Float64Array =>
        Float64Array.from({ length }, () => randomNormal(random));
      const columns = Array.from({ length: m }, () => draw(n));
      const products = columnProducts(columnsDesign(columns, n), outputs);
      const coefficients = draw(outputs * (m + 1));
      const scores = draw(outputs * n);
      const gotScores = new Float64Array(outputs * n);
      const gotSums = new Float64Array(outputs * (m + 1));
      products.pass(coefficients, gotSums, (block, from) => {
        block.forEach((own, k) => {
          gotScores.set(own, k * n + from);
          own.set(scores.subarray(k * n + from, k * n + from + own.length));
        });
      });
      const ones = new Float64Array(n).fill(1);
      for (let k = 0; k < outputs; k++) {
        for (let i = 0; i < n; i++) {
          let score = 0;
          [...columns, ones].forEach((column, j) => {
            score += coefficients[k * (m + 1) + j] * column[i];
          });
          expect(gotScores[k * n + i]).toBeCloseTo(score, 12);
        }
        [...columns, ones].forEach((column, j) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += scores[k * n + i] * column[i];
          expect(gotSums[k * (m + 1) + j]).toBeCloseTo(sum, 12);
        });
      }
    }
  });

  it('goes through more rows than a block holds, and keeps their places', () => {
    const n = BLOCK + 77;
    const random = stream(1, 'blocks-test');
    const columns = [0, 1].map(() => Float64Array.from({ length: n }, () => randomNormal(random)));
    const products = columnProducts(columnsDesign(columns, n), 1);
    const sums = new Float64Array(3);
    for (const [a, b, c] of [
      [2, -1, 3],
      [0, 1, 0],
    ]) {
      let furthest = 0;
      products.pass(Float64Array.of(a, b, c), sums, ([own], from) => {
        own.forEach((v, i) => {
          const score = a * columns[0][from + i] + b * columns[1][from + i] + c;
          furthest = Math.max(furthest, Math.abs(v - score));
          own[i] = from + i;
        });
      });
      expect(furthest).toBeLessThan(1e-12);
      [...columns, new Float64Array(n).fill(1)].forEach((column, j) => {
        const sum = column.reduce((total, v, i) => total + v * i, 0);
        expect(Math.abs(sums[j] - sum)).toBeLessThan(1e-3);
      });
    }
  });
});
