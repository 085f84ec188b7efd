import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pictures, startBrowser } from './browser.js';
import {
  copyNotebook,
  errors,
  type Lab,
  type NotebookPage,
  openNotebook,
  startLab,
  writeNotebook,
} from './jupyterlab.js';

let lab: Lab;
let browser: Browser;

beforeAll(async () => {
  [lab, browser] = await Promise.all([startLab(), startBrowser()]);
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await lab?.close();
}, 30_000);

/** A page whose warnings and requests to elsewhere are kept. */
async function newPage(): Promise<{ page: Page; complaints: string[]; outside: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  const outside: string[] = [];
  page.on('console', (message) => {
    if (/unsatisfied version|causalmixft/i.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => {
    // JupyterLab 4.6 says this of every kernel that has no debugger.
    if (!/No active debugger session/.test(error.message)) complaints.push(String(error));
  });
  page.on('request', (request) => {
    const address = request.url();
    if (/^https?:/.test(address) && !address.startsWith(lab.url)) outside.push(address);
  });
  return { page, complaints, outside };
}

const dagSource =
  "const graph = dag(['smoking', 'tar', 'cancer'], 'smoking -> tar; tar -> cancer')";

describe('the extension in JupyterLab', () => {
  let notebook: NotebookPage;
  let page: Page;
  let complaints: string[];
  let outside: string[];

  beforeAll(async () => {
    await writeNotebook(lab, 'views.ipynb', [
      `import { dag, display } from 'causalmixft';\n${dagSource};\ngraph`,
      `const handle = display(graph, { title: 'First' });`,
      `const step = (step: number, validation: number, test: number) => ({ step, validation, test });
({
  kind: 'history', metric: 'logLoss', model: 'a model',
  runs: [{ method: 'tuned', seed: 1, chosenStep: 2, steps: [step(0, 0.5, 0.6), step(1, 0.45, 0.5), step(2, 0.4, 0.5)] }],
})`,
      `display.bundle({ 'application/vnd.plotly.v1+json': { data: [{ type: 'bar', x: ['a', 'b'], y: [1, 2] }], layout: {} }, 'text/plain': 'bars' });`,
      `[{ a: 1, b: 'x' }, { a: 2, b: 'y' }]`,
    ]);
    ({ page, complaints, outside } = await newPage());
    notebook = await openNotebook(page, lab, 'views.ipynb');
    await notebook.runAll(60_000);
  }, 120_000);

  afterAll(() => page?.close());

  it('shows a graph by role and name', async () => {
    const graph = notebook
      .cell(0)
      .getByRole('application', { name: /^Causal graph\. .*3 variables, 2 edges/ });
    await graph.waitFor();
    await graph
      .getByRole('button', { name: 'tar; arrows from smoking; arrows to cancer', exact: true })
      .waitFor();
  });

  it('drags a variable with the mouse', async () => {
    const node = notebook.cell(0).getByRole('button', { name: /^tar;/ });
    await node.scrollIntoViewIfNeeded();
    const before = await node.boundingBox();
    if (!before) throw new Error('the variable is not on the page');
    await page.mouse.move(before.x + 20, before.y + 20);
    await page.mouse.down();
    await page.mouse.move(before.x + 80, before.y + 30, { steps: 5 });
    await page.mouse.up();
    await notebook.cell(0).getByRole('status').getByText('tar moved').waitFor();
    expect(((await node.boundingBox())?.x ?? 0) - before.x).toBeGreaterThan(50);
  });

  it('leaves the keys typed in a graph to the graph', async () => {
    const cells = await page.locator('.jp-Notebook .jp-Cell').count();
    const node = notebook.cell(0).getByRole('button', { name: /^smoking;/ });
    await node.focus();
    // In the notebook's command mode these would add cells, cut one and ask to restart.
    for (const key of ['a', 'b', 'x', '0', '0', 'ArrowDown']) await page.keyboard.press(key);
    expect(await page.locator('.jp-Notebook .jp-Cell').count()).toBe(cells);
    expect(await page.locator('.jp-Dialog').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-node'))).toBe(
      'tar',
    );
  });

  it('replaces a display in place', async () => {
    await notebook.run(
      `handle.update(dag(['smoking', 'tar', 'cancer', 'age'], 'smoking -> tar; age -> cancer'))`,
    );
    const view = notebook.cell(1);
    await view.getByRole('application', { name: /4 variables, 2 edges/ }).waitFor();
    expect(await view.getByRole('application').count()).toBe(1);
  });

  it('shows validation against test with a Plotly figure and its numbers', async () => {
    const view = notebook.cell(2).getByRole('region', { name: 'Validation against test' });
    await view.waitFor();
    await view.locator('.main-svg').first().waitFor();
    await view.getByText(/tuned, seed 1: chosen step 2 of 2/).waitFor();
  });

  it('shows Plotly figures', async () => {
    await notebook.cell(3).locator('.main-svg .bars .point').nth(1).waitFor();
  });

  it('shows lists of records as tables', async () => {
    await notebook.cell(4).getByRole('columnheader', { name: 'b' }).waitFor();
    await notebook.cell(4).getByRole('cell', { name: 'y', exact: true }).waitFor();
  });

  it('opens a graph in a panel beside the notebook: both entries share one module', async () => {
    await notebook.cell(0).getByRole('button', { name: 'Open in panel' }).click();
    const panel = page.locator('.cmx-panel-content:visible');
    await panel.getByRole('application', { name: /3 variables, 2 edges/ }).waitFor();
    const place = await panel.boundingBox();
    expect(place?.x ?? 0).toBeGreaterThan(300);
    expect(await panel.getByRole('button', { name: 'Open in panel' }).isVisible()).toBe(false);
    await page.screenshot({ path: join(pictures, 'lab-panel.png') });
    await page
      .locator('.lm-TabBar-tab.lm-mod-current', { hasText: 'Causal graph' })
      .locator('.lm-TabBar-tabCloseIcon')
      .click();
    await panel.waitFor({ state: 'detached' });
  });

  it('follows the theme', async () => {
    const view = notebook.cell(2).locator('.cmx-view').first();
    const ground = (): Promise<string> => view.evaluate((e) => getComputedStyle(e).backgroundColor);
    const plot = view.locator('.main-svg').first();
    const light = await ground();
    const setTheme = (theme: string): Promise<unknown> =>
      page.evaluate(
        (theme) =>
          (
            window as unknown as {
              jupyterapp: { commands: { execute(id: string, a: object): Promise<unknown> } };
            }
          ).jupyterapp.commands.execute('apputils:change-theme', { theme }),
        theme,
      );
    await setTheme('JupyterLab Dark');
    await expect.poll(ground).not.toBe(light);
    const dark = await ground();
    await expect.poll(() => plot.evaluate((e) => (e as SVGElement).style.background)).toBe(dark);
    await notebook.cell(0).scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(pictures, 'lab-dark.png') });
    await setTheme('JupyterLab Light');
    await expect.poll(ground).toBe(light);
  });

  it('stops a busy cell and goes on', async () => {
    const busy = await notebook.start('for (;;) {}');
    await busy.locator('.jp-InputPrompt').getByText('[*]:').waitFor();
    await page.getByRole('button', { name: /Interrupt the kernel/ }).click();
    await busy
      .locator('.jp-InputPrompt')
      .getByText(/^\[\d+\]:$/)
      .waitFor({ timeout: 30_000 });
    const next = await notebook.run('graph.names.length');
    await next.locator('.jp-OutputArea-output').getByText('3', { exact: true }).waitFor();
  });

  it('restarts the kernel; what was shown stays, what was defined is gone', async () => {
    await page.getByRole('button', { name: 'Restart the kernel', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm Kernel Restart' }).click();
    const cell = await notebook.run('1 + 2');
    await cell.locator('.jp-InputPrompt').getByText('[1]:').waitFor();
    const gone = await notebook.run('graph');
    await gone
      .locator('.jp-OutputArea-output')
      .getByText(/Cannot find name 'graph'/)
      .first()
      .waitFor();
    expect(await notebook.cell(0).getByRole('application').isVisible()).toBe(true);
  });

  it('opens a graph file in the graph view', async () => {
    await writeFile(
      join(lab.folder, 'known.dag.json'),
      JSON.stringify({
        version: 1,
        kind: 'dag',
        nodes: [{ id: 'rain', label: 'rain', role: 'none' }],
        edges: [],
      }),
    );
    await page.evaluate(() =>
      (
        window as unknown as {
          jupyterapp: { commands: { execute(id: string, a: object): Promise<unknown> } };
        }
      ).jupyterapp.commands.execute('docmanager:open', { path: 'known.dag.json' }),
    );
    await page.getByRole('application', { name: /1 variable, 0 edges/ }).waitFor();
  });

  it('has no complaint in the console and asks no other server', () => {
    expect(complaints).toEqual([]);
    expect(outside).toEqual([]);
  });
});

describe('the quickstart notebook in JupyterLab', () => {
  it('runs from top to bottom and shows graph, comparison, scores and validation against test', async () => {
    await copyNotebook(lab, '01-quickstart.ipynb');
    const { page, complaints } = await newPage();
    const notebook = await openNotebook(page, lab, '01-quickstart.ipynb');
    await notebook.runAll(400_000); // a minute on two free cores
    expect(await page.locator(errors).count()).toBe(0);
    await page.screenshot({ path: join(pictures, 'quickstart-end.png') });
    const graph = page.getByRole('application', { name: /Edge strengths: .* target \w+\./ });
    await graph.scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(pictures, 'quickstart-strengths.png') });
    const node = graph.getByRole('button', { name: /^[^;]*, target/ });
    const before = await node.boundingBox();
    if (!before) throw new Error('the target is not on the page');
    await page.mouse.move(before.x + 20, before.y + 20);
    await page.mouse.down();
    await page.mouse.move(before.x + 70, before.y + 45, { steps: 5 });
    await page.mouse.up();
    await page
      .getByRole('status')
      .getByText(/ moved$/)
      .waitFor();
    const comparison = page.getByRole('img', { name: /Real and synthetic rows/ });
    const views = page.getByRole('region', { name: 'Validation against test' });
    await views.last().scrollIntoViewIfNeeded();
    await views.last().locator('.main-svg').first().waitFor();
    await page.screenshot({ path: join(pictures, 'quickstart-history.png') });
    expect(await views.count()).toBe(3);
    expect(await comparison.count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  }, 480_000);
});
