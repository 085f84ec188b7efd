import { type Command, Option } from 'commander';
import { edgeStrengths } from '../discovery/edge-strengths.js';
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

const formats = ['matrix', 'json', 'svg'] as const;

interface StrengthsOptions extends Shared {
  readonly resamples: number;
  readonly workers?: number;
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
    .option('--resamples <number>', 'bootstrap resamples', wholeNumber(1), 20)
    .option(
      '--workers <number>',
      'threads (default: one for each core, at most 4); never changes the result',
      wholeNumber(0),
    )
    .addOption(
      new Option('--format <name>', 'matrix: row i, column j is the probability of i → j')
        .choices(formats)
        .default('matrix'),
    )
    .action(async (source: string, options: StrengthsOptions) => {
      const { seed, resamples, workers } = options;
      const table = await readSource(source, context);
      const strengths = await edgeStrengths(table, {
        ...longWorkOf(context, options),
        seed,
        resamples,
        ...(workers === undefined ? {} : { workers }),
      });
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
