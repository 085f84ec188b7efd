/**
 * Jupyter counts code points, JavaScript UTF-16 units; they differ after an emoji.
 */

/** Position in UTF-16 units of the code point number `position`. */
export function toUtf16(text: string, position: number): number {
  let at = 0;
  for (let count = 0; count < position && at < text.length; count++) {
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return at;
}

/** Number of code points before the UTF-16 position `offset`. */
export function toCodePoints(text: string, offset: number): number {
  let count = 0;
  for (let at = 0; at < offset && at < text.length; count++) {
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  }
  return count;
}
