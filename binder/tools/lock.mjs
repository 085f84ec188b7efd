import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

// The holder touches the file every beat; a file left untouched for longer than `stale` has no holder.
const beat = 5_000;
const stale = 60_000;

/**
 * Do `work` while no other process does work under the same lock.
 * @param path The lock file.
 * @param work What to do.
 * @param onWait Called once, with the holder's process number, when somebody else has the lock.
 */
export async function withLock(path, work, onWait = () => {}) {
  await mkdir(dirname(path), { recursive: true });
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    token: randomBytes(8).toString('hex'),
  });
  for (let waited = false; !(await take(path, mine)); waited = true) {
    const holder = await readHolder(path);
    if (holder && (await isAbandoned(path, holder.parsed))) await remove(path, holder.text);
    else {
      if (!waited) onWait(holder?.parsed.pid ?? 'unknown');
      await sleep(200);
    }
  }
  const timer = setInterval(() => utimes(path, new Date(), new Date()).catch(() => {}), beat);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await remove(path, mine);
  }
}

// A link to a complete file: whoever sees the lock sees its whole text.
async function take(path, text) {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(draft, text);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readHolder(path) {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return { text, parsed: JSON.parse(text) };
  } catch {
    return { text, parsed: {} };
  }
}

async function isAbandoned(path, { pid, host }) {
  if (host === hostname() && !isAlive(pid)) return true;
  const touched = await stat(path).then(
    (file) => file.mtimeMs,
    () => Date.now(),
  );
  return Date.now() - touched > stale;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// Rename first, look second: if the file is no longer the one that was judged, it is put back.
async function remove(path, text) {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}
