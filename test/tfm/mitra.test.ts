import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { permutation, stream } from '../../src/math/random.js';
import { liveTensors, ready } from '../../src/math/tf.js';
import { countParameters, type Tab2DConfig, tensorShapes } from '../../src/tfm/config.js';
import { inputGradients } from '../../src/tfm/input-gradients.js';
import { tfmOf } from '../../src/tfm/load-tfm.js';
import { type LoadedNetwork, loadNetwork } from '../../src/tfm/loaded-network.js';
import { crossEntropy } from '../../src/tfm/losses.js';
import { decodeQuery, encodeSupport } from '../../src/tfm/mitra.js';
import { lossGradients } from '../../src/tfm/mitra-gradient.js';
import { usePieces } from '../../src/tfm/pieces.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import { bucket, fitQuantileStep } from '../../src/tfm/quantile-step.js';

const config: Tab2DConfig = {
  dim: 12,
  dim_output: 5,
  n_layers: 3,
  n_heads: 3,
  task: 'CLASSIFICATION',
};
const network = { config, weights: initialWeights(config, 1) };
const random = stream(1, 'mitra');
const pause = async (): Promise<void> => {};

beforeAll(async () => {
  await ready();
});
afterEach(() => expect(liveTensors()).toBe(0));

const numbers = (n: number): Float32Array =>
  Float32Array.from({ length: n }, () => 2 * random() - 1);

async function predict(
  support: Float32Array,
  labels: ArrayLike<number>,
  query: Float32Array,
  net: LoadedNetwork = loadNetwork(network),
): Promise<Float32Array> {
  const encoded = await encodeSupport(net, support, labels, pause);
  const logits = await decodeQuery(net, encoded, query, pause);
  encoded.free();
  net.free();
  return logits;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}

describe('tensorShapes()', () => {
  it('counts the published parameters', () => {
    const mitra = { dim: 512, n_layers: 12, n_heads: 4 };
    const count = (dim_output: number, task: Tab2DConfig['task']): number =>
      countParameters({ ...mitra, dim_output, task });
    expect(count(10, 'CLASSIFICATION')).toBe(75_670_026);
    expect(count(1, 'REGRESSION')).toBe(75_661_313);
    expect(count(1000, 'REGRESSION')).toBe(76_684_776);
    const shapes = tensorShapes({ ...mitra, dim_output: 10, task: 'CLASSIFICATION' });
    expect(shapes.size).toBe(392);
    const keys = [...shapes.keys()];
    expect(keys).toEqual([...keys].sort());
  });
});

describe('Tab2D', () => {
  const [s, f, q] = [11, 3, 6];
  const support = numbers(s * f);
  const query = numbers(q * f);
  const labels = Int32Array.from({ length: s }, (_, i) => i % 4);

  it('does not see the order of support rows, features or query rows', async () => {
    const logits = await predict(support, labels, query);
    const order = permutation(stream(1, 'order'), s);
    const rows = new Float32Array(s * f);
    order.forEach((row, i) => {
      rows.set(support.subarray(row * f, (row + 1) * f), i * f);
    });
    const reordered = await predict(
      rows,
      order.map((row) => labels[row]),
      query,
    );
    expect(largestDifference(reordered, logits)).toBeLessThan(2e-6);
    const turn = (x: Float32Array): Float32Array => x.map((_, i) => x[i - (i % f) + ((i + 1) % f)]);
    const turned = await predict(turn(support), labels, turn(query));
    expect(largestDifference(turned, logits)).toBeLessThan(2e-6);
    for (let i = 0; i < q; i++) {
      const one = await predict(support, labels, query.subarray(i * f, (i + 1) * f));
      const outputs = config.dim_output;
      const own = logits.subarray(i * outputs, (i + 1) * outputs);
      expect(largestDifference(one, own)).toBeLessThan(2e-6);
    }
  });

  it('sees which class is which', async () => {
    const logits = await predict(support, labels, query);
    const swapped = await predict(
      support,
      labels.map((label) => 3 - label),
      query,
    );
    expect(largestDifference(swapped, logits)).toBeGreaterThan(1e-3);
  });

  it('has one gradient over several tables: the mean of theirs', async () => {
    const episodes = [0, 1].map(() => ({
      features: f,
      support: numbers(s * f),
      labels,
      query: numbers(q * f),
    }));
    const asked = Int32Array.from({ length: q }, (_, i) => i % 5);
    const net = loadNetwork(network);
    const both = await lossGradients(net, episodes, crossEntropy([...asked, ...asked], 5));
    const [a, b] = [
      await lossGradients(net, [episodes[0]], crossEntropy(asked, 5)),
      await lossGradients(net, [episodes[1]], crossEntropy(asked, 5)),
    ];
    net.free();
    expect(both.loss).toBeCloseTo((a.loss + b.loss) / 2, 5);
    for (const [key, gradient] of both.gradients) {
      const mean = (a.gradients.get(key) as Float32Array).map(
        (x, i) => (x + (b.gradients.get(key) as Float32Array)[i]) / 2,
      );
      expect(largestDifference(gradient, mean), key).toBeLessThan(1e-5);
    }
  });

  it('gives the same gradients of the last layers where the first are frozen, and no others', async () => {
    const episode = { features: f, support, labels, query };
    const asked = crossEntropy(
      Int32Array.from({ length: q }, (_, i) => i % 5),
      5,
    );
    const net = loadNetwork(network);
    const all = await lossGradients(net, [episode], asked);
    for (let frozenLayers = 1; frozenLayers <= config.n_layers; frozenLayers++) {
      const wanted = [...all.gradients.keys()].filter((key) => {
        const layer = /^layers\.(\d+)\./.exec(key)?.[1];
        return layer === undefined ? key.startsWith('final') : Number(layer) >= frozenLayers;
      });
      for (const recompute of [false, true]) {
        const own = await lossGradients(net, [episode], asked, {
          frozenLayers,
          recompute,
          keep: recompute ? 1e9 : 0,
        });
        expect(own.loss).toBeCloseTo(all.loss, 6);
        expect([...own.gradients.keys()].sort()).toEqual(wanted.sort());
        for (const [key, gradient] of own.gradients) {
          const other = all.gradients.get(key) as Float32Array;
          expect(largestDifference(gradient, other), key).toBeLessThan(1e-6);
        }
      }
    }
    net.free();
  });

  it('gives the gradient of its inputs, as differences confirm', async () => {
    const tfm = tfmOf(network, 'random', 'test');
    const labelsOfQuery = Int32Array.from({ length: q }, (_, i) => i % 5);
    const of = crossEntropy(labelsOfQuery, 5);
    const episode = { features: f, support: support.slice(), labels, query: query.slice() };
    const found = await inputGradients(tfm, episode, of);
    expect(found.support.length).toBe(s * f);
    expect(found.query.length).toBe(q * f);
    for (const [side, cell] of [
      ['support', 4],
      ['support', 20],
      ['query', 0],
      ['query', 17],
    ] as const) {
      const at = async (step: number): Promise<number> => {
        const moved = { ...episode, [side]: episode[side].slice() };
        moved[side][cell] += step;
        return (await inputGradients(tfm, moved, of)).value;
      };
      const slope = ((await at(0.02)) - (await at(-0.02))) / 0.04;
      expect(found[side][cell]).toBeCloseTo(slope, 3);
    }
  });

  it('gives the same numbers in pieces of any size, with a pause after each', async () => {
    const wide: Tab2DConfig = { ...config, dim: 80, n_heads: 1 }; // attends with weights in memory
    for (const shape of [config, wide]) {
      const weights = initialWeights(shape, 4);
      const asked = Int32Array.from({ length: q }, (_, i) => i % 5);
      const episode = { features: f, support, labels, query };
      const run = async (products: number, recompute: boolean, keep = 0) => {
        let pauses = 0;
        const count = async (): Promise<void> => {
          pauses++;
        };
        const before = usePieces(products);
        const net = loadNetwork({ config: shape, weights });
        try {
          const encoded = await encodeSupport(net, support, labels, count);
          const logits = await decodeQuery(net, encoded, query, count);
          encoded.free();
          const loss = crossEntropy(asked, 5);
          const pass = await lossGradients(net, [episode], loss, {
            recompute,
            keep,
            pause: count,
          });
          return { ...pass, logits, pauses };
        } finally {
          net.free();
          usePieces(before);
        }
      };
      const whole = await run(1e12, false);
      // From pieces of several columns down to pieces of single tokens and queries.
      for (const products of [2e4, 300]) {
        const cut = await run(products, true);
        expect(largestDifference(cut.logits, whole.logits)).toBeLessThan(2e-6);
        expect(cut.loss).toBeCloseTo(whole.loss, 5);
        for (const [key, gradient] of whole.gradients) {
          const own = cut.gradients.get(key) as Float32Array;
          expect(largestDifference(own, gradient), key).toBeLessThan(1e-5);
        }
        expect(cut.pauses).toBeGreaterThan(whole.pauses);
        // Sums of some halves, or of all: they are the numbers that would be made anew.
        const keep = products > 1000 ? 1e9 : 4 * 4 * shape.dim * (f + 1) * (s + q);
        const kept = await run(products, true, keep);
        for (const [key, gradient] of cut.gradients) {
          const own = kept.gradients.get(key) as Float32Array;
          expect(largestDifference(own, gradient), key).toBe(0);
        }
      }
    }
  }, 120_000);

  it('frees everything where a pause ends the work', async () => {
    const episode = { features: f, support, labels, query };
    const net = loadNetwork(network);
    const before = usePieces(1e3);
    for (const [recompute, keep] of [
      [false, 0],
      [true, 0],
      [true, 1e9],
    ] as const) {
      for (const after of [1, 5, 40, 150]) {
        let pauses = 0;
        const stop = async (): Promise<void> => {
          if (++pauses === after) throw new Error('stopped');
        };
        const pass = lossGradients(net, [episode], crossEntropy([0, 1, 2, 3, 4, 0], 5), {
          recompute,
          keep,
          pause: stop,
        });
        await expect(pass).rejects.toThrow('stopped');
      }
    }
    usePieces(before);
    net.free();
  });

  it('works with one support row, one feature, one query row and one head', async () => {
    const small: Tab2DConfig = { ...config, n_heads: 1, n_layers: 1 };
    const net = loadNetwork({ config: small, weights: initialWeights(small, 2) });
    const logits = await predict(Float32Array.of(3), [1], Float32Array.of(4), net);
    expect(logits.every(Number.isFinite)).toBe(true);
  });
});

describe('the quantile step', () => {
  it('counts the boundaries strictly below a value', () => {
    const boundaries = Float32Array.of(1, 2, 2, 3);
    expect([0, 1, 1.5, 2, 2.5, 3, 9].map((x) => bucket(boundaries, x))).toEqual([
      0, 0, 1, 1, 3, 3, 4,
    ]);
  });

  it('does not change under growing maps of the values', () => {
    const x = numbers(50);
    const a = fitQuantileStep(x, 50, 1);
    const b = fitQuantileStep(
      x.map((v) => Math.exp(3 * v)),
      50,
      1,
    );
    expect(largestDifference(a.means, b.means)).toBeLessThan(2e-5);
  });
});
