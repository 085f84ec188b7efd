import { type Command, InvalidArgumentError, Option } from 'commander';
import { withTarget } from '../data/table.js';
import { type EdgeStrengthsOptions, edgeStrengths } from '../discovery/edge-strengths.js';
import type { TestName } from '../discovery/independence/independence.js';
import { strengthsData } from '../display/dag-data.js';
import { renderDagSvg } from '../display/dag-svg.js';
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
import {
  alphaOption,
  given,
  knowledgeOption,
  maxDepthOption,
  sinkOption,
  targetOption,
  testOption,
} from './discover.js';
import { knowledgeFile } from './knowledge-file.js';

const formats = ['matrix', 'json', 'svg'] as const;
const tests = ['auto', 'fisher-z', 'chi2', 'g2', 'mixed', 'conditional-gaussian', 'kci'] as const;

interface StrengthsOptions
  extends Shared,
    Pick<
      EdgeStrengthsOptions,
      | 'algorithms'
      | 'resample'
      | 'share'
      | 'alpha'
      | 'maxDepth'
      | 'maxPossibleDsep'
      | 'targetIsSink'
      | 'workers'
    > {
  readonly resamples: number;
  readonly test: TestName | 'auto';
  readonly knowledge?: string;
  readonly target?: string;
  readonly format: (typeof formats)[number];
}

/** `causalmixft strengths`. */
export function addStrengths(program: Command, context: Context): void {
  addCommand(
    program,
    'strengths',
    'Learn how often each edge is found over resamples of a table.',
    'causalmixft strengths bundled:heart --resamples 20 --format json > strengths.json',
  )
    .argument('<table>', tableHelp)
    .option('--resamples <number>', 'resamples of the rows', wholeNumber(1), 20)
    .addOption(
      new Option('--resample <name>', 'as many rows with replacement, or a share of them without')
        .choices(['bootstrap', 'subsample'])
        .default('bootstrap'),
    )
    .addOption(
      new Option('--share <number>', 'share of the rows in a subsample (default: 0.5)').argParser(
        (text) => {
          const value = Number(text);
          if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('It must be in (0, 1].');
          return value;
        },
      ),
    )
    .addOption(
      new Option('--algorithms <name...>', 'what learns a graph from each resample')
        .choices(['pc', 'fci'])
        .default(['pc', 'fci']),
    )
    .addOption(testOption(tests))
    .addOption(alphaOption())
    .addOption(maxDepthOption('(default: 3)'))
    .option(
      '--max-possible-dsep <number>',
      'largest set that FCI draws from Possible-D-SEP, 0 to leave it out (default: that of --max-depth)',
      wholeNumber(0),
    )
    .addOption(knowledgeOption())
    .addOption(targetOption())
    .addOption(sinkOption())
    .option(
      '--workers <number>',
      'threads (default: one for each core, at most 4); never changes the result',
      wholeNumber(1),
    )
    .addOption(
      new Option('--format <name>', 'matrix: row i, column j is the probability of i → j')
        .choices(formats)
        .default('matrix'),
    )
    .action(async (source: string, options: StrengthsOptions) => {
      const { seed, resamples, resample, test, target, knowledge } = options;
      const read = await readSource(source, context);
      const table = target === undefined ? read : withTarget(read, target);
      const strengths = await edgeStrengths(table, {
        ...longWorkOf(context, options),
        seed,
        resamples,
        resample,
        test,
        ...given(options, 'algorithms', 'share', 'alpha', 'maxDepth', 'maxPossibleDsep'),
        ...given(options, 'targetIsSink', 'workers'),
        ...(knowledge === undefined ? {} : { knowledge: await knowledgeFile(knowledge) }),
      });
      for (const warning of strengths.warnings) process.stderr.write(`Note: ${warning}\n`);
      const format = options.json ? 'json' : options.format;
      if (format === 'matrix') {
        await context.write(matrixText(strengths.probabilities, strengths.names.length));
      } else if (format === 'json') await context.write(jsonText(strengths));
      else {
        const provenance = { resamples, rows: table.rows, seed };
        await context.write(renderDagSvg(strengthsData(strengths, { provenance })));
      }
    });
}

/** Write p × p numbers as p rows of p numbers, parted by blanks. */
function matrixText(values: ArrayLike<number>, p: number): string {
  return Array.from({ length: p }, (_, i) =>
    Array.from({ length: p }, (_, j) => String(values[i * p + j])).join(' '),
  ).join('\n');
}
