// How far searches should go, judged on simulated models and on none of the files that are timed: what
// FCI's limit on sets from Possible-D-SEP, and the depth of edge strengths, do to accuracy and time.
import {
  adjacencyAgreement,
  arrowheadAgreement,
  structuralHammingDistance,
} from '../../../dist/discovery/compare-graphs.js';
import { edgeStrengths } from '../../../dist/discovery/edge-strengths.js';
import { fci } from '../../../dist/discovery/fci.js';
import { magOfDag, pagOfDag } from '../../../dist/discovery/latent.js';
import { stream } from '../../../dist/math/random.js';
import { draw, randomModel } from './simulate.mjs';

const none = Number.POSITIVE_INFINITY;
const quiet = { onProgress: () => {} };
const longest = 20_000;

/** Both studies as text in Markdown. */
export async function limitStudy(seeds = 4) {
  const strengthSeeds = Math.ceil(seeds / 2);
  const head = `# How far discovery should search

\`npm run bench -- discovery --limits test/bench/discovery/limits.md --seeds ${seeds}\` wrote this file. Models are random
DAGs with one latent cause for every five columns (edge strengths: with and without), linear Gaussian, discrete with
random tables, or mixed; none of the files that are timed is among them. FCI is judged against the true PAG: 10, 20 and
40 columns, average degree 2, 3 and 5, 200, 1,000 and 5,000 rows, ${seeds} models each. Edge strengths are judged against the
true MAG: 8 and 16 columns, degree 2, 4 and 6, 300 and 2,000 rows, ${strengthSeeds} models each. Seconds are of the processor;
"given up" counts runs of more than 20 s.

**Possible-D-SEP: no limit.** Its sets come from nodes that may be ancestors of the two, so few are left to try: no limit
costs neither time nor accuracy. Tetrad 7.6.3, causal-learn 0.1.4.8 and pcalg have no limit either (\`depth\`,
\`max_path_length\` −1; \`m.max\`, \`pdsep.max\` infinite).

**Edge strengths: depth 3.** Deeper searches change the areas under the curves by a thousandth or two and take longer on
discrete columns. Depth 1 keeps more edges, which scores better on dense models and worse on sparse ones and on directions,
and is no longer PC or FCI; it is there to be asked for.
`;
  return `${head}\n${await fciLimits(seeds)}\n${await strengthDepths(strengthSeeds)}`;
}

/** FCI against the true PAG. */
async function fciLimits(seeds) {
  const limits = [0, 1, 2, 3, 4, none];
  const groups = new Map();
  for (const family of ['gauss', 'discrete']) {
    for (const p of [10, 20, 40]) {
      for (const degree of [2, 3, 5]) {
        for (const rows of [200, 1000, 5000]) {
          for (let seed = 0; seed < seeds; seed++) {
            const random = stream(seed, `limits-${family}`, p, degree, rows);
            const model = randomModel(random, p, Math.round(p / 5), degree);
            const table = draw(model, family, rows, random);
            const truth = await pagOfDag(model.dag, model.latent, quiet);
            for (const limit of limits) {
              const found = await timed((signal) =>
                fci(table, { ...quiet, signal, maxPossibleDsep: limit }),
              );
              const keys = [
                `${family}, all`,
                `${family}, degree ${degree}`,
                `${family}, ${rows} rows`,
              ];
              for (const key of keys) add(groups, `${key}|${text(limit)}`, found, truth);
            }
          }
        }
      }
    }
  }
  const head =
    '| models | largest set | adjacency precision | recall | F1 | arrowhead precision | recall | F1 | SHD | mean s | max s | given up |';
  const lines = [...groups].map(([key, g]) => {
    const [models, limit] = key.split('|');
    const n = g.done;
    return `| ${models} | ${limit} | ${parts(g.adjacency)} | ${parts(g.heads)} | ${(g.shd / n).toFixed(2)} | ${(g.seconds / n).toFixed(4)} | ${g.most.toFixed(2)} | ${g.lost} |`;
  });
  return `### FCI: largest set drawn from Possible-D-SEP\n\n${head}\n${rule(12)}\n${sorted(lines).join('\n')}\n`;
}

/** Edge strengths against the adjacencies and directions of the true MAG. */
async function strengthDepths(seeds) {
  const depths = [1, 2, 3, 4, 5, none];
  const groups = new Map();
  for (const family of ['gauss', 'discrete', 'mixed']) {
    for (const p of [8, 16]) {
      for (const degree of [2, 4, 6]) {
        for (const rows of [300, 2000]) {
          for (const latents of [0, Math.round(p / 5)]) {
            for (let seed = 0; seed < seeds; seed++) {
              const random = stream(seed, `depths-${family}`, p, degree, rows, latents);
              const model = randomModel(random, p, latents, degree);
              const table = draw(model, family, rows, random);
              const mag = magOfDag(model.dag, model.latent);
              for (const depth of depths) {
                const found = await timed((signal) =>
                  edgeStrengths(table, {
                    ...quiet,
                    signal,
                    seed,
                    resamples: 10,
                    workers: 1,
                    maxDepth: depth,
                  }),
                );
                const keys = [
                  `${family}, all`,
                  `${family}, degree ${degree}`,
                  `${family}, ${rows} rows`,
                ];
                for (const key of keys) score(groups, `${key}|${text(depth)}`, found, mag);
              }
            }
          }
        }
      }
    }
  }
  const head =
    '| models | depth | AUC of adjacency | AUC of direction | Brier | calibration error | mean s | max s | given up |';
  const lines = [...groups].map(([key, g]) => {
    const [models, depth] = key.split('|');
    const n = g.done;
    const off = g.bins.reduce((sum, b) => sum + Math.abs(b.said - b.true), 0) / g.pairs;
    return `| ${models} | ${depth} | ${(g.auc / n).toFixed(3)} | ${(g.direction / n).toFixed(3)} | ${(g.brier / n).toFixed(4)} | ${off.toFixed(4)} | ${(g.seconds / n).toFixed(3)} | ${g.most.toFixed(2)} | ${g.lost} |`;
  });
  return `### Edge strengths: largest conditioning set (10 resamples × PC and FCI)\n\n${head}\n${rule(9)}\n${sorted(lines).join('\n')}\n`;
}

const text = (limit) => (limit === none ? 'none' : `${limit}`);
const rule = (columns) => `|${'---|'.repeat(columns)}`;
const sorted = (lines) => {
  const order = lines.map((l) => l.split('|')[1]);
  return [...lines].sort((a, b) => order.indexOf(a.split('|')[1]) - order.indexOf(b.split('|')[1]));
};

async function timed(run) {
  const start = process.cpuUsage();
  try {
    const value = await run(AbortSignal.timeout(longest));
    const { user, system } = process.cpuUsage(start);
    return { value, seconds: (user + system) / 1e6 };
  } catch (error) {
    if (error.name !== 'TimeoutError') throw error;
    return undefined;
  }
}

function add(groups, key, found, truth) {
  let g = groups.get(key);
  if (!g) {
    const zero = () => ({ hits: 0, extra: 0, missing: 0 });
    g = { done: 0, lost: 0, shd: 0, seconds: 0, most: 0, adjacency: zero(), heads: zero() };
    groups.set(key, g);
  }
  if (!found) {
    g.lost++;
    return;
  }
  const { graph } = found.value;
  g.done++;
  g.shd += structuralHammingDistance(truth, graph);
  g.seconds += found.seconds;
  g.most = Math.max(g.most, found.seconds);
  for (const [sum, one] of [
    [g.adjacency, adjacencyAgreement(truth, graph)],
    [g.heads, arrowheadAgreement(truth, graph)],
  ]) {
    for (const part of Object.keys(sum)) sum[part] += one[part];
  }
}

function parts({ hits, extra, missing }) {
  const shares = [
    hits / (hits + extra),
    hits / (hits + missing),
    (2 * hits) / (2 * hits + extra + missing),
  ];
  return shares.map((v) => v.toFixed(3)).join(' | ');
}

function score(groups, key, found, mag) {
  let g = groups.get(key);
  if (!g) {
    const bins = Array.from({ length: 10 }, () => ({ said: 0, true: 0 }));
    g = { done: 0, lost: 0, auc: 0, direction: 0, brier: 0, pairs: 0, bins, seconds: 0, most: 0 };
    groups.set(key, g);
  }
  if (!found) {
    g.lost++;
    return;
  }
  const p = mag.names.length;
  const { probabilities } = found.value;
  const [said, real, way, right] = [[], [], [], []];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      if (i === j) continue;
      const there = mag.marks[i * p + j] !== 0;
      if (j < i) {
        said.push(probabilities[i * p + j] + probabilities[j * p + i]);
        real.push(there);
      }
      way.push(probabilities[i * p + j]);
      right.push(mag.marks[i * p + j] === -1 && mag.marks[j * p + i] === 1);
    }
  }
  g.done++;
  g.seconds += found.seconds;
  g.most = Math.max(g.most, found.seconds);
  g.auc += auc(said, real);
  g.direction += auc(way, right);
  g.brier += said.reduce((sum, s, k) => sum + (s - real[k]) ** 2, 0) / said.length;
  for (const [k, s] of said.entries()) {
    const bin = g.bins[Math.min(9, Math.floor(10 * s))];
    bin.said += s;
    bin.true += real[k] ? 1 : 0;
    g.pairs++;
  }
}

/** The share of pairs of a true and a false entry in which the true one scores higher; ties count half. */
function auc(scores, real) {
  const yes = scores.filter((_, k) => real[k]);
  const no = scores.filter((_, k) => !real[k]);
  if (yes.length === 0 || no.length === 0) return 0.5;
  let won = 0;
  for (const a of yes) for (const b of no) won += a > b ? 1 : a === b ? 0.5 : 0;
  return won / (yes.length * no.length);
}
