import { delimiter, dirname, join } from 'node:path';

/**
 * What the programs of a Python environment must be told: its own kernelspecs and extensions come before the user's,
 * and packages of the user's other Pythons stay out.
 */
export function jupyterEnvironment(prefix) {
  const path = [join(prefix, 'bin'), dirname(process.execPath), process.env.PATH ?? ''];
  return {
    PATH: path.join(delimiter),
    VIRTUAL_ENV: prefix,
    JUPYTER_PREFER_ENV_PATH: '1',
    PYTHONNOUSERSITE: '1',
  };
}
