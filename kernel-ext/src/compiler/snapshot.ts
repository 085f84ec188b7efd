import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPlaces } from './find-places.js';
import type { Places } from './places.js';
import type { TypeScript } from './tslab.js';
import { cacheFolder, loadTypeScript } from './typescript.js';

/**
 * What Node is told when a snapshot is made, and has to be told again when it is started. Its usual
 * four threads beside one that always waits for the next cell cost 25 MB and save no time.
 */
export const snapshotFlags: readonly string[] = ['--max-semi-space-size=4', '--v8-pool-size=1'];

const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * Where the snapshot of the compiler belongs, whose name changes with everything that it is made
 * of. A start from it needs a fifth of the time: TypeScript is loaded and the types are read.
 */
export function snapshotFile(): string {
  const { library, typescript, converter } = findPlaces();
  const own = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const parts = [
    ...own.map((name) => join(folder, name)),
    typescript,
    converter,
    ...['package.json', 'dist/index.d.ts', 'dist/.tsbuildinfo'].map((name) => join(library, name)),
  ];
  const key = hash(parts.map(stamp).join('\n'));
  return join(cacheFolder(), `${family()}${key}.snapshot`);
}

/** What the names of all snapshots of this installation and this Node begin with. */
function family(): string {
  const { node, v8 } = process.versions;
  return `compiler-${hash(folder)}-node-${node}-${hash(v8 + process.arch)}-`;
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

function stamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return `${path} ${stat?.mtimeMs} ${stat?.size}`;
}

/**
 * Build the snapshot; takes some seconds.
 * @returns Its file.
 */
export function makeSnapshot(): string {
  const file = snapshotFile();
  const home = cacheFolder();
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(home, 'building-'));
  try {
    const script = join(work, 'compiler.cjs');
    const made = join(work, 'made');
    const places = findPlaces();
    const ts = loadTypeScript(places.typescript);
    const shortTypescript = join(work, 'typescript.js');
    writeFileSync(
      shortTypescript,
      shortened(ts, readFileSync(places.typescript, 'latin1')),
      'latin1',
    );
    writeFileSync(script, scriptOf(ts, { ...places, shortTypescript }));
    const { status, stderr } = spawnSync(
      process.execPath,
      [...snapshotFlags, '--snapshot-blob', made, '--build-snapshot', script],
      { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
    );
    if (status !== 0 || !existsSync(made)) {
      throw new Error(`Cannot make a snapshot of the compiler: ${stderr.trim().slice(-500)}`);
    }
    chmodSync(made, 0o600);
    renameSync(made, file);
    for (const name of readdirSync(home)) {
      if (name.startsWith(family()) && name !== basename(file)) rmSync(join(home, name));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return file;
}

/** The compiler as a single script: what Node takes for a snapshot. */
function scriptOf(ts: typeof TypeScript, places: Places): string {
  const modules = new Map<string, string>();
  const collect = (name: string): void => {
    if (modules.has(name)) return;
    const { outputText } = ts.transpileModule(readFileSync(join(folder, name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    modules.set(name, outputText);
    for (const [, next] of outputText.matchAll(/require\("\.\/([\w-]+\.js)"\)/g)) collect(next!);
  };
  collect('snapshot-main.js');
  return `const sources = ${JSON.stringify(Object.fromEntries(modules))};
const loaded = {};
function load(name) {
  if (!name.startsWith('./')) return require(name);
  if (!loaded[name]) {
    loaded[name] = { exports: {} };
    new Function('exports', 'require', sources[name.slice(2)])(loaded[name].exports, load);
  }
  return loaded[name].exports;
}
load('./snapshot-main.js').buildSnapshot(${JSON.stringify(places)});
`;
}

/** A script without indentation and lines of comments: its text is in the memory of every kernel. */
function shortened(ts: typeof TypeScript, source: string): string {
  const { SyntaxKind: kinds } = ts;
  const file = ts.createSourceFile('typescript.js', source, ts.ScriptTarget.ES2022);
  const templates: [start: number, end: number][] = [];
  const look = (node: TypeScript.Node): void => {
    const isTemplate =
      node.kind === kinds.NoSubstitutionTemplateLiteral ||
      (node.kind >= kinds.TemplateHead && node.kind <= kinds.TemplateTail);
    if (isTemplate) templates.push([node.getFullStart(), node.end]);
    ts.forEachChild(node, look);
  };
  look(file);
  const short = (text: string): string =>
    text
      .replace(/\n[ \t]+/g, '\n')
      .replace(/\n\/\/[^\n]*/g, '')
      .replace(/\n\/\*\*[\s\S]*?\*\//g, '');
  let made = '';
  let at = 0;
  for (const [start, end] of templates.sort((a, b) => a[0] - b[0])) {
    made += short(source.slice(at, start)) + source.slice(start, end);
    at = end;
  }
  return made + short(source.slice(at));
}
