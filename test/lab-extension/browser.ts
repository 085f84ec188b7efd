/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

export const root: string = join(import.meta.dirname, '..', '..');

/** Pictures for people to look at; nothing compares them. */
export const pictures: string = join(root, 'test-results', 'lab-extension');

/** Start the system's Chromium. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `Cannot run the browser tests as Chromium must be installed: ${executablePath} does not exist; install it (Debian: apt install chromium) or name it in CHROMIUM_PATH`,
    );
  }
  mkdirSync(pictures, { recursive: true });
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
}

export interface ViewServer {
  readonly url: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.html': 'text/html',
};

/** Plotly is no ES module: where there is no bundler, this stands in for its import. */
const plotlyShim = `
  await new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = '/lab-extension/node_modules/plotly.js-cartesian-dist-min/plotly-cartesian.min.js';
    script.onload = resolve;
    script.onerror = () => reject(new Error('Plotly did not load'));
    document.head.append(script);
  });
  export default window.Plotly ?? window.moduleName;
`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>views</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/lab-extension/style/base.css">
<style>
  body { margin: 12px; background: var(--jp-layout-color0, #fff); font-family: sans-serif }
  body[data-jp-theme-light='false'] { --jp-layout-color0: #111; --jp-ui-font-color0: #fff; --jp-layout-color2: #424242; --jp-border-color1: #616161 }
</style>
<script type="importmap">
{ "imports": {
  "causalmixft/display": "/dist/display/index.js",
  "@dagrejs/dagre": "/node_modules/@dagrejs/dagre/dist/dagre.esm.js",
  "plotly.js-cartesian-dist-min": "/plotly-shim.js"
} }
</script>
</head>
<body data-jp-theme-light="true"><main id="view"></main>
<script type="module">
import { correlationFigure } from 'causalmixft/display';
import { correlationView } from '/lab-extension/lib/correlation-view.js';
import { dagView } from '/lab-extension/lib/dag-view.js';
import { loadPlotly } from '/lab-extension/lib/plotly-view.js';
window.modules = { correlationFigure, correlationView, dagView, loadPlotly };
</script>
</body>
</html>`;

/** Serve the compiled views as they are, without JupyterLab. */
export async function startViewServer(): Promise<ViewServer> {
  const server: Server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname));
    const send = (type: string, body: string | Buffer): void => {
      response.writeHead(200, { 'content-type': type }).end(body);
    };
    if (path === '/') return send('text/html', page);
    if (path === '/plotly-shim.js') return send('text/javascript', plotlyShim);
    try {
      send(types[extname(path)] ?? 'text/plain', await readFile(join(root, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Show a view on an empty page; the view stays reachable as `window.view`. */
export async function mount(
  page: Page,
  url: string,
  view: 'dagView' | 'correlationView',
  data: unknown,
  theme: 'light' | 'dark' | 'high contrast' = 'light',
): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => 'modules' in window);
  await page.evaluate(
    ({ view, data, theme }) => {
      document.body.dataset.jpThemeLight = String(theme === 'light');
      if (theme === 'high contrast') {
        document.body.dataset.jpThemeName = 'JupyterLab Dark High Contrast';
      }
      const { modules } = window as unknown as PageWindow;
      const el = document.getElementById('view');
      Object.assign(window, { view: modules[view](data, { el }) });
    },
    { view, data, theme },
  );
}

/** What the page offers to `evaluate`. */
export interface PageWindow {
  readonly modules: Record<
    'dagView' | 'correlationView',
    (data: unknown, o: unknown) => unknown
  > & {
    correlationFigure(data: unknown, options: unknown): { data: unknown; layout: unknown };
    loadPlotly(): Promise<{
      validate(data: unknown, layout: unknown): readonly { readonly msg: string }[] | undefined;
    }>;
  };
  readonly view: { update(data: unknown): void; dispose(): void };
}
