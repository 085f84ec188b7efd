// MLP-SCM (Hollmann et al. 2023, TabPFN): a random multilayer network is the causal graph, its units
// are the variables. Features and target are chosen among the units (causal), or the inputs are the
// features and the target hangs on the last layer (not causal).

import { randomBeta, randomNormal } from '../../../math/draws.js';
import { permutation, type Random, randomInteger } from '../../../math/random.js';
import { activations } from '../activations.js';
import { addScaled, standardize } from '../column-math.js';
import { distinct, geometric, integerBetween, logUniform, normals, pick } from '../draws.js';
import { roots } from '../roots.js';
import { measured, type Prior } from '../synthetic-table.js';
import { classTarget } from '../targets.js';

/** Draw a table from a random multilayer network. */
export const mlpScm: Prior = (random, { rows, features, classes }) => {
  const causal = random() < 0.75;
  const depth = Math.min(6, geometric(random, 0.4));
  const causes = causal ? integerBetween(random, 1, Math.min(12, features + 3)) : features;
  const wanted = Math.round(Math.exp(2.3 + 0.6 * randomNormal(random)));
  // A causal table takes its features and target from the units, so there must be enough of them.
  const least = causal ? Math.ceil((features + 2) / depth) : 4;
  const width = Math.max(least, Math.min(64, Math.max(4, wanted)));
  const layers = [roots(random, rows, causes)];
  const layer = layerLaw(random);
  for (let l = 0; l < depth; l++) layers.push(layer(layers[l], width));
  if (!causal) return measured(layers[0], classTarget(random, layers[depth], classes));

  const nodes = layers.slice(random() < 0.6 ? 1 : 0).flat();
  if (nodes.length < features + 1) {
    nodes.push(...roots(random, rows, features + 1 - nodes.length));
  }
  return measured(...featuresAndTarget(random, nodes, width, features, classes));
};

/** Fix what all layers of one network share, and return the function from a layer to the next. */
function layerLaw(random: Random): (inputs: Float64Array[], width: number) => Float64Array[] {
  const some = [pick(random, activations), pick(random, activations), pick(random, activations)];
  const functions = random() < 0.5 ? some.slice(0, 1) : some;
  const dropout = 0.9 * randomBeta(random, 0.8, 1.6);
  const noise = logUniform(random, 5e-4, 0.35);
  const gain = logUniform(random, 0.5, 3.3);
  return (inputs, width) => {
    const rows = inputs[0].length;
    const unequal = random() < 0.3;
    const importance = inputs.map(() => (unequal ? Math.exp(randomNormal(random)) : 1));
    return Array.from({ length: width }, () => {
      const unit = new Float64Array(rows);
      for (const [j, input] of inputs.entries()) {
        if (random() >= dropout) addScaled(unit, importance[j] * randomNormal(random), input);
      }
      standardize(unit);
      const f = pick(random, functions);
      const slope = gain * Math.exp(0.3 * randomNormal(random));
      const shift = 0.7 * randomNormal(random);
      for (let i = 0; i < rows; i++) unit[i] = f(unit[i] * slope + shift);
      standardize(unit);
      return addScaled(unit, noise * Math.exp(0.5 * randomNormal(random)), normals(random, rows));
    });
  };
}

/** Choose which units are seen as features and which make the target; the rest stay hidden. */
export function featuresAndTarget(
  random: Random,
  nodes: Float64Array[],
  lastLayer: number,
  features: number,
  classes: number,
): [Float64Array[], Int32Array] {
  const spare = nodes.length - features;
  const makers =
    classes > 2 ? integerBetween(random, 1, Math.max(1, Math.min(4, spare, lastLayer))) : 1;
  // Half of the time the target comes late in the graph: an effect rather than a cause.
  const target = new Set(
    random() < 0.5
      ? distinct(random, Math.min(lastLayer, nodes.length), makers).map((j) => nodes.length - 1 - j)
      : distinct(random, nodes.length, makers),
  );
  const rest = nodes.filter((_, j) => !target.has(j));
  const makerNodes = [...target].map((j) => nodes[j]);
  // Neighbours in the list share parents; otherwise features are scattered over the graph.
  const start = randomInteger(random, rest.length - features + 1);
  const columns =
    random() < 0.3
      ? rest.slice(start, start + features)
      : Array.from(permutation(random, rest.length).subarray(0, features), (j) => rest[j]);
  // A node that is a feature twice over would be changed twice in place later: copy.
  return [columns.map((c) => Float64Array.from(c)), classTarget(random, makerNodes, classes)];
}
