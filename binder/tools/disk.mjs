// A default import: a Node too old for `statfs` must still come as far as the message that says so.
import files from 'node:fs/promises';

/** Free room on the disk of a folder, in GB. */
export async function freeGigabytes(folder) {
  const { bavail, bsize } = await files.statfs(folder);
  return (bavail * bsize) / 1e9;
}
