import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Table, withTarget } from '../data/table.js';
import { boss } from '../discovery/boss.js';
import type { ColliderRule, ConflictRule } from '../discovery/colliders.js';
import { directLingam } from '../discovery/direct-lingam.js';
import { fci } from '../discovery/fci.js';
import { type GraphFormat, writeGraph } from '../discovery/formats/formats.js';
import type { Graph } from '../discovery/graph.js';
import type { TestName } from '../discovery/independence/independence.js';
import { rcit } from '../discovery/independence/kernel.js';
import { pc } from '../discovery/pc.js';
import { rfci } from '../discovery/rfci.js';
import { graphData } from '../display/dag-data.js';
import { renderDagSvg } from '../display/dag-svg.js';
import type { LongWork } from '../work/long-work.js';
import {
  addCommand,
  type Context,
  jsonText,
  longWorkOf,
  readSource,
  type Shared,
  tableHelp,
  wholeNumber,
} from './command.js';
import { knowledgeFile } from './knowledge-file.js';

const algorithms = ['pc', 'fci', 'rfci', 'boss', 'direct-lingam'] as const;
const formats = [
  ...['matrix', 'tetrad', 'dot', 'graphml', 'gml', 'dagitty', 'csv', 'json', 'svg'],
] as readonly (GraphFormat | 'svg')[];

/** The tests there are. */
const tests = [
  'auto',
  'fisher-z',
  'chi2',
  'g2',
  'mixed',
  'conditional-gaussian',
  'kci',
  'rcit',
] as const;

/** What the tests are called elsewhere. */
const otherNames: Readonly<Record<string, (typeof tests)[number]>> = {
  fisherz: 'fisher-z',
  chisq: 'chi2',
  'chi-square': 'chi2',
  gsq: 'g2',
  'g-square': 'g2',
  'degenerate-gaussian': 'mixed',
};

interface DiscoverOptions extends Shared {
  readonly algorithm: (typeof algorithms)[number];
  readonly test: TestName | 'auto' | 'rcit';
  readonly alpha?: number;
  readonly maxDepth?: number;
  readonly stable: boolean;
  readonly colliderRule?: ColliderRule;
  readonly conflict?: ConflictRule;
  readonly guaranteeCpdag?: boolean;
  readonly maxPossibleDsep?: number;
  readonly maxPathLength?: number;
  readonly selectionBias: boolean;
  readonly compat?: 'causal-learn';
  readonly knowledge?: string;
  readonly target?: string;
  readonly targetIsSink?: boolean;
  readonly format: (typeof formats)[number];
}

/** Which options only some algorithms have, by their names in the options object and on the command line. */
const limitedTo: readonly [keyof DiscoverOptions, string, readonly string[]][] = [
  ['colliderRule', '--collider-rule', ['pc']],
  ['conflict', '--conflict', ['pc']],
  ['guaranteeCpdag', '--guarantee-cpdag', ['pc']],
  ['maxPossibleDsep', '--max-possible-dsep', ['fci']],
  ['maxPathLength', '--max-path-length', ['fci', 'rfci']],
  ['selectionBias', '--no-selection-bias', ['fci', 'rfci']],
  ['compat', '--compat', ['pc', 'fci']],
  ['maxDepth', '--max-depth', ['pc', 'fci', 'rfci']],
  ['stable', '--no-stable', ['pc', 'fci', 'rfci']],
  ['test', '--test', ['pc', 'fci', 'rfci']],
  ['alpha', '--alpha', ['pc', 'fci', 'rfci', 'direct-lingam']],
  ['targetIsSink', '--target-is-sink', ['pc', 'fci', 'rfci', 'boss']],
];

/** `causalmixft discover`. */
export function addDiscover(program: Command, context: Context): void {
  addCommand(
    program,
    'discover',
    'Learn one causal graph from a table.',
    'causalmixft discover bundled:heart --algorithm pc --alpha 0.01 --format svg > heart.svg',
  )
    .argument('<table>', tableHelp)
    .addOption(
      new Option('--algorithm <name>', 'how it is learned').choices(algorithms).default('pc'),
    )
    .addOption(testOption([...tests]))
    .addOption(alphaOption())
    .addOption(maxDepthOption('(default: no limit)'))
    .option('--no-stable', 'let edges leave at once, so that their order matters')
    .addOption(
      new Option('--collider-rule <name>', 'how PC finds colliders (default: sepset)').choices([
        'sepset',
        'max-p',
        'definite-max-p',
      ]),
    )
    .addOption(
      new Option(
        '--conflict <name>',
        'who wins in PC where colliders contradict each other (default: stronger)',
      ).choices(['overwrite', 'bidirect', 'keep', 'stronger', 'stronger-star']),
    )
    .option('--guarantee-cpdag', 'let PC change edges until its graph is a CPDAG')
    .option(
      '--max-possible-dsep <number>',
      'largest set that FCI draws from Possible-D-SEP, 0 to leave it out (default: no limit)',
      wholeNumber(0),
    )
    .option(
      '--max-path-length <number>',
      'longest path that the rules of FCI look at, in edges (default: no limit)',
      wholeNumber(0),
    )
    .option('--no-selection-bias', 'leave out the rules of FCI for selected rows (R5 to R7)')
    .addOption(
      new Option('--compat <name>', 'do as another library does').choices(['causal-learn']),
    )
    .addOption(knowledgeOption())
    .addOption(targetOption())
    .addOption(sinkOption())
    .addOption(
      new Option(
        '--format <name>',
        'matrix: a row of marks per column, the mark at the row’s end of the edge: 0 none, -1 tail, 1 arrow, 2 circle',
      )
        .choices(formats)
        .default('matrix'),
    )
    .action(async (source: string, options: DiscoverOptions, command: Command) => {
      for (const [key, flag, fits] of limitedTo) {
        if (command.getOptionValueSource(key) === 'cli' && !fits.includes(options.algorithm)) {
          command.error(`error: ${flag} is an option of --algorithm ${fits.join(', ')} only`);
        }
      }
      const read = await readSource(source, context);
      const table = options.target === undefined ? read : withTarget(read, options.target);
      const found = await discover(table, options, longWorkOf(context, options));
      for (const warning of found.warnings) process.stderr.write(`Note: ${warning}\n`);
      await context.write(options.json ? jsonText(found) : graphText(found, options.format));
    });
}

/** The option `--test`; it also takes the names that other libraries use. */
export function testOption(names: readonly string[]): Option {
  return new Option(
    '--test <name>',
    `independence test; auto goes by the types of the columns (choices: ${names.join(', ')})`,
  )
    .default('auto')
    .argParser((text) => {
      const name = otherNames[text] ?? text;
      if (!names.includes(name)) {
        throw new InvalidArgumentError(`Allowed choices are ${names.join(', ')}.`);
      }
      return name;
    });
}

/** The option `--alpha`. */
export function alphaOption(): Option {
  return new Option(
    '--alpha <number>',
    'two columns count as independent where p is above it (default: 0.05)',
  ).argParser((text) => {
    const value = Number(text);
    if (!(value > 0 && value < 1)) throw new InvalidArgumentError('It must be in (0, 1).');
    return value;
  });
}

/** The option `--max-depth`. */
export function maxDepthOption(otherwise: string): Option {
  return new Option('--max-depth <number>', `largest conditioning set ${otherwise}`).argParser(
    wholeNumber(0),
  );
}

/** The option `--knowledge`. */
export function knowledgeOption(): Option {
  return new Option(
    '--knowledge <file>',
    'file with tiers, forbidden and required edges: JSON, or the form of Tetrad',
  );
}

/** The option `--target`. */
export function targetOption(): Option {
  return new Option(
    '--target <column>',
    'the column that is to be predicted; it is marked as such',
  );
}

/** The option `--target-is-sink`. */
export function sinkOption(): Option {
  return new Option('--target-is-sink', 'no edge leads out of the target');
}

/** What every algorithm returns. */
interface Found {
  readonly algorithm: string;
  readonly graph: Graph;
  readonly test: string;
  readonly alpha?: number;
  readonly rows: number;
  readonly warnings: readonly string[];
}

async function discover(table: Table, options: DiscoverOptions, work: LongWork): Promise<Found> {
  const { algorithm, seed, stable, selectionBias } = options;
  const file = options.knowledge;
  const known = {
    ...work,
    ...(file === undefined ? {} : { knowledge: await knowledgeFile(file) }),
    ...given(options, 'targetIsSink'),
  };
  if (algorithm === 'boss') return boss(table, known);
  if (algorithm === 'direct-lingam') {
    return directLingam(table, { ...known, ...given(options, 'alpha') });
  }
  const common = {
    ...known,
    ...given(options, 'alpha', 'maxDepth'),
    stable,
    test: options.test === 'rcit' ? rcit(table, { seed }) : options.test,
  };
  const paths = {
    ...given(options, 'maxPathLength'),
    ...(selectionBias ? {} : { selectionBias }),
  };
  if (algorithm === 'rfci') return rfci(table, { ...common, ...paths });
  if (algorithm === 'fci') {
    return fci(table, { ...common, ...paths, ...given(options, 'maxPossibleDsep', 'compat') });
  }
  return pc(table, {
    ...common,
    ...given(options, 'colliderRule', 'conflict', 'guaranteeCpdag', 'compat'),
  });
}

/** Those of some options that were given. */
export function given<Options extends object, Key extends keyof Options>(
  options: Options,
  ...keys: readonly Key[]
): { [K in Key]?: Exclude<Options[K], undefined> } {
  return Object.fromEntries(
    keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]),
  ) as { [K in Key]?: Exclude<Options[K], undefined> };
}

function graphText(found: Found, format: DiscoverOptions['format']): string {
  const { graph, algorithm, test, alpha, rows } = found;
  if (format !== 'json' && format !== 'svg') return writeGraph(graph, format);
  const data = graphData(graph, {
    provenance: { algorithm, test, ...(alpha === undefined ? {} : { alpha }), rows },
    notes: found.warnings,
  });
  return format === 'svg' ? renderDagSvg(data) : jsonText(data);
}
