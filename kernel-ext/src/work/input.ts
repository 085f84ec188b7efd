import { currentCell } from './context.js';
import { sendToFront } from './pipe.js';

interface Waiting {
  resolve(value: string): void;
  reject(reason: unknown): void;
}

const waiting = new Map<number, Waiting>();
let counter = 0;

function ask(text: string, password: boolean): Promise<string> {
  const context = currentCell();
  const id = ++counter;
  return new Promise<string>((resolve, reject) => {
    const signal = context?.stop.signal;
    const stop = (): void => {
      waiting.delete(id);
      sendToFront({ type: 'forget', id });
      reject(signal?.reason);
    };
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    signal?.addEventListener('abort', stop, { once: true });
    const settle = (): void => signal?.removeEventListener('abort', stop);
    waiting.set(id, {
      resolve(value) {
        settle();
        resolve(value);
      },
      reject(reason) {
        settle();
        reject(reason);
      },
    });
    sendToFront({ type: 'ask', cell: context?.cell ?? 0, id, prompt: text, password });
  });
}

/** Ask the user for a line of text. */
export const prompt: {
  (text?: string): Promise<string>;
  /** The same without showing what is typed. */
  password(text?: string): Promise<string>;
} = Object.assign((text = ''): Promise<string> => ask(text, false), {
  password: (text = ''): Promise<string> => ask(text, true),
});

/** Ask the user a question that is answered with yes or no. */
export async function confirm(text = 'Continue?'): Promise<boolean> {
  const answer = await ask(`${text} [y/N] `, false);
  return /^\s*(y|yes|true|1)\s*$/i.test(answer);
}

/** Hand over what the user typed, or why nothing can be typed. */
export function receiveInput(id: number, value: string | undefined, refusal?: string): void {
  const found = waiting.get(id);
  waiting.delete(id);
  if (value === undefined) found?.reject(new Error(refusal ?? 'Cannot ask for input'));
  else found?.resolve(value);
}
