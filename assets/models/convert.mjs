// Convert a network of float32 weights to the float16 file that ships:
//   node assets/models/convert.mjs FOLDER assets/models/embedded
// FOLDER holds config.json and model.safetensors. Build first (npm run build).

import { readNetwork, writeNetwork } from '../../dist/tfm/weights.js';

const [from, to] = process.argv.slice(2);
if (!from || !to) throw new Error('Cannot convert as two folders must be named: FROM TO');
const network = await readNetwork(from);
await writeNetwork(to, network, 'F16');
let largest = 0;
const { weights } = await readNetwork(to);
for (const [key, numbers] of network.weights) {
  const rounded = weights.get(key);
  for (let i = 0; i < numbers.length; i++) {
    largest = Math.max(largest, Math.abs(numbers[i] - rounded[i]) / Math.max(1e-3, Math.abs(numbers[i])));
  }
}
console.log(`${to}: largest relative rounding ${largest.toExponential(1)}`);
