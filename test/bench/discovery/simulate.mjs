// Random models with latent causes and rows drawn from them, for the studies of discovery's limits.
import { dagOfPairs } from '../../../dist/discovery/dag.js';
import { randomNormal } from '../../../dist/math/draws.js';
import { permutation } from '../../../dist/math/random.js';

/** A random DAG of p + latents nodes, average degree as asked; the latent ones have two children or more. */
export function randomModel(random, p, latents, degree) {
  const total = p + latents;
  const names = Array.from({ length: total }, (_, i) => `X${i + 1}`);
  for (;;) {
    const order = permutation(random, total);
    const pairs = [];
    for (let a = 0; a < total; a++) {
      for (let b = a + 1; b < total; b++) {
        if (random() < degree / (total - 1)) pairs.push([order[a], order[b]]);
      }
    }
    const children = new Int32Array(total);
    for (const [from] of pairs) children[from]++;
    const able = Array.from(permutation(random, total)).filter((i) => children[i] > 1);
    if (able.length < latents) continue;
    const hidden = new Set(able.slice(0, latents));
    return {
      dag: dagOfPairs(names, pairs),
      order,
      pairs,
      hidden,
      latent: names.filter((_, i) => hidden.has(i)),
    };
  }
}

/**
 * Rows of the observed columns.
 * @param family gauss: linear, weights ±0.3 … ±1; discrete: 2 to 4 levels with random tables; mixed: a
 *   linear model of which every other column is cut into 2 to 4 categories after it was drawn.
 */
export function draw(model, family, rows, random) {
  const columns = (family === 'discrete' ? categories : numbers)(model, rows, random);
  const seen = columns.filter((_, i) => !model.hidden.has(i));
  if (family === 'mixed') for (let k = 0; k < seen.length; k += 2) seen[k] = cut(seen[k], random);
  return { kind: 'table', rows, columns: seen };
}

function parentsOf({ dag, pairs }) {
  return dag.names.map((_, i) => pairs.filter(([, to]) => to === i).map(([from]) => from));
}

function numbers(model, rows, random) {
  const parents = parentsOf(model);
  const columns = model.dag.names.map((name) => ({
    name,
    type: 'numeric',
    values: new Float64Array(rows),
  }));
  for (const i of model.order) {
    const { values } = columns[i];
    const scale = 0.5 + random();
    for (let r = 0; r < rows; r++) values[r] = scale * randomNormal(random);
    for (const j of parents[i]) {
      const weight = (random() < 0.5 ? -1 : 1) * (0.3 + 0.7 * random());
      for (let r = 0; r < rows; r++) values[r] += weight * columns[j].values[r];
    }
  }
  return columns;
}

function categories(model, rows, random) {
  const parents = parentsOf(model);
  const columns = model.dag.names.map((name) => ({
    name,
    type: 'categorical',
    categories: Array.from({ length: 2 + Math.floor(3 * random()) }, (_, k) => `${k}`),
    codes: new Int32Array(rows),
  }));
  for (const i of model.order) {
    const levels = columns[i].categories.length;
    const tables = new Map();
    for (let r = 0; r < rows; r++) {
      const key = parents[i].map((j) => columns[j].codes[r]).join();
      let table = tables.get(key);
      if (!table) {
        // Weights 1/u lean towards one level without ruling the others out.
        const weights = Array.from({ length: levels }, () => 1 / (0.1 + random()));
        const sum = weights.reduce((a, b) => a + b, 0);
        table = weights.map((w) => w / sum);
        tables.set(key, table);
      }
      let u = random();
      let code = 0;
      while (code < levels - 1 && u >= table[code]) u -= table[code++];
      columns[i].codes[r] = code;
    }
  }
  return columns;
}

function cut({ name, values }, random) {
  const levels = 2 + Math.floor(3 * random());
  const sorted = Float64Array.from(values).sort();
  const bounds = Array.from(
    { length: levels - 1 },
    (_, k) => sorted[Math.floor(((k + 0.5 + random()) * sorted.length) / levels)],
  );
  return {
    name,
    type: 'categorical',
    categories: Array.from({ length: levels }, (_, k) => `${k}`),
    codes: Int32Array.from(values, (v) => bounds.filter((b) => v >= b).length),
  };
}
