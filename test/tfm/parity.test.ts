import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { liveTensors, ready } from '../../src/math/tf.js';
import { checkParity } from '../../src/tfm/parity.js';

const root = join(import.meta.dirname, '..', '..');
const shared = join(root, '..', 'shared', 'fixtures', 'mitra');

async function expectParity(folder: string, fewest: number): Promise<void> {
  await ready();
  const before = liveTensors();
  const checks = await checkParity(folder);
  expect(checks.length).toBeGreaterThanOrEqual(fewest);
  for (const { folder: where, check, error, gate } of checks) {
    expect.soft(error, `${where}: ${check}`).toBeLessThanOrEqual(gate);
  }
  expect(liveTensors()).toBe(before);
}

describe('Tab2D against the reference', () => {
  it('agrees with the stored numbers of two small networks', async () => {
    await expectParity(join(root, 'test', 'fixtures', 'mitra'), 40);
  });

  it.skipIf(!existsSync(shared))(
    'agrees with every stored number (needs ../shared/fixtures/mitra)',
    async () => {
      await expectParity(shared, 40);
    },
  );
});
