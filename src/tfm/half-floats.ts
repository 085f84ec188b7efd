// IEEE 754 binary16 and bfloat16 to and from binary32.

let table: Float32Array | undefined;

/** Widen binary16 numbers to float32; every binary16 value is exact in float32. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  table ??= float16Table();
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = table[halves[i]];
  return out;
}

/** Widen bfloat16 numbers to float32: they are its upper 16 bits. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

/** Round float32 numbers to binary16, to nearest, ties to even; too large ones become infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i] >>> 16) & 0x8000;
    const exponent = (bits[i] >>> 23) & 0xff;
    const fraction = bits[i] & 0x7fffff;
    let half: number;
    if (exponent === 0xff) half = fraction === 0 ? 0x7c00 : 0x7e00;
    else if (exponent >= 143) half = 0x7c00;
    else if (exponent >= 113) half = roundShift(((exponent - 112) << 23) | fraction, 13);
    else if (exponent >= 102) half = roundShift(fraction | 0x800000, 126 - exponent);
    else half = 0;
    // Rounding up may carry into the exponent: that is the right neighbour, infinity included.
    out[i] = sign | half;
  }
  return out;
}

function roundShift(bits: number, shift: number): number {
  const whole = bits >>> shift;
  const rest = bits & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (whole & 1) === 1) ? whole + 1 : whole;
}

function float16Table(): Float32Array {
  const values = new Float32Array(65_536);
  for (let h = 0; h < 65_536; h++) {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >>> 10) & 0x1f;
    const fraction = h & 0x3ff;
    if (exponent === 0) values[h] = sign * fraction * 2 ** -24;
    else if (exponent === 31) values[h] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else values[h] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return values;
}
