import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { pictures, root } from './browser.js';

/** A JupyterLab of its own: its port, its folder, its settings; nothing of the user's is touched. */
export interface Lab {
  readonly url: string;
  /** Folder that JupyterLab shows. */
  readonly folder: string;
  /** What the server has written so far. */
  log(): string;
  close(): Promise<void>;
}

const settings: Readonly<Record<string, object>> = {
  '@jupyterlab/apputils-extension/notification': { fetchNews: 'false', checkForUpdates: false },
  // All cells stay on the page: tests look at outputs wherever the page is scrolled to.
  '@jupyterlab/notebook-extension/tracker': { windowingMode: 'none' },
  '@jupyterlab/docmanager-extension/plugin': { autosave: false },
};

/** Start JupyterLab from the environment that set-up made. */
export async function startLab(): Promise<Lab> {
  const prefix = process.env.CAUSALMIXFT_VENV ?? join(root, '.venv');
  const bin = join(prefix, 'bin');
  if (!existsSync(join(bin, 'jupyter-lab'))) {
    throw new Error(
      `Cannot run the JupyterLab tests as JupyterLab must be installed in ${prefix}: run "npm run setup", or name another environment in CAUSALMIXFT_VENV`,
    );
  }
  const home = await mkdtemp(join(tmpdir(), 'causalmixft-lab-'));
  const folder = join(home, 'notebooks');
  await mkdir(folder);
  for (const [plugin, values] of Object.entries(settings)) {
    const file = join(home, 'settings', `${plugin}.jupyterlab-settings`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(values));
  }
  const port = await freePort();
  const server = spawn(
    join(bin, 'jupyter-lab'),
    [
      '--no-browser',
      '--allow-root',
      '--ServerApp.ip=127.0.0.1',
      `--ServerApp.port=${port}`,
      '--ServerApp.port_retries=0',
      `--ServerApp.root_dir=${folder}`,
      '--IdentityProvider.token=',
      '--ServerApp.disable_check_xsrf=True',
      '--LabApp.expose_app_in_browser=True',
    ],
    {
      cwd: folder,
      detached: true, // a group of its own, so that kernels end with it
      env: {
        ...process.env,
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        JUPYTER_CONFIG_DIR: join(home, 'config'),
        JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
        JUPYTER_DATA_DIR: join(home, 'data'),
        JUPYTERLAB_SETTINGS_DIR: join(home, 'settings'),
        JUPYTERLAB_WORKSPACES_DIR: join(home, 'workspaces'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  server.stdout?.on('data', (text) => {
    log += String(text);
  });
  const close = async (): Promise<void> => {
    await stop(server);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.stderr?.on('data', (text) => {
        log += String(text);
        if (/is running at/.test(log)) resolve();
      });
      server.once('exit', (code) =>
        reject(new Error(`Cannot start JupyterLab: it ended with code ${code}\n${log}`)),
      );
      server.once('error', reject);
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${port}`, folder, log: () => log, close };
}

/** End the server and its kernels: politely first, as Ctrl+C twice would. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.pid === undefined) return;
  const { pid } = server;
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  process.kill(pid, 'SIGTERM');
  const late = setTimeout(() => process.kill(-pid, 'SIGKILL'), 8_000);
  await ended;
  clearTimeout(late);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Write a notebook of TypeScript cells. */
export async function writeNotebook(
  lab: Lab,
  name: string,
  sources: readonly string[],
): Promise<void> {
  const cells = sources.map((source, i) => ({
    cell_type: 'code',
    id: `cell-${i}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }));
  await writeFile(join(lab.folder, name), JSON.stringify(notebookOf(cells)));
}

/** Copy one of the repository's notebooks without its outputs. */
export async function copyNotebook(lab: Lab, name: string): Promise<void> {
  const { cells } = JSON.parse(await readFile(join(root, 'notebooks', name), 'utf8'));
  const bare = cells.map((cell: { cell_type: string }) =>
    cell.cell_type === 'code' ? { ...cell, outputs: [], execution_count: null } : cell,
  );
  await writeFile(join(lab.folder, name), JSON.stringify(notebookOf(bare)));
}

function notebookOf(cells: readonly unknown[]): object {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: {
        name: 'causalmixft',
        display_name: 'TypeScript (CausalMixFT)',
        language: 'typescript',
      },
    },
    cells,
  };
}

/** What JupyterLab shows of errors and of stderr. */
export const errors: string = ['error', 'stderr']
  .map((kind) => `.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.${kind}"]`)
  .join(', ');

/** One notebook, open in JupyterLab. */
export interface NotebookPage {
  readonly page: Page;
  /** The nth cell, from 0. */
  cell(n: number): Locator;
  /** What the nth cell has put out. */
  output(n: number): Locator;
  /** Run all cells from the menu and wait until the last one has its number. */
  runAll(timeout: number): Promise<void>;
  /** Add a cell at the end, run it, and do not wait for it. */
  start(source: string): Promise<Locator>;
  /** Add a cell at the end, run it, and wait for its number. */
  run(source: string): Promise<Locator>;
}

/** Open a notebook and wait until its kernel is there. */
export async function openNotebook(page: Page, lab: Lab, name: string): Promise<NotebookPage> {
  await page.goto(`${lab.url}/lab/workspaces/${name.replace(/\W/g, '')}/tree/${name}?reset`);
  const panel = page.locator('.jp-NotebookPanel:visible');
  await panel.locator('.jp-Notebook').waitFor();
  // The indicator says idle before there is a kernel, and running a cell then asks for one.
  const kernelReady = page.evaluate(async () => {
    const { jupyterapp: app } = window as unknown as LabWindow;
    const { sessionContext } = app.shell.currentWidget;
    await sessionContext.ready;
    await sessionContext.session.kernel.info;
  });
  await within(60_000, kernelReady, () => `no kernel for ${name}\n${lab.log().slice(-4000)}`);
  const cells = panel.locator('.jp-Notebook .jp-Cell');
  const notebook: NotebookPage = {
    page,
    cell: (n) => cells.nth(n),
    output: (n) => cells.nth(n).locator('.jp-OutputArea-output'),
    async runAll(timeout) {
      await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Run All Cells', exact: true }).click();
      const prompts = panel.locator('.jp-CodeCell .jp-InputPrompt');
      const failure = panel.locator(errors).first();
      const last = prompts.last().getByText(/^\[\d+\]:$/);
      try {
        await last.or(failure).first().waitFor({ timeout });
        if (await failure.isVisible()) throw new Error((await failure.textContent()) ?? '');
      } catch (error) {
        // A picture says more than "not found".
        await page.screenshot({ path: join(pictures, `failed-${name}.png`) });
        throw new Error(
          `${name} did not run to its end: ${String(error)}\n${lab.log().slice(-2000)}`,
        );
      }
    },
    async start(source) {
      const count = await cells.count();
      await page.evaluate(async (text) => {
        const { jupyterapp: app } = window as unknown as LabWindow;
        const { content } = app.shell.currentWidget;
        content.activeCellIndex = content.widgets.length - 1;
        await app.commands.execute('notebook:insert-cell-below');
        content.activeCell.model.sharedModel.setSource(text);
        void app.commands.execute('notebook:run-cell');
      }, source);
      const cell = cells.nth(count);
      await cell.waitFor();
      return cell;
    },
    async run(source) {
      const cell = await notebook.start(source);
      await cell
        .locator('.jp-InputPrompt')
        .getByText(/^\[\d+\]:$/)
        .waitFor({ timeout: 60_000 });
      return cell;
    },
  };
  return notebook;
}

/** Wait for a promise, but not for ever. */
async function within<T>(ms: number, promise: Promise<T>, problem: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(problem())), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What JupyterLab exposes to tests. */
export interface LabWindow {
  readonly jupyterapp: {
    readonly commands: { execute(id: string, args?: object): Promise<unknown> };
    readonly shell: {
      readonly currentWidget: {
        readonly sessionContext: {
          readonly ready: Promise<void>;
          readonly session: { readonly kernel: { readonly info: Promise<unknown> } };
        };
        readonly content: {
          activeCellIndex: number;
          readonly widgets: readonly unknown[];
          readonly activeCell: {
            readonly model: { readonly sharedModel: { setSource(text: string): void } };
          };
        };
      };
    };
  };
}
