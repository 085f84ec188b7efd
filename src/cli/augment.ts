import { type Command, Option } from 'commander';
import { bootstrap } from '../augmentation/bootstrap.js';
import { causal } from '../augmentation/causal.js';
import type { Generator } from '../augmentation/generator.js';
import { writeCsv } from '../data/csv.js';
import { toRecords } from '../data/records.js';
import { stream } from '../math/random.js';
import { writeWhole } from '../tfm/write-whole.js';
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

const generators: Readonly<Record<string, () => Generator>> = { causal, bootstrap };

/** `causalmixft augment`. */
export function addAugment(program: Command, context: Context): void {
  addCommand(
    program,
    'augment',
    'Learn from a table and write synthetic rows as CSV.',
    'causalmixft augment bundled:heart --target disease --generator causal --rows 500 --out more.csv',
  )
    .argument('<table>', tableHelp)
    .requiredOption('--target <name>', 'column to predict')
    .addOption(
      new Option('--generator <name>', 'where the rows come from')
        .choices(Object.keys(generators))
        .default('causal'),
    )
    .option('--rows <number>', 'number of rows (default: as many as the table has)', wholeNumber(1))
    .option('--out <file>', 'file to write (default: stdout)')
    .action(async (source: string, options: AugmentOptions) => {
      const table = await readSource(source, context, options);
      const generator = generators[options.generator]();
      const fitted = await generator.fit(table, {
        ...longWorkOf(context, options),
        random: stream(options.seed, 'generator'),
      });
      const random = stream(options.seed, 'rows');
      const rows = fitted.sample(options.rows ?? table.rows, { random });
      const text = options.json ? `${jsonText(toRecords(rows))}\n` : writeCsv(rows);
      if (options.out === undefined) await context.write(text);
      else await writeWhole(options.out, (handle) => handle.writeFile(text));
    });
}

interface AugmentOptions extends Shared {
  readonly target: string;
  readonly generator: string;
  readonly rows?: number;
  readonly out?: string;
}
