import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Cell, sequences as everyday } from './cell-sequences.js';
import { type Kernel, startKernel } from './client.js';
import { odd } from './odd-cell-sequences.js';

// The machine may be busy with other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const sequences = [...everyday, ...odd];

/** One kernel runs all sequences; `reset` gives each an empty set of names. */
describe('cell sequences', () => {
  let kernel: Kernel;
  beforeAll(async () => {
    kernel = await startKernel();
  });
  afterAll(() => kernel.stop());

  it('are at least a hundred', () => {
    expect(sequences.length).toBeGreaterThanOrEqual(100);
    expect(new Set(sequences.map(({ name }) => name)).size).toBe(sequences.length);
  });

  it.each(sequences.map(({ name, cells }) => [name, cells] as const))('%s', async (_, cells) => {
    for (const cell of cells) await runCell(kernel, cell);
  });
});

async function runCell(kernel: Kernel, cell: Cell): Promise<void> {
  const [code, expected] = typeof cell === 'string' ? [cell, undefined] : cell;
  const answer = await kernel.execute(code);
  // The number of the cell depends on the cells of other sequences.
  const unnumbered = (text: string | undefined) => text?.replace(/cell\[\d+\]/g, 'cell[N]');
  const result = unnumbered(answer.result);
  const seen = { code, status: answer.status, errors: answer.errors, result };
  if (expected?.error !== undefined) {
    expect(answer.errors, code).toHaveLength(1);
    const { ename, evalue } = answer.errors[0]!;
    expect(`${ename}: ${evalue}`).toContain(expected.error);
    return;
  }
  expect(seen).toMatchObject({ status: 'ok', errors: [] });
  if (!expected) return;
  if (expected.none) expect(answer.outputs.filter((m) => m.type !== 'execute_input')).toEqual([]);
  if (expected.result !== undefined) expect(seen).toMatchObject({ result: expected.result });
  if (expected.stdout !== undefined) expect(unnumbered(answer.stdout)).toBe(expected.stdout);
  if (expected.stderr !== undefined) expect(unnumbered(answer.stderr)).toContain(expected.stderr);
}
