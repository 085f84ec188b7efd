// A default import: a Node too old for `statfs` must still come as far as the message that says so.
import files from 'node:fs/promises';
import { cannot } from './cannot.mjs';

/** Free room on the disk of a folder, in GB. */
export async function freeGigabytes(folder) {
  const { bavail, bsize } = await files.statfs(folder);
  return (bavail * bsize) / 1e9;
}

/** Refuse to go on when the disk of a folder has less than `needed` GB. */
export async function requireRoom(action, folder, needed, remedy) {
  const free = await freeGigabytes(folder);
  if (free < needed)
    throw cannot(action, `${needed} GB must be free in ${folder}`, `${free.toFixed(1)} GB`, remedy);
}
