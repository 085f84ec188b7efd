import { currentHost, type MimeBundle } from '../work/host.js';
import { type BundleOptions, bundle } from './bundle.js';

/** Something on the screen that can be replaced. */
export interface DisplayHandle {
  readonly id: string;
  /** Show another value in the same place; in the form of the first where that was chosen. */
  update(value: unknown, options?: BundleOptions): void;
}

/** `display` and its shorthands for a single form. */
export interface Display {
  /**
   * Show a value: in a notebook as its richest form, else as text on stdout.
   * @param value A result of the library, a list of records, an object with a
   *  `Symbol.for('Jupyter.display')` method, or anything else (as text).
   * @param options What the view of that kind of value takes, such as `title` or `threshold`.
   */
  (value: unknown, options?: BundleOptions): DisplayHandle;
  html(html: string): DisplayHandle;
  md(markdown: string): DisplayHandle;
  svg(svg: string): DisplayHandle;
  json(value: unknown): DisplayHandle;
  /**
   * Show a picture.
   * @param image Its bytes, or base64 text.
   * @param type Its MIME type (default `image/png`).
   */
  image(image: Uint8Array | string, type?: string): DisplayHandle;
  /** Show a bundle as it is. */
  bundle(data: Readonly<Record<string, unknown>>, metadata?: MimeBundle['metadata']): DisplayHandle;
}

let counter = 0;

function show(value: unknown, options?: BundleOptions): DisplayHandle {
  return place(forms(value, options));
}

/** Show a value, and shorthands for showing one form of it. */
export const display: Display = Object.assign(show, {
  html: inForm(isText, (html) => ({
    data: { 'text/html': html, 'text/plain': html.replace(/<[^>]*>/g, '') },
  })),
  md: inForm(isText, (text) => ({ data: { 'text/markdown': text, 'text/plain': text } })),
  svg: inForm(isText, (svg) => ({ data: { 'image/svg+xml': svg, 'text/plain': svgTitle(svg) } })),
  json: inForm(isAnything, (value) => ({
    data: { 'application/json': value, 'text/plain': inspect(value) },
  })),
  image: inForm(isImage, (image, type: string = 'image/png') => ({
    data: {
      [type]: typeof image === 'string' ? image : base64(image),
      'text/plain': `[${type}]`,
    },
  })),
  bundle: inForm(isBundle, (data, metadata?: MimeBundle['metadata']) =>
    metadata ? { data, metadata } : { data },
  ),
});

/** A shorthand whose handle shows later values in the same form, where they fit it. */
function inForm<T, R extends unknown[]>(
  fits: (value: unknown) => value is T,
  form: (value: T, ...rest: R) => MimeBundle,
): (value: T, ...rest: R) => DisplayHandle {
  return (value, ...rest) =>
    place(form(value, ...rest), (next, options) =>
      fits(next) ? form(next, ...rest) : forms(next, options),
    );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isAnything(_value: unknown): _value is unknown {
  return true;
}

function isImage(value: unknown): value is Uint8Array | string {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function isBundle(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).every((key) => key.includes('/'))
  );
}

type Forms = MimeBundle | Promise<MimeBundle>;

/** Put forms on the screen and hand out the means to replace them, in the order asked for. */
function place(first: Forms, next: typeof forms = forms): DisplayHandle {
  const id = `causalmixft-display-${++counter}`;
  let last: Promise<void> | undefined;
  const send = (shown: Forms, update: boolean): void => {
    if (!last && !(shown instanceof Promise)) {
      emit(shown, id, update);
      return;
    }
    last = (last ?? Promise.resolve()).then(async () => {
      const made = await Promise.resolve(shown).catch((error: unknown) => plain(String(error)));
      emit(made, id, update);
    });
  };
  send(first, false);
  return { id, update: (value, options) => send(next(value, options), true) };
}

function emit(made: MimeBundle, id: string, update: boolean): void {
  const host = currentHost();
  if (host) host.send(made, id, update);
  // The one place where the library writes to stdout: it was asked to.
  else console.log(String(made.data['text/plain'] ?? inspect(made.data)));
}

/** The forms of any value. */
function forms(value: unknown, options?: BundleOptions): Forms {
  const own = (value as { [key: symbol]: unknown } | null | undefined)?.[
    Symbol.for('Jupyter.display')
  ];
  if (typeof own === 'function') {
    const data: unknown = own.call(value);
    return data instanceof Promise
      ? data.then((d) => ({ data: d as MimeBundle['data'] }))
      : { data: data as MimeBundle['data'] };
  }
  return bundle(value, options) ?? plain(typeof value === 'string' ? value : inspect(value));
}

function plain(text: string): MimeBundle {
  return { data: { 'text/plain': text } };
}

function svgTitle(svg: string): string {
  return `[picture${/<title>([^<]*)<\/title>/.exec(svg)?.[1].replace(/^/, ': ') ?? ''}]`;
}

/** A value as Node prints it; this file is also loaded in browsers, where JSON must do. */
function inspect(value: unknown): string {
  const node = (globalThis as { process?: { getBuiltinModule?(id: string): unknown } }).process;
  const util = node?.getBuiltinModule?.('node:util') as
    | { inspect(value: unknown, options: object): string }
    | undefined;
  return util
    ? util.inspect(value, { depth: 4, maxArrayLength: 50, breakLength: 100 })
    : (JSON.stringify(value, null, 2) ?? String(value));
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
