import { mkdir } from 'node:fs/promises';

/**
 * Make a folder to save into, and those above it, where they are not there yet.
 * @param what What is saved, for the error's text.
 */
export async function makeFolder(folder: string, what: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST' || code === 'ENOTDIR' ? 'a file of that name is there' : message;
    throw new Error(
      `Cannot save the ${what} as ${folder} must be a folder: ${reason}; name another folder`,
      { cause: error },
    );
  }
}
