import { join } from 'node:path';
import type { Table } from '../data/table.js';
import type { LongWork } from '../work/long-work.js';
import type { FittedClassifier } from './classifier.js';
import { makeFolder } from './make-folder.js';
import { classifierVersion } from './save-classifier.js';
import { writeWhole } from './write-whole.js';

/**
 * Make one classifier of several by averaging their probabilities.
 * @param members At least one; all must have the same classes in the same order.
 */
export function averageClassifiers(
  members: readonly FittedClassifier[],
  temperature = 1,
): FittedClassifier {
  const [first] = members;
  const other = members.find((m) => m.classes.join('\n') !== first.classes.join('\n'));
  if (!first || other) {
    throw new TypeError(
      `Cannot average classifiers as they must have the same classes: ${other ? `current values are ${first.classes.join(', ')} and ${other.classes.join(', ')}` : 'there are none'}`,
    );
  }
  const { classes, target } = first;
  const width = classes.length;
  const predictProba = async (rows: Table, options?: LongWork): Promise<Float64Array> => {
    const mean = new Float64Array(rows.rows * width);
    for (const member of members) {
      const p = await member.predictProba(rows, options);
      for (let i = 0; i < mean.length; i++) mean[i] += p[i] / members.length;
    }
    if (temperature === 1) return mean;
    const out = mean.map((p) => p ** (1 / temperature));
    for (let at = 0; at < out.length; at += width) {
      const sum = out.subarray(at, at + width).reduce((a, b) => a + b, 0);
      for (let j = at; j < at + width; j++) out[j] /= sum;
    }
    return out;
  };
  return {
    kind: 'classifier',
    classes,
    target,
    tfm: `${members.length} × ${first.tfm}`,
    notes: [...new Set(members.flatMap((m) => m.notes))],
    temperature,
    predictProba,
    async predict(rows, options) {
      const p = await predictProba(rows, options);
      return Array.from({ length: rows.rows }, (_, i) => {
        const own = p.subarray(i * width, (i + 1) * width);
        return classes[own.indexOf(Math.max(...own))];
      });
    },
    async logits(rows, options) {
      return (await predictProba(rows, options)).map(Math.log);
    },
    embeddings: (rows, options) => first.embeddings(rows, options),
    withTemperature: (other) => averageClassifiers(members, other),
    async save(folder) {
      await makeFolder(folder, 'classifiers');
      for (const [i, member] of members.entries()) await member.save(join(folder, `member-${i}`));
      const stored = {
        kind: 'average',
        version: classifierVersion,
        members: members.length,
        temperature,
      };
      await writeWhole(join(folder, 'classifier.json'), (handle) =>
        handle.writeFile(`${JSON.stringify(stored, null, 1)}\n`),
      );
    },
  };
}
