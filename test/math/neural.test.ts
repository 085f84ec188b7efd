import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  attend,
  attendBackward,
  attendHeads,
  attendHeadsBackward,
  biasGelu,
  biasGeluBackward,
  feedForward,
  layerNorm,
  layerNormBackward,
  linearInto,
  mergeHeads,
  projectHeads,
  projectNormedHeads,
  times,
} from '../../src/math/neural.js';
import { stream } from '../../src/math/random.js';
import {
  hasFused,
  liveTensors,
  product,
  ready,
  sumRows,
  type Tensor,
  tf,
  tidy,
  useFused,
} from '../../src/math/tf.js';

const random = stream(1, 'neural');
const made: Tensor[] = [];

beforeAll(async () => {
  await ready();
});

afterEach(() => {
  useFused(true);
  for (const t of made.splice(0)) t.dispose();
  expect(liveTensors()).toBe(0);
});

function tensor(...shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, () => 6 * random() - 3);
  const t = tf().tensor(values, shape);
  made.push(t);
  return t;
}

/** Largest difference between what the fused and the composed operations give. */
function differences(run: () => Readonly<Record<string, Tensor>>): Record<string, number> {
  const [a, b] = [true, false].map((on) => {
    useFused(on);
    const out = run();
    made.push(...Object.values(out));
    return out;
  });
  return Object.fromEntries(
    Object.keys(a).map((key) => {
      expect(a[key].shape).toEqual(b[key].shape);
      const [x, y] = [a[key].dataSync<'float32'>(), b[key].dataSync<'float32'>()];
      return [key, x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i])), 0)];
    }),
  );
}

function expectClose(found: Record<string, number>, gate: number): void {
  for (const [key, error] of Object.entries(found)) expect(error, key).toBeLessThan(gate);
}

// 7 and 37 leave a rest beside the kernels' groups of sixteen numbers; 300 rows are shared by threads.
describe('fused operations', () => {
  it('are part of the native engine that the set-up builds', async () => {
    const { name } = await ready();
    expect(hasFused()).toBe(name === 'tensorflow');
  });

  it('normalise as the composed operations do, forward and backward', () => {
    for (const d of [7, 16, 37, 128]) {
      const x = tensor(3, 100, d);
      const part = { weight: tensor(d), bias: tensor(d) };
      const [dy, onto] = [tensor(3, 100, d), tensor(3, 100, d)];
      const found = differences(() => {
        const { y, normal, scale } = layerNorm(x, part);
        const back = layerNormBackward({ normal, scale }, part, dy, onto);
        return { y, normal, scale, dx: back.dx, weight: back.weight, bias: back.bias };
      });
      expectClose(found, 2e-4);
    }
  });

  it('apply linear maps with GELU and residuals as the composed operations do', () => {
    for (const d of [7, 37, 128]) {
      const x = tensor(300, 16);
      const up = { weight: tensor(d, 16), bias: tensor(d) };
      const residual = tensor(300, d);
      const found = differences(() => {
        const mapped = times(x, up);
        const { y, slope } = biasGelu(mapped, up.bias, true);
        const plain = biasGelu(mapped, up.bias, false).y;
        const back = biasGeluBackward(mapped, up.bias, residual);
        const sum = linearInto(residual, x, up);
        return {
          mapped,
          y,
          slope: slope as Tensor,
          plain,
          sum,
          again: back.y,
          dx: back.dx,
          bias: back.bias,
        };
      });
      expectClose(found, 5e-5);
    }
  });

  it('compute the exact GELU, not its approximation by tanh', () => {
    const x = tf().tensor([[-4], [-1], [-0.5], [0], [0.5], [2], [9]]);
    const part = { weight: tf().tensor([[1]]), bias: tf().tensor([0]) };
    made.push(x, part.weight, part.bias);
    const { y } = tidy(() => biasGelu(times(x, part), part.bias, false));
    made.push(y);
    // u·Φ(u) in 16 digits.
    const exact = [
      -0.0001266849732, -0.1586552539314571, -0.1542687694, 0, 0.3457312306, 1.9544997361, 9,
    ];
    for (const [i, value] of y.dataSync().entries()) expect(value).toBeCloseTo(exact[i], 6);
  });

  it('attend as the composed operations do, forward and backward', () => {
    for (const [n, m, heads, d] of [
      [5, 3, 1, 7],
      [40, 37, 2, 32],
      [1, 200, 4, 64],
    ]) {
      const [x, keys] = [tensor(3, n, d), tensor(3, m, d)];
      const part = { weight: tensor(d, d), bias: tensor(d) };
      const dContext = tensor(3, heads, n, d / heads);
      const found = differences(() => {
        const q = projectHeads(x, part, heads, 0.05);
        const k = projectHeads(keys, part, heads);
        const { weights, context } = attend(q, k, k);
        const merged = mergeHeads(context, 2);
        const back = attendBackward(q, k, k, weights, dContext);
        return { q, k, weights: weights as Tensor, context, merged, ...back };
      });
      expectClose(found, 2e-3);
      expect(found.weights).toBeLessThan(1e-5);
    }
  });

  it('attend without weights in memory as with them, forward and backward', () => {
    // 1, 16 and 64 queries and 32 keys are the kernel's blocks; 35 and 130 leave rests.
    for (const [n, m, heads, e] of [
      [130, 100, 2, 35],
      [64, 33, 1, 16],
      [17, 70, 3, 24],
      [1, 1100, 1, 5],
      [1100, 1, 2, 64],
    ]) {
      const [q, k, v] = [n, m, m].map((rows) => tensor(2, heads, rows, e));
      const scaled = q.mul(1 / Math.sqrt(9 * e));
      made.push(scaled);
      const dContext = tensor(2, n, heads * e);
      const found = differences(() => {
        const saved = attendHeads(scaled, k, v, true);
        expect(saved.sums === undefined).toBe(!hasFused());
        const plain = attendHeads(scaled, k, v, false);
        const back = attendHeadsBackward(scaled, k, v, saved, dContext, 0.5);
        for (const t of [saved.weights, saved.sums, plain.weights, plain.sums]) if (t) made.push(t);
        return { context: saved.context, plain: plain.context, ...back };
      });
      expectClose(found, 2e-4);
    }
  });

  it('multiply small matrices as the native operation does, either factor transposed', () => {
    for (const [rows, d, out] of [
      [1, 1, 1],
      [5, 48, 10],
      [100, 7, 65],
      [1200, 37, 130],
    ]) {
      const [x, w, dy] = [tensor(rows, d), tensor(out, d), tensor(rows, out)];
      const found = differences(() => ({
        y: product(x, w, false, true),
        dx: product(dy, w),
        dw: product(dy, x, true),
      }));
      expectClose(found, 1e-5 * Math.sqrt(rows) * 30);
    }
  });

  it('attend part by part where the weights are too large to keep', () => {
    // 4 × 4 × 3000 × 3000 weights are 576 MB: three parts of at most 192 MB and one batch each.
    const q = tensor(4, 4, 3000, 2);
    const dContext = tensor(4, 4, 3000, 2);
    const whole = attend(q, q, q);
    made.push(whole.context);
    expect(whole.weights).toBeUndefined();
    const back = attendBackward(q, q, q, undefined, dContext);
    made.push(...Object.values(back));
    for (const b of [0, 3]) {
      const [one, dOne] = [q, dContext].map((x) => tf().slice(x, [b, 0, 0, 0], [1, 4, 3000, 2]));
      const { context, weights } = attend(one, one, one);
      const own = attendBackward(one, one, one, weights, dOne);
      made.push(one, dOne, context, ...Object.values(own), ...(weights ? [weights] : []));
      expect(weights).toBeDefined();
      for (const [a, part] of [
        [whole.context, context],
        [back.dk, own.dk],
      ]) {
        const from = b * part.size;
        expect(a.dataSync().slice(from, from + part.size)).toEqual(part.dataSync());
      }
    }
  });

  it('sum rows as the composed operations do', () => {
    for (const d of [1, 37, 128]) {
      for (const rows of [1, 5, 6000]) {
        const tall = tensor(rows, d);
        expectClose(
          differences(() => ({ sums: sumRows(tall) })),
          2e-6 * rows,
        );
      }
    }
  });

  it('run a feed-forward block as the composed operations do', () => {
    // Blocks are of 48 tokens and 64 hidden numbers: less than one of each, some with a rest, many.
    for (const [tokens, d, hidden] of [
      [1, 1, 4],
      [5, 7, 28],
      [48, 16, 64],
      [101, 37, 148],
      [2000, 128, 512],
    ]) {
      const x = tensor(tokens, d);
      const norm = { weight: tensor(d), bias: tensor(d) };
      const up = { weight: tensor(hidden, d), bias: tensor(hidden) };
      const down = { weight: tensor(d, hidden), bias: tensor(d) };
      const found = differences(() => {
        // Sums of so many numbers are large: what counts is the error of one of their terms.
        return { y: tidy(() => feedForward(x, norm, up, down).div(Math.sqrt(hidden * d))) };
      });
      expectClose(found, 5e-5);
    }
  });

  it('norm and project in one as one after the other', () => {
    for (const [n, heads, d] of [
      [5, 1, 7],
      [50, 3, 48],
      [101, 4, 128],
    ]) {
      const x = tensor(3, n, d);
      const norm = { weight: tensor(d), bias: tensor(d) };
      const part = { weight: tensor(d, d), bias: tensor(d) };
      const found = differences(() => ({ y: projectNormedHeads(x, norm, part, heads, 0.5) }));
      expectClose(found, 5e-4);
    }
  });
});
