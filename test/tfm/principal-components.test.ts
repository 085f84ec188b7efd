import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/math/draws.js';
import { stream } from '../../src/math/random.js';
import { fitProjection, project } from '../../src/tfm/principal-components.js';

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly most: number;
  readonly x: number[];
  readonly query: number[];
  readonly components: number[];
  readonly projected: number[];
}

const file = join(import.meta.dirname, '..', 'fixtures', 'mitra', 'principal_components.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];
const random = stream(1, 'components');
const pause = async (): Promise<void> => {};

describe('fitProjection()', () => {
  it.each(cases)('finds the directions of scikit-learn: $rows × $columns, $most', async (each) => {
    const { rows, columns, most, x, query } = each;
    const found = await fitProjection(Float32Array.from(x), rows, most, random, pause);
    expect(found.components.length).toBe(most * columns);
    found.components.forEach((part, i) => {
      expect(part).toBeCloseTo(each.components[i], 5);
    });
    project(found, Float32Array.from(query)).forEach((number, i) => {
      expect(number).toBeCloseTo(each.projected[i], 4);
    });
  });

  it('leaves out directions without variance', async () => {
    const one = Array.from({ length: 20 }, () => randomNormal(random));
    const x = Float32Array.from(one.flatMap((v) => [v, 2 * v + 1, -v]));
    const { components } = await fitProjection(x, 20, 3, random, pause);
    expect(components.length).toBe(3);
    expect(Math.abs(components[0])).toBeCloseTo(1 / Math.sqrt(3), 5);
  });

  it('finds a strong direction among more columns and rows than it looks at', async () => {
    const [rows, columns] = [800, 790];
    const x = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      const factor = randomNormal(random);
      for (let j = 0; j < columns; j++) {
        x[i * columns + j] = (j % 2 === 0 ? 3 : -3) * factor + randomNormal(random);
      }
    }
    const { components } = await fitProjection(x, rows, 1, random, pause);
    const sides = Array.from(components, (part, j) => part * (j % 2 === 0 ? 1 : -1));
    for (const side of sides) expect(Math.abs(side)).toBeCloseTo(1 / Math.sqrt(columns), 2);
    expect(new Set(sides.map(Math.sign)).size).toBe(1);
  }, 60_000);
});
