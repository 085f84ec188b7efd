import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { optionOf, ownArguments } from '../../binder/start.mjs';
import { type Miniature, miniature } from './miniature.js';

let tree: Miniature;
let listener: Server;
beforeEach(async () => {
  tree = miniature();
  listener = createServer();
  await new Promise<void>((resolve) => {
    listener.listen(0, 'localhost', resolve);
  });
});
afterEach(() => {
  listener.close();
  tree.remove();
});

it('npm start refuses a port in use before it does anything else', async () => {
  const { port } = listener.address() as { port: number };
  const { code, output } = await tree.run(['start.mjs', '--no-browser', '--port', String(port)]);
  expect(output).toContain(
    `Cannot start JupyterLab as port ${port} must be free: current value is a port in use`,
  );
  expect(output).toContain(`npm start -- --port ${port + 1}`);
  expect(output).not.toContain('npm packages');
  expect(code).toBe(1);
});

it('npm start refuses what is no port', async () => {
  const { code, output } = await tree.run(['start.mjs', '--port=http']);
  expect(output).toContain(
    'the port must be a whole number from 0 to 65535: current value is http',
  );
  expect(code).toBe(1);
});

it('npm start says what is wrong when JupyterLab ends at once', async () => {
  const { code, output } = await tree.run(['start.mjs', '--no-browser']);
  expect(output).toContain('Cannot start JupyterLab as its server must answer');
  expect(output).toContain('unexpected: -c');
  expect(code).toBe(1);
});

it('options are read as JupyterLab reads them', () => {
  expect(optionOf(['--no-browser', '--port', '8899'], 'port', 'ServerApp.port')).toBe('8899');
  expect(optionOf(['--ServerApp.port=8899'], 'port', 'ServerApp.port')).toBe('8899');
  expect(optionOf(['--no-browser'], 'port')).toBeUndefined();
});

it('JupyterLab opens the first notebook unless another one or another folder is named', () => {
  const first = '--LabApp.default_url=/lab/tree/notebooks/01-quickstart.ipynb';
  expect(ownArguments(['--no-browser'], undefined)).toContain(first);
  expect(ownArguments(['notebooks/02.ipynb'], undefined)).not.toContain(first);
  expect(ownArguments(['--notebook-dir', '/data'], undefined)).not.toContain(first);
  expect(ownArguments(['--port', '8899'], '8899')).toContain('--ServerApp.port_retries=0');
});
