// npm run parity -- FOLDER: check the network against a folder of reference numbers and print the
// largest error of each check against its gate; exit code 1 past a gate, 2 for wrong use.

import { existsSync } from 'node:fs';

const [folder] = process.argv.slice(2);
if (!folder || !existsSync(folder)) {
  console.error(`usage: npm run parity -- FOLDER (current value is ${folder ?? 'absent'})`);
  process.exit(2);
}
const { checkParity } = await import('../dist/tfm/parity.js');
const checks = await checkParity(folder);
const width = Math.max(...checks.map(({ folder: at, check }) => at.length + check.length + 3));
for (const { folder: at, check, error, gate } of checks) {
  const name = `${at === '.' ? '' : `${at}: `}${check}`.padEnd(width);
  const verdict = error <= gate ? 'ok' : 'PAST THE GATE';
  console.log(`${name} ${error.toExponential(1).padStart(8)}  gate ${gate}  ${verdict}`);
}
const past = checks.filter(({ error, gate }) => !(error <= gate)).length;
console.log(`${checks.length - past} of ${checks.length} checks within their gates`);
if (checks.length === 0) console.error(`${folder} holds nothing to check`);
process.exit(past > 0 || checks.length === 0 ? 1 : 0);
