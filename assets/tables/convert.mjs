// Make the bundled tables from their sources: once, by hand, after `npm run build`.
//
//   node assets/tables/convert.mjs penguins            fetches the npm package vega-datasets 3.2.1
//   node assets/tables/convert.mjs wine wine.arff      from the UCI table in ARFF
//   node assets/tables/convert.mjs heart heart-c.arff  from the UCI table in ARFF
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArff } from '../../dist/data/arff.js';
import { writeCsv } from '../../dist/data/csv.js';
import { fromRecords, toRecords } from '../../dist/data/records.js';

const conversions = { penguins, wine, heart };
const [name, path] = process.argv.slice(2);
if (!conversions[name]) {
  throw new Error(`Cannot convert a table as it must be one of ${Object.keys(conversions)}: current value is ${name}`);
}
const records = conversions[name](path);
const target = new URL(`${name}.csv`, import.meta.url);
writeFileSync(target, writeCsv(fromRecords(records)));
console.log(`${target.pathname}: ${records.length} rows`);

/** JSON rows; "." means missing; the names are those of the R package palmerpenguins. */
function penguins() {
  const folder = mkdtempSync(join(tmpdir(), 'penguins-'));
  try {
    execFileSync('npm', ['pack', 'vega-datasets@3.2.1'], { cwd: folder, stdio: 'ignore' });
    execFileSync('tar', ['xzf', 'vega-datasets-3.2.1.tgz', 'package/data/penguins.json'], { cwd: folder });
    const rows = JSON.parse(readFileSync(join(folder, 'package/data/penguins.json'), 'utf8'));
    return rows.map((row) => ({
      species: row.Species,
      island: row.Island,
      bill_length_mm: row['Beak Length (mm)'],
      bill_depth_mm: row['Beak Depth (mm)'],
      flipper_length_mm: row['Flipper Length (mm)'],
      body_mass_g: row['Body Mass (g)'],
      sex: row.Sex === '.' ? null : (row.Sex?.toLowerCase() ?? null),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The class goes to the end, under the name that says what it is. */
function wine(arff) {
  return toRecords(parseArff(readFileSync(arff, 'utf8'))).map(({ class: cultivar, ...row }) => ({
    ...Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value])),
    cultivar,
  }));
}

/** Names written out; the class is whether a main vessel is narrowed by more than half. */
function heart(arff) {
  return toRecords(parseArff(readFileSync(arff, 'utf8'))).map((row) => ({
    age: row.age,
    sex: row.sex,
    chest_pain: row.cp,
    resting_pressure: row.trestbps,
    cholesterol: row.chol,
    high_blood_sugar: row.fbs === 't',
    resting_ecg: row.restecg,
    maximum_heart_rate: row.thalach,
    exercise_angina: row.exang === 'yes',
    st_depression: row.oldpeak,
    st_slope: row.slope,
    colored_vessels: row.ca,
    thallium_scan: row.thal,
    disease: row.num === '<50' ? 'absent' : 'present',
  }));
}
