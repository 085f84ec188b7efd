import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Column, type Table, table, takeRows } from '../../src/data/table.js';
import { permutation, type Random, stream } from '../../src/math/random.js';
import { liveTensors, ready } from '../../src/math/tf.js';
import type { FittedClassifier } from '../../src/tfm/classifier.js';
import { type FineTuneOptions, fineTune } from '../../src/tfm/fine-tune.js';
import { type Tfm, tfmOf } from '../../src/tfm/load-tfm.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import type { Weights } from '../../src/tfm/weights.js';
import { timeBudget } from '../../src/work/time-budget.js';

const config = {
  dim: 16,
  dim_output: 4,
  n_layers: 2,
  n_heads: 2,
  task: 'CLASSIFICATION',
} as const;
const tfm: Tfm = tfmOf({ config, weights: initialWeights(config, 3) }, 'random', 'test');
const quiet = { onProgress: () => {} };

beforeAll(async () => {
  await ready();
});
afterEach(() => expect(liveTensors()).toBe(0));

/** Three classes in three numbers, one of them noise. */
function rowsOf(rows: number, seed: number): Table {
  const random = stream(seed, 'rows');
  const codes = Int32Array.from({ length: rows }, () => Math.floor(3 * random()));
  const columns: Column[] = [0, 1, 2].map((j) => ({
    name: `x${j}`,
    type: 'numeric',
    values: Float64Array.from(codes, (c) => (j === c ? 2 : 0) * (j < 2 ? 1 : 0) + random()),
  }));
  columns.push({ name: 'y', type: 'categorical', categories: ['a', 'b', 'c'], codes });
  return table(columns, { target: 'y' });
}

const train = rowsOf(60, 1);
const validation = rowsOf(40, 2);

async function logLoss(model: FittedClassifier, t: Table): Promise<number> {
  const p = await model.predictProba(t);
  const { codes } = t.columns[3] as { codes: Int32Array };
  return codes.reduce((sum, c, i) => sum - Math.log(p[3 * i + c]), 0) / t.rows;
}

const options = (extra: Partial<FineTuneOptions> = {}): FineTuneOptions => ({
  seed: 7,
  context: train,
  steps: 6,
  learningRate: 3e-3,
  score: (candidate) => logLoss(candidate, validation),
  ...quiet,
  ...extra,
});

const draw = (random: Random): Table =>
  takeRows(train, permutation(random, train.rows).subarray(0, 50));

describe('fineTune()', () => {
  it('improves the score, keeps the best step and leaves the model as it is', async () => {
    const before = new Map([...tfm.weights].map(([key, data]) => [key, data.slice()]));
    const tuned = await fineTune(tfm, draw, options({ steps: 25 }));
    const scores = tuned.steps.map((s) => s.score);
    expect(tuned.steps.map((s) => s.step)).toEqual(Array.from({ length: 26 }, (_, i) => i));
    expect(scores[tuned.chosenStep]).toBe(Math.min(...scores));
    expect(scores[tuned.chosenStep]).toBeLessThan(scores[0] - 0.01);
    expect(tfm.weights).toEqual(before);
    expect(tuned.tfm.name).toBe('random, fine-tuned');
    expect(tuned.preset).toBe('embedded');
    // The kept weights are those that were scored, whatever came after.
    const model = await tuned.tfm.fit(train, { seed: 7 });
    expect(await logLoss(model, validation)).toBeCloseTo(scores[tuned.chosenStep], 6);
  });

  it('gives back the pre-trained weights where no step is better', async () => {
    let calls = 0;
    const score = async (): Promise<number> => calls++;
    const tuned = await fineTune(tfm, draw, options({ score }));
    expect(tuned.chosenStep).toBe(0);
    expect(tuned.tfm.name).toBe('random');
    expect(tuned.tfm.weights).toEqual(tfm.weights);
    const last = await fineTune(tfm, draw, options({ score, keepLast: true }));
    expect(last.chosenStep).toBe(6);
    expect(last.tfm.weights).not.toEqual(tfm.weights);
  });

  it('gives the same numbers for the same seed, others for another', async () => {
    const losses = async (seed: number): Promise<unknown> =>
      (await fineTune(tfm, draw, options({ seed }))).steps;
    const a = await losses(1);
    expect(await losses(1)).toEqual(a);
    expect(await losses(2)).not.toEqual(a);
  });

  it('scores and monitors once an evaluated step, and tells every step', async () => {
    let scored = 0;
    const told: number[] = [];
    const tuned = await fineTune(
      tfm,
      draw,
      options({
        steps: 5,
        evaluateEvery: 2,
        score: async () => 10 - scored++,
        monitor: async () => ({ accuracy: scored }),
        onStep: ({ step }) => told.push(step),
      }),
    );
    expect(tuned.steps.map((s) => s.step)).toEqual([0, 2, 4, 5]);
    expect(tuned.steps.map((s) => s.monitor)).toEqual(
      [1, 2, 3, 4].map((accuracy) => ({ accuracy })),
    );
    expect(scored).toBe(4);
    expect(told).toEqual([0, 1, 2, 3, 4, 5]);
    expect(tuned.steps[1].learningRate).toBeCloseTo(3e-3 * (0.1 + 0.09), 12);
  });

  it('stops early after steps without improvement, and when time is up', async () => {
    const early = await fineTune(tfm, draw, options({ patience: 3, score: async () => 1 }));
    expect(early.stopped).toBe('patience');
    expect(early.steps.length).toBe(4);
    const budget = timeBudget(1e-9);
    const late = await fineTune(tfm, draw, options({ timeBudget: budget }));
    expect(late.stopped).toBe('time');
    expect(late.steps.length).toBe(2);
    expect((await fineTune(tfm, draw, options({ timeBudget: budget }))).stopped).toBe('time');
  });

  it('leaves frozen weights as they are', async () => {
    const { tfm: tuned } = await fineTune(
      tfm,
      draw,
      options({ freeze: ['attention', /^layers\.0\./], keepLast: true }),
    );
    for (const [key, data] of tuned.weights) {
      const same = data.every((x, i) => x === tfm.weights.get(key)?.[i]);
      expect(same, key).toBe(key.includes('attention') || key.startsWith('layers.0.'));
    }
    await expect(fineTune(tfm, draw, options({ freeze: [''] }))).rejects.toThrow(/all are frozen/);
  });

  it('trains the last layer of a small model, and keeps averages of the steps', async () => {
    const own = options({ steps: 2, learningRate: 1e-2, keepLast: true });
    const { tfm: averaged } = await fineTune(tfm, draw, own);
    const first = /^layers\.0\.|^[xy]_embedding/;
    // The same run with the steps' own weights: what is frozen is said, so nothing is averaged.
    const at = async (steps: number): Promise<Weights> =>
      (await fineTune(tfm, draw, { ...own, steps, freeze: [first] })).tfm.weights;
    const [one, two] = [await at(1), await at(2)];
    for (const [key, data] of averaged.weights) {
      const start = tfm.weights.get(key) as Float32Array;
      if (first.test(key)) expect(data, key).toEqual(start);
      else {
        const [a, b] = [one.get(key) as Float32Array, two.get(key) as Float32Array];
        const expected = start.map((x, i) => 0.9 * (0.9 * x + 0.1 * a[i]) + 0.1 * b[i]);
        expect(b, key).not.toEqual(start);
        for (const [i, x] of data.entries()) expect(x).toBeCloseTo(expected[i], 6);
      }
    }
  });

  it('trains low-rank additions only, whose difference has that rank', async () => {
    const { tfm: tuned, steps } = await fineTune(
      tfm,
      draw,
      options({ lora: { rank: 2 }, learningRate: 3e-2, steps: 10, keepLast: true }),
    );
    expect(Math.min(...steps.map((s) => s.score))).toBeLessThan(steps[0].score - 0.005);
    expect(tuned.weights.get('final_layer.weight')).toEqual(tfm.weights.get('final_layer.weight'));
    const key = 'layers.0.linear1.weight';
    const difference = (tuned.weights.get(key) as Float32Array).map(
      (x, i) => x - (tfm.weights.get(key) as Float32Array)[i],
    );
    expect(rank(difference, 64, 16)).toBe(2);
  });

  it('clips gradients, smooths labels and masks unused outputs', async () => {
    const first = async (extra: Partial<FineTuneOptions>): Promise<number> => {
      const { steps } = await fineTune(tfm, draw, options({ steps: 1, ...extra }));
      return steps[1].trainLoss as number;
    };
    const plain = await first({});
    // Three of four outputs are in use: leaving one out of the softmax can only lower the loss.
    expect(await first({ maskUnused: true })).toBeLessThan(plain);
    expect(await first({ labelSmoothing: 0.3 })).not.toBeCloseTo(plain, 4);
    const weights = async (clip?: number): Promise<Float32Array> => {
      const how = clip === undefined ? {} : { clip };
      const tuned = await fineTune(tfm, draw, options({ ...how, keepLast: true }));
      return tuned.tfm.weights.get('final_layer.bias') as Float32Array;
    };
    expect(await weights(1e9)).toEqual(await weights());
    expect(await weights(1e-3)).not.toEqual(await weights());
  });

  it('tunes with more classes than outputs', async () => {
    const codes = Int32Array.from({ length: 84 }, (_, i) => i % 7);
    const many = table(
      [
        { name: 'x', type: 'numeric', values: Float64Array.from(codes) },
        {
          name: 'y',
          type: 'categorical',
          categories: Array.from({ length: 7 }, (_, i) => `c${i}`),
          codes,
        },
      ],
      { target: 'y' },
    );
    const score = async (m: FittedClassifier): Promise<number> => {
      const p = await m.predictProba(many);
      return codes.reduce((sum, c, i) => sum - Math.log(p[7 * i + c]), 0);
    };
    const { steps } = await fineTune(tfm, () => many, options({ context: many, score, steps: 20 }));
    expect(Math.min(...steps.map((s) => s.score))).toBeLessThan(steps[0].score);
  });

  it('stops at any step when it is told to, and frees everything', async () => {
    for (const at of [0, 1, 3]) {
      const stop = new AbortController();
      const done = fineTune(
        tfm,
        draw,
        options({
          signal: stop.signal,
          onStep: ({ step }) => step === at && stop.abort(new Error(`stopped at ${at}`)),
        }),
      );
      await expect(done).rejects.toThrow(`stopped at ${at}`);
      expect(liveTensors()).toBe(0);
    }
    const failing = async (): Promise<number> => {
      throw new Error('score failed');
    };
    await expect(fineTune(tfm, draw, options({ score: failing }))).rejects.toThrow('score failed');
  });

  it('refuses bad options and bad tables', async () => {
    const refused = (extra: Partial<FineTuneOptions>, message: RegExp): Promise<void> =>
      expect(fineTune(tfm, draw, options(extra))).rejects.toThrow(message);
    await refused({ steps: -1 }, /steps must be an integer >= 0: current value is -1/);
    await refused({ learningRate: 0 }, /learningRate must be a number > 0/);
    await refused({ patience: 0 }, /patience must be an integer >= 1/);
    await refused({ evaluateEvery: 0.5 }, /evaluateEvery must be/);
    await refused({ preset: 'slow' as never }, /preset must be one of embedded, stock, v2/);
    await refused({ lora: { rank: 0 } }, /rank of lora/);
    await refused({ score: async () => Number.NaN }, /it is NaN at step 0/);
    await refused({ score: async () => undefined as never }, /it is undefined at step 0/);
    await refused({ learningRate: 1e30, score: async () => 1 }, /must be finite/);
    const other = takeRows(train, []);
    await expect(fineTune(tfm, () => other, options())).rejects.toThrow(/at least two rows/);
    const { columns } = train;
    const unlabelled = table(columns.slice(0, 3));
    await expect(fineTune(tfm, () => unlabelled, options())).rejects.toThrow(/target "y".*absent/);
    const constant = table(
      [{ ...columns[0], values: new Float64Array(60) } as Column, columns[3]],
      {
        target: 'y',
      },
    );
    await refused({ context: constant }, /at least one feature must vary/);
  });
});

describe('checkpoints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  const whole = (): Promise<unknown> => fineTune(tfm, draw, options()).then((t) => t.steps);

  it('let a stopped run go on to the same numbers', async () => {
    const checkpoint = join(folder, 'stopped');
    const stop = new AbortController();
    const done = fineTune(
      tfm,
      draw,
      options({
        checkpoint,
        checkpointEvery: 2,
        signal: stop.signal,
        onStep: ({ step }) => step === 5 && stop.abort(),
      }),
    );
    await expect(done).rejects.toThrow();
    const told: number[] = [];
    const resumed = await fineTune(
      tfm,
      draw,
      options({ checkpoint, checkpointEvery: 2, onStep: ({ step }) => told.push(step) }),
    );
    expect(told).toEqual([5, 6]);
    expect(resumed.steps).toEqual(await whole());
    const straight = await fineTune(tfm, draw, options());
    expect(resumed.tfm.weights).toEqual(straight.tfm.weights);
  });

  it('refuse a run with other options and list them', async () => {
    const checkpoint = join(folder, 'stopped');
    const done = fineTune(tfm, draw, options({ checkpoint, seed: 8 }));
    await expect(done).rejects.toThrow(/seed 7 there, 8 here/);
  });

  it('outlive kill −9 in the middle of a run', async () => {
    const checkpoint = join(folder, 'killed');
    const script = join(folder, 'run.mjs');
    const dist = new URL('../../dist/', import.meta.url).href;
    writeFileSync(
      script,
      `import { table } from '${dist}data/table.js';
       import { stream } from '${dist}math/random.js';
       import { fineTune } from '${dist}tfm/fine-tune.js';
       import { tfmOf } from '${dist}tfm/load-tfm.js';
       import { initialWeights } from '${dist}tfm/pretraining/initial-weights.js';
       const config = ${JSON.stringify(config)};
       const tfm = tfmOf({ config, weights: initialWeights(config, 3) }, 'random', 'test');
       const random = stream(1, 'x');
       const codes = Int32Array.from({ length: 40 }, (_, i) => i % 2);
       const t = table([
         { name: 'x', type: 'numeric', values: Float64Array.from(codes, (c) => c + random()) },
         { name: 'y', type: 'categorical', categories: ['a', 'b'], codes },
       ], { target: 'y' });
       const score = async (m) => {
         const p = await m.predictProba(t);
         return codes.reduce((s, c, i) => s - Math.log(p[2 * i + c]), 0);
       };
       const kill = Number(process.argv[2]);
       const { steps } = await fineTune(tfm, () => t, {
         seed: 1, context: t, steps: 6, learningRate: 1e-3, score,
         checkpoint: process.argv[3] || undefined, checkpointEvery: 1, onProgress() {},
         onStep: ({ step }) => { if (step === kill) process.kill(process.pid, 'SIGKILL'); },
       });
       console.log(JSON.stringify(steps));`,
    );
    const run = (kill: number, where: string): Promise<{ signal: string | null; out: string }> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [script, String(kill), where]);
        let out = '';
        child.stdout.on('data', (data) => {
          out += data;
        });
        child.on('close', (_, signal) => resolve({ signal, out }));
      });
    expect((await run(4, checkpoint)).signal).toBe('SIGKILL');
    expect(existsSync(join(checkpoint, 'checkpoint.json'))).toBe(true);
    const resumed = await run(-1, checkpoint);
    const straight = await run(-1, '');
    expect(JSON.parse(resumed.out)).toHaveLength(7);
    expect(resumed.out).toBe(straight.out);
    rmSync(folder, { recursive: true });
  });
});

/** Number of singular values above rounding, by elimination with full pivoting. */
function rank(values: Float32Array, rows: number, columns: number): number {
  const m = Array.from({ length: rows }, (_, i) =>
    Array.from(values.subarray(i * columns, (i + 1) * columns)),
  );
  const largest = Math.max(...values.map(Math.abs));
  for (let r = 0; r < columns; r++) {
    let [best, at, across] = [0, r, r];
    for (let i = r; i < rows; i++) {
      for (let j = r; j < columns; j++) {
        if (Math.abs(m[i][j]) > best) [best, at, across] = [Math.abs(m[i][j]), i, j];
      }
    }
    if (best < 1e-4 * largest) return r;
    [m[r], m[at]] = [m[at], m[r]];
    for (const row of m) [row[r], row[across]] = [row[across], row[r]];
    for (let i = r + 1; i < rows; i++) {
      const factor = m[i][r] / m[r][r];
      for (let j = r; j < columns; j++) m[i][j] -= factor * m[r][j];
    }
  }
  return columns;
}
