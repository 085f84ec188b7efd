import type { FromWorker } from '../channel.js';
import type { CompilerLink } from './compiler-link.js';
import type { Output } from './output.js';

type Asked = Extract<FromWorker, { type: 'help' }>;

/** Shows what `cm.help` asks for, with the documentation that the compiler knows. */
export interface Help {
  show(asked: Asked): void;
  /** Resolves when all that was asked for has been shown. */
  shown(): Promise<void>;
}

/** Create it on the compiler, which also documents what is under the cursor. */
export function createHelp(compiler: Pick<CompilerLink, 'inspect'>, output: Output): Help {
  let last = Promise.resolve();
  const show = async ({ cell, names, text }: Asked): Promise<void> => {
    const plain = text.replace(/[`*]|^#+ /gm, '');
    let data: Record<string, string> = { 'text/markdown': text, 'text/plain': plain };
    for (const name of names) {
      const found = await compiler.inspect(name, name.length).catch(() => null);
      if (!found) continue;
      data = found;
      break;
    }
    output.publish(cell, {
      type: 'display_data',
      content: { data, metadata: {}, transient: {} },
    });
  };
  return {
    show(asked) {
      last = last.then(() => show(asked));
    },
    shown: () => last,
  };
}
