import { join } from 'node:path';
import { runChecks } from '../checks.mjs';
import { cannot } from '../tools/cannot.mjs';
import { stateFolder } from '../tools/places.mjs';
import { hashOf } from '../tools/stamp.mjs';

const others = ['python', 'tensorflow', 'library', 'kernel', 'lab-extension', 'install'];

/** The checks of "npm run doctor" that set-up answers for; again when another step did something. */
export const checks = {
  key: 'checks',
  name: 'checks',
  inputs: () => hashOf(...others.map((key) => ({ path: join(stateFolder, `${key}.json`) }))),
  async run({ prefix, say }) {
    const results = await runChecks(prefix, { forTests: false, onStart: say });
    const failed = results.filter(({ status }) => status === 'failed');
    if (failed.length > 0)
      throw cannot(
        'finish the set-up',
        'every check must pass',
        failed.map(({ name }) => name).join(', '),
        failed.map(({ found, remedy }) => `${found}\n${remedy}`).join('\n'),
      );
    return `${results.length} passed`;
  },
};
