/** What the command prints when it is not understood. */
const usage = `causalmixft-kernel: the TypeScript kernel of causalmixft for Jupyter

  install [--user | --sys-prefix | --prefix FOLDER] [--name NAME] [--display-name TEXT]
  uninstall [the same options]
  doctor [--json]
  run --connection-file FILE      what Jupyter calls
  snapshot                        make the file that later starts begin from
`;

/** Run the command `causalmixft-kernel`. */
export async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'run':
        await (await import('../front/kernel.js')).runKernel(option(rest, '--connection-file'));
        return;
      case 'install':
        (await import('./install.js')).install(rest);
        return;
      case 'uninstall':
        (await import('./install.js')).uninstall(rest);
        return;
      case 'snapshot':
        (await import('../compiler/snapshot.js')).makeSnapshot();
        return;
      case 'doctor':
        process.exitCode = await (await import('./doctor.js')).doctor(rest);
        return;
      default:
        process.stdout.write(usage);
        process.exitCode = command === undefined || command === '--help' ? 0 : 2;
    }
  } catch (error) {
    process.stderr.write(`causalmixft-kernel: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function option(args: readonly string[], name: string): string {
  const value = args[args.indexOf(name) + 1];
  if (!args.includes(name) || value === undefined) {
    throw new TypeError(`Cannot run the kernel as ${name} must be given`);
  }
  return value;
}
