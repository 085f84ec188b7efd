import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { hasFused, liveTensors, ready } from '../../src/math/tf.js';
import { checkParity } from '../../src/tfm/parity.js';

// Each test file has a process of its own: this one computes with WebAssembly.
process.env.CAUSALMIXFT_BACKEND = 'wasm';
const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
afterAll(() => {
  stderr.mockRestore();
});

describe('without the native library', () => {
  it('computes with WebAssembly and says so once, with the remedy', async () => {
    expect((await ready()).name).toBe('wasm');
    await ready();
    const said = stderr.mock.calls
      .map(([text]) => String(text))
      .filter((t) => /causalmixft/.test(t));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/WebAssembly.*npm run setup/);
    expect(hasFused()).toBe(false);
  });

  it('agrees with the reference within the same gates', async () => {
    const checks = await checkParity(join(import.meta.dirname, '..', 'fixtures', 'mitra'));
    expect(checks.length).toBeGreaterThanOrEqual(40);
    for (const { folder, check, error, gate } of checks) {
      expect.soft(error, `${folder}: ${check}`).toBeLessThanOrEqual(gate);
    }
    expect(liveTensors()).toBe(0);
  });
});
