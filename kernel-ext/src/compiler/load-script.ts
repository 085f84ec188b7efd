import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a name that is required stands for; `undefined` where it is to be looked for. */
export type Substitute = (name: string) => unknown;

/**
 * Load a CommonJS file with some of what it requires replaced, and with the files that it requires
 * by relative paths. Node's own loader could replace nothing, and cannot be part of a snapshot.
 */
export function loadScript(file: string, substitute: Substitute): unknown {
  const loaded = new Map<string, { exports: unknown }>();
  const load = (path: string): unknown => {
    const known = loaded.get(path);
    if (known) return known.exports;
    const module = { exports: {} as unknown };
    loaded.set(path, module);
    const require = (name: string): unknown => {
      const given = substitute(name);
      if (given !== undefined) return given;
      if (name.startsWith('.')) return load(fileOf(join(dirname(path), name)));
      return process.getBuiltinModule(name);
    };
    const text = readFileSync(path, 'utf8');
    if (path.endsWith('.json')) module.exports = JSON.parse(text) as unknown;
    else
      new Function('exports', 'require', 'module', '__dirname', text)(
        module.exports,
        require,
        module,
        dirname(path),
      );
    return module.exports;
  };
  return load(file);
}

function fileOf(path: string): string {
  const found = [path, `${path}.js`, join(path, 'index.js')].find(
    (candidate) => /\.js(on)?$/.test(candidate) && existsSync(candidate),
  );
  if (!found) throw new Error(`Cannot load ${path} as there is no such file`);
  return found;
}
