import { type FileHandle, open, rename, unlink } from 'node:fs/promises';

/**
 * Write a file so that it appears whole or not at all: into a temporary file beside it, flushed,
 * then renamed. After a failure (a full disk, say) what was there before is still there.
 * @param path The file.
 * @param fill Writes the content.
 */
export async function writeWhole(
  path: string,
  fill: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  const handle = await open(temporary, 'w');
  try {
    try {
      await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Cannot write ${path} as the disk must take it: ${reason}; nothing there was changed`,
      { cause: error },
    );
  }
}
