import { cannot } from '../tools/cannot.mjs';
import { isOlder } from '../tools/versions.mjs';

const oldest = '20.19.0';

/** Node must be 20.19 or later: the kernel `require`s ES modules. */
export const node = {
  name: 'Node',
  run() {
    requireNode(process.versions.node);
    if (process.platform === 'win32')
      throw cannot(
        'set up on Windows',
        'the system must be Linux or macOS',
        'Windows',
        'use WSL2: type "wsl --install" in PowerShell, restart, and clone the repository inside Ubuntu',
      );
    return `${process.versions.node} on ${process.platform}-${process.arch}`;
  },
};

/** Refuse a Node that is too old. */
export function requireNode(version) {
  if (isOlder(version, oldest))
    throw cannot(
      'run causalmixft',
      `Node must be ${oldest} or later (20, 22, 24 and 26 are tested)`,
      version,
      'install a current one from https://nodejs.org, or with a version manager: nvm install 22',
    );
}
