import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Table } from '../data/table.js';
import type { ColliderRule, ConflictRule } from '../discovery/colliders.js';
import { fci } from '../discovery/fci.js';
import { writeGraph } from '../discovery/formats/formats.js';
import type { TestName } from '../discovery/independence/independence.js';
import { pc } from '../discovery/pc.js';
import type { DiscoveryResult } from '../discovery/result.js';
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
} from './command.js';
import { knowledgeFile } from './knowledge-file.js';

const algorithms = ['pc', 'fci'] as const;
const tests = ['auto', 'fisher-z', 'chi2', 'g2', 'mixed'] as const;
const formats = ['matrix', 'tetrad', 'dot', 'dagitty', 'json', 'svg'] as const;

interface DiscoverOptions extends Shared {
  readonly algorithm: (typeof algorithms)[number];
  readonly test: TestName | 'auto';
  readonly alpha: number;
  readonly colliderRule?: ColliderRule;
  readonly conflict?: ConflictRule;
  readonly compat?: 'causal-learn';
  readonly knowledge?: string;
  readonly format: (typeof formats)[number];
}

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
    .addOption(
      new Option('--test <name>', 'independence test; auto goes by the types of the columns')
        .choices(tests)
        .default('auto'),
    )
    .addOption(alphaOption())
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
    .addOption(
      new Option('--compat <name>', 'do as another library does').choices(['causal-learn']),
    )
    .option(
      '--knowledge <file>',
      'file with tiers, forbidden and required edges: JSON, or the form of Tetrad',
    )
    .addOption(
      new Option(
        '--format <name>',
        'matrix: a row of marks per column, the mark at the row’s end of the edge: 0 none, -1 tail, 1 arrow, 2 circle',
      )
        .choices(formats)
        .default('matrix'),
    )
    .action(async (source: string, options: DiscoverOptions, command: Command) => {
      if (options.algorithm !== 'pc' && (options.colliderRule || options.conflict)) {
        command.error('error: --collider-rule and --conflict are options of --algorithm pc');
      }
      const table = await readSource(source, context);
      const found = await discover(table, options, longWorkOf(context, options));
      for (const warning of found.warnings) process.stderr.write(`Note: ${warning}\n`);
      await context.write(options.json ? jsonText(found) : graphText(found, options.format));
    });
}

/** The option `--alpha`. */
export function alphaOption(): Option {
  return new Option('--alpha <number>', 'two columns count as independent where p is above it')
    .default(0.05)
    .argParser((text) => {
      const value = Number(text);
      if (!(value > 0 && value < 1)) throw new InvalidArgumentError('It must be in (0, 1).');
      return value;
    });
}

async function discover(
  table: Table,
  options: DiscoverOptions,
  work: LongWork,
): Promise<DiscoveryResult> {
  const { algorithm, test, alpha, colliderRule, conflict, compat, knowledge } = options;
  const common = {
    ...work,
    test,
    alpha,
    ...(compat ? { compat } : {}),
    ...(knowledge === undefined ? {} : { knowledge: await knowledgeFile(knowledge) }),
  };
  if (algorithm === 'fci') return fci(table, common);
  return pc(table, {
    ...common,
    ...(colliderRule ? { colliderRule } : {}),
    ...(conflict ? { conflict } : {}),
  });
}

function graphText(found: DiscoveryResult, format: DiscoverOptions['format']): string {
  const { graph, algorithm, test, alpha, rows } = found;
  if (format !== 'json' && format !== 'svg') return writeGraph(graph, format);
  const data = graphData(graph, {
    provenance: { algorithm, test, alpha, rows },
    notes: found.warnings,
  });
  return format === 'svg' ? renderDagSvg(data) : jsonText(data);
}
