import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingCurve } from '../../src/cli/training-curve.js';
import { readLog } from '../../src/cli/training-log.js';
import { loadTfm } from '../../src/tfm/load-tfm.js';
import { batchShape } from '../../src/tfm/pretraining/batch.js';
import { hasCheckpoint, saveCheckpoint } from '../../src/tfm/pretraining/checkpoint.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import { estimateMemory } from '../../src/tfm/pretraining/memory-estimate.js';
import {
  defaultPretrainConfig,
  networkConfig,
  pretrainConfig,
} from '../../src/tfm/pretraining/pretrain-config.js';
import { startTraining } from '../../src/tfm/pretraining/training-state.js';
import { writeNetwork } from '../../src/tfm/weights.js';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const small = {
  dim: 16,
  layers: 2,
  heads: 2,
  steps: 30,
  tokens: 500,
  maxTables: 2,
  seed: 4,
  phases: [{ until: 1, rows: [60, 80], featureMean: 2, maxFeatures: 4 }],
};
let folder: string;
let config: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-pretrain-'));
  config = join(folder, 'small.json');
  writeFileSync(config, JSON.stringify(small));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  // At full speed: a process of low priority starves where the tests keep every core busy.
  const child = spawn(process.execPath, [main, 'pretrain', ...args, '--full-speed']);
  let [out, error] = ['', ''];
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    error += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, error }));
  });
  return { child, ended };
}

/** Losses by step, without what depends on the clock. */
const losses = (run: string): unknown[] =>
  readLog(join(run, 'log.jsonl')).flatMap((line) =>
    line.kind === 'steps' ? [[line.step, line.loss, line.gradientNorm, line.tables]] : [],
  );

/** How many tables the first steps of the small configuration draw. */
const tablesOf = (steps: number): number => {
  const whole = pretrainConfig(small);
  return Array.from({ length: steps }, (_, k) => batchShape(whole, k).tables).reduce(
    (a, b) => a + b,
  );
};

describe('causalmixft pretrain', () => {
  it('gives the same curve and model whole and after kill −9', async () => {
    const whole = join(folder, 'whole');
    const cut = join(folder, 'cut');
    const options = ['--config', config, '--quiet', '--evaluate-minutes', '1e6'];
    const first = await start(whole, ...options).ended;
    expect(first.error.includes('Cannot'), first.error).toBe(false);
    expect(first.code).toBe(0);

    const sitting = start(cut, ...options, '--checkpoint-minutes', '0');
    // Each ten steps make a line and a checkpoint: kill it once the first are there.
    while (!hasCheckpoint(join(cut, 'checkpoint')) && sitting.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    sitting.child.kill('SIGKILL');
    expect((await sitting.ended).code).toBe(null);
    expect(existsSync(join(cut, 'model'))).toBe(false);
    expect((await start(cut, '--quiet', '--evaluate-minutes', '1e6').ended).code).toBe(0);

    expect(losses(whole)).toHaveLength(3);
    expect(losses(cut)).toEqual(losses(whole));
    const model = (run: string): Buffer => readFileSync(join(run, 'model', 'model.safetensors'));
    expect(model(cut).equals(model(whole))).toBe(true);
    const tfm = await loadTfm(join(cut, 'model'));
    expect(tfm.parameters).toBe(13_530);
    const card = JSON.parse(readFileSync(join(cut, 'model', 'card.json'), 'utf8'));
    expect(card).toMatchObject({ seed: 4, steps: 30, stored: 'F16' });
    expect(readFileSync(join(cut, 'curve.svg'), 'utf8')).toContain('ROC-AUC, mean of 3 tables');
  }, 240_000);

  it('refuses to resume with another configuration and lists what differs', async () => {
    const run = join(folder, 'other');
    await saveCheckpoint(join(run, 'checkpoint'), startTraining(pretrainConfig(small)));
    const ended = await start(run, '--steps', '70', '--dim', '32').ended;
    expect(ended.code).toBe(1);
    expect(ended.error).toContain('dim: 16 before, 32 now; steps: 30 before, 70 now');
  });

  it('refuses what the memory cannot hold before anything is made', async () => {
    const at = join(folder, 'large');
    const ended = await start(at, '--dim', '1024', '--layers', '12', '--memory', '4').ended;
    expect(ended.code).toBe(1);
    expect(ended.error).toMatch(/memory must hold about [\d.]+ GB: 4\.0 GB are available; lower/);
    expect(existsSync(at)).toBe(false);
  });

  it('stops at a loss that is no number and names the last good checkpoint', async () => {
    const broken = join(folder, 'broken');
    const shape = networkConfig(pretrainConfig(small));
    const weights = new Map(initialWeights(shape, 1));
    // Finite weights whose logits overflow: the loss is no number at the first step.
    weights.set('final_layer.weight', new Float32Array(160).fill(3e38));
    await writeNetwork(broken, { config: shape, weights });
    const ended = await start(join(folder, 'nan'), '--config', config, '--from', broken).ended;
    expect(ended.code).toBe(1);
    expect(ended.error).toContain('the loss must be a number: at step 1');
    expect(ended.error).toContain('there is no checkpoint before it');
  });

  it('writes batches for a trainer elsewhere', async () => {
    const at = join(folder, 'export');
    const ended = await start(at, '--config', config, '--export', '--quiet').ended;
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^\d+ tables are in /);
    for (const name of ['run.json', 'initial.safetensors', 'shard-00000.safetensors', 'complete']) {
      expect(existsSync(join(at, name))).toBe(true);
    }

    // What that trainer makes becomes a model with its card; calibrated, it scores no worse.
    const made = join(folder, 'made');
    const shape = networkConfig(pretrainConfig(small));
    await writeNetwork(made, { config: shape, weights: initialWeights(shape, 1) });
    writeFileSync(join(made, 'log.jsonl'), '{"step": 10}\n{"step": 20, "seconds": 7200}\n');
    const finish = async (...more: string[]): Promise<Record<string, unknown>> => {
      const { code, error } = await start(at, '--finish', made, '--quiet', ...more).ended;
      expect(code, error).toBe(0);
      return JSON.parse(readFileSync(join(at, 'model', 'card.json'), 'utf8'));
    };
    const plain = await finish();
    expect(plain).toMatchObject({
      seed: 4,
      steps: 20,
      hours: 2,
      startedFrom: 'drawn from the seed',
    });
    expect(plain.tables).toBe(tablesOf(20));
    const calibrated = await finish('--calibrate', '--from', join(at, 'model'));
    expect(calibrated.temperature).not.toBe(1);
    expect(calibrated.cardOfStart).toEqual(plain);
    const loss = (card: Record<string, unknown>): number =>
      (card.scoresOfWatchedTables as { logLoss: number }).logLoss;
    expect(loss(calibrated)).toBeLessThan(loss(plain));
    expect((await loadTfm(join(at, 'model'))).parameters).toBe(13_530);

    writeFileSync(join(made, 'config.json'), JSON.stringify({ ...shape, n_layers: 1 }));
    const other = await start(at, '--finish', made).ended;
    expect(other.code).toBe(1);
    expect(other.error).toContain('Cannot');
  });

  it.each([
    [['--config', '/nowhere.json'], '--config must name a JSON file'],
    [['--batch', '10'], 'It must be a whole number of at least 500'],
  ])('refuses %j', async (args, message) => {
    const ended = await start(join(folder, 'refused'), ...(args as string[])).ended;
    expect(ended.code).toBeGreaterThan(0);
    expect(ended.error).toContain(message);
  });
});

describe('estimateMemory()', () => {
  it('is about what the recipe was seen to take, and grows with the batch', () => {
    const before = { ...defaultPretrainConfig, phases: defaultPretrainConfig.phases.slice(0, 3) };
    // 2.3 GB resident after some hundred steps of the first three phases.
    expect(estimateMemory(before)).toBeGreaterThan(1.7e9);
    expect(estimateMemory(before)).toBeLessThan(3e9);
    const twice = { ...before, tokens: 24_000 };
    expect(estimateMemory(twice)).toBeGreaterThan(1.6 * estimateMemory(before));
  });
});

describe('trainingCurve()', () => {
  it('draws the loss share and both scores, and something where nothing is there yet', () => {
    const steps = (step: number, loss: number) =>
      ({
        kind: 'steps',
        step,
        tables: step,
        seconds: step,
        loss,
        guessLoss: 1,
        gradientNorm: 1,
        rate: 1,
        tablesPerSecond: 1,
      }) as const;
    const svg = trainingCurve([
      steps(10, 0.9),
      steps(20, 0.5),
      {
        kind: 'evaluation',
        step: 20,
        seconds: 20,
        rocAuc: 0.8,
        logLoss: 0.4,
        tables: 2,
        folds: 2,
      },
    ]);
    expect(svg.match(/<path d="M/g)?.length).toBeGreaterThanOrEqual(6);
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|undefined/);
    expect(trainingCurve([])).toContain('nothing yet');
  });
});
