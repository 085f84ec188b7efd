/** Text in Markdown: what a notebook offers, or what one thing is. */
export function helpText(about: unknown, library: object): string {
  if (about === undefined) return overview(library);
  if (typeof about === 'function')
    return functionHelp(about as (...args: never[]) => unknown, library);
  if (typeof about === 'string') {
    return `Nothing is called \`${about}\`; \`cm.help()\` lists what there is.`;
  }
  const { kind } = (about ?? {}) as { kind?: unknown };
  const what = typeof kind === 'string' ? `a ${kind}` : typeof about;
  const fields =
    typeof about === 'object' && about !== null
      ? Object.entries(about).map(([name, value]) => `* \`${name}\`: ${kindOf(value)}`)
      : [];
  return [`This is ${what}.`, ...fields].join('\n');
}

const globals = ['display', 'progress', 'clearOutput', 'prompt', 'confirm', 'comm', 'sh'] as const;

/** Under which names cells know a thing, so that its documentation can be found. */
export function helpNames(about: unknown, library: object): string[] {
  if (typeof about === 'string') {
    return /^[\w$]+(\.[\w$]+)*$/.test(about) ? [about, `cm.${about}`] : [];
  }
  if (typeof about !== 'function') return [];
  const global = globals.find((name) => (globalThis as Record<string, unknown>)[name] === about);
  const name = Object.entries(library).find(([, value]) => value === about)?.[0];
  return [global, name && `cm.${name}`, about.name].filter((found) => !!found) as string[];
}

const own: readonly (readonly [string, string])[] = [
  [
    'display(value)',
    'show a value in its richest form; `.html .md .svg .json .image .bundle` show one form',
  ],
  [
    'progress(items)',
    'loop with a progress bar; `progress({ total, label })` makes one to move by hand',
  ],
  ['clearOutput()', 'clear the output of the cell'],
  ['await prompt(text)', 'ask for a line; `prompt.password`, `confirm`'],
  ['await sh`command`', 'run a shell command, such as npm install'],
  ['comm.open, comm.register', 'talk with widgets in the browser'],
  ['cm.time(() => …)', 'time something'],
  ['cm.full(value)', 'show a large value whole'],
  [
    'cm.editable(graph)',
    "a graph that its view can edit; `.on('change', …)`, `.edges`, `.edit(…)`",
  ],
  ['cm.settings', '`types` (error, warn, off), `maxRows`, `colour`, `memory`'],
  ['cm.help(x)', 'what x is; Shift+Tab shows the documentation of what is under the cursor'],
];

function overview(library: object): string {
  const functions = Object.entries(library)
    .filter(([, value]) => typeof value === 'function')
    .map(([name]) => `\`${name}\``);
  return [
    '### In every cell',
    ...own.map(([call, effect]) => `* \`${call}\`: ${effect}`),
    '',
    "### From the library (`import { … } from 'causalmixft'`, or `cm.…`)",
    functions.join(', ') || 'nothing yet',
  ].join('\n');
}

function functionHelp(about: (...args: never[]) => unknown, library: object): string {
  const text = Function.prototype.toString.call(about);
  const head =
    /^(class [^{]*|(async )?(function\*? *)?[^{]*?(?==>|\{))/.exec(text)?.[0].trim() ?? '';
  const from = Object.values(library).includes(about) ? ' from the library' : '';
  return [`\`${about.name || 'anonymous'}\`${from}`, '', '```ts', head.slice(0, 500), '```'].join(
    '\n',
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name}(${(value as Uint8Array).length})`;
  const { kind } = (value ?? {}) as { kind?: unknown };
  return typeof kind === 'string' ? kind : value === null ? 'null' : typeof value;
}
