/** A failure that the person at the terminal can mend; shown without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/**
 * Make the error that says what could not be done, why, what was met and the way out.
 * @param action What was tried ("compile the TensorFlow binding").
 * @param requirement What must hold ("a C++ compiler must be on the PATH").
 * @param value What was met instead.
 * @param remedy What to do about it; may have several lines.
 */
export function cannot(action, requirement, value, remedy) {
  const way = remedy.split('\n').join('\n    ');
  return new SetupError(
    `Cannot ${action} as ${requirement}: current value is ${value}\n    ${way}`,
  );
}

/** Translate the operating system's own failures (disk, rights) into ours; others pass unchanged. */
export function explain(error, action) {
  if (error instanceof SetupError) return error;
  const at = error?.path ?? error?.dest ?? 'the target folder';
  if (error?.code === 'ENOSPC' || error?.code === 'EDQUOT')
    return cannot(
      action,
      'there must be room on the disk',
      `no space left (${at})`,
      'free 3 GB, or move the cache: XDG_CACHE_HOME=/a/larger/disk npm start',
    );
  if (error?.code === 'EACCES' || error?.code === 'EPERM' || error?.code === 'EROFS')
    return cannot(
      action,
      'the folder must be writable',
      `${error.code} at ${at}`,
      `make it writable for this user (ls -ld ${at}), or work in a clone in your own home folder`,
    );
  return error;
}
