/** Whether dotted version `a` is older than `b`. */
export function isOlder(a, b) {
  const [left, right] = [a, b].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let i = 0; i < right.length; i++)
    if ((left[i] || 0) !== right[i]) return (left[i] || 0) < right[i];
  return false;
}
