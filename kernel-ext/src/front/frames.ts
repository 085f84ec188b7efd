/** Cut bytes into what lies between their lengths. */
export function frames(receive: (frame: Buffer) => void): (bytes: Buffer) => void {
  let parts: Buffer[] = [];
  let size = 0;
  let wanted = 4;
  return (bytes) => {
    parts.push(bytes);
    size += bytes.length;
    if (size < wanted) return;
    let all = parts.length === 1 ? bytes : Buffer.concat(parts);
    while (all.length >= 4) {
      const length = all.readUInt32LE() + 4;
      if (all.length < length) {
        wanted = length;
        break;
      }
      receive(all.subarray(4, length));
      all = all.subarray(length);
      wanted = 4;
    }
    parts = all.length > 0 ? [all] : [];
    size = all.length;
  };
}
