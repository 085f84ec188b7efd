import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stream } from '../../src/math/random.js';
import { float16ToFloat32, float32ToFloat16 } from '../../src/tfm/half-floats.js';
import { initialWeights } from '../../src/tfm/pretraining/initial-weights.js';
import { readSafetensors, writeSafetensors } from '../../src/tfm/safetensors.js';
import { readNetwork, writeNetwork } from '../../src/tfm/weights.js';
import { writeWhole } from '../../src/tfm/write-whole.js';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** A file by hand: what the header says, and the bytes after it. */
function write(name: string, header: object | string, bytes: Uint8Array): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(at(name), Buffer.concat([head, text, bytes]));
  return at(name);
}

const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe('readSafetensors()', () => {
  it('reads what writeSafetensors() wrote, in alphabetical order without metadata', async () => {
    const random = stream(1, 'safetensors');
    const data = Float32Array.from({ length: 12 }, () => random() - 0.5);
    const tensors = new Map([
      ['layers.2.w', { shape: [3, 4], data }],
      ['layers.10.w', { shape: [2], data: Float32Array.of(1, -2) }],
    ]);
    await writeSafetensors(at('a.safetensors'), tensors);
    const text = readFileSync(at('a.safetensors')).toString('latin1');
    expect(text.indexOf('layers.10.w')).toBeLessThan(text.indexOf('layers.2.w'));
    expect(text).not.toContain('__metadata__');
    const read = await readSafetensors(at('a.safetensors'));
    expect(read.get('layers.2.w')).toEqual({ shape: [3, 4], data });
    expect([...(read.get('layers.10.w')?.data ?? [])]).toEqual([1, -2]);
  });

  it('reads float16 and bfloat16 at any offset, and files with metadata', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      a: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
      b: { dtype: 'BF16', shape: [2], data_offsets: [6, 10] },
      c: { dtype: 'F32', shape: [1], data_offsets: [10, 14] },
    };
    const halves = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x3fc0, 0xc000).buffer);
    const path = write('b.safetensors', header, Buffer.concat([halves, f32(0.25)]));
    const read = await readSafetensors(path);
    expect([...(read.get('a')?.data ?? [])]).toEqual([1, -2, 2 ** -24]);
    expect([...(read.get('b')?.data ?? [])]).toEqual([1.5, -2]);
    expect([...(read.get('c')?.data ?? [])]).toEqual([0.25]);
  });

  it('reads the shards that an index names', async () => {
    const one = { shape: [1], data: Float32Array.of(1) };
    await writeSafetensors(at('s-1.safetensors'), new Map([['a', one]]));
    await writeSafetensors(at('s-2.safetensors'), new Map([['b', one]]));
    const map = { weight_map: { a: 's-1.safetensors', b: 's-2.safetensors' } };
    writeFileSync(at('s.safetensors.index.json'), JSON.stringify(map));
    expect([...(await readSafetensors(at('s.safetensors.index.json'))).keys()]).toEqual(['a', 'b']);
    writeFileSync(at('t.safetensors.index.json'), '{"weight_map":{"a":"../x.safetensors"}}');
    await expect(readSafetensors(at('t.safetensors.index.json'))).rejects.toThrow(/beside it/);
  });

  it('refuses damaged files and says what does not fit', async () => {
    const a = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
    const b = { dtype: 'F32', shape: [1], data_offsets: [4, 8] };
    const huge = Buffer.alloc(16);
    huge.writeBigUInt64LE(2n ** 60n);
    writeFileSync(at('huge'), huge);
    const cases: [string, RegExp][] = [
      [at('huge'), /claims 1152921504606846976 bytes/],
      [write('short', { a }, f32(1)), /cut off/],
      [write('long', { a }, f32(1, 2, 3)), /appended/],
      [write('overlap', { a, b }, f32(1, 2)), /one after the other: "b" begins at 4/],
      [write('gap', { a: { ...a, data_offsets: [4, 12] } }, f32(0, 1, 2)), /begins at 4/],
      [write('shape', { a: { ...a, shape: [3] } }, f32(1, 2)), /12 bytes: its offsets give 8/],
      [write('type', { a: { ...a, dtype: 'I64' } }, f32(1, 2)), /F32, F16 or BF16/],
      [write('offsets', { a: { ...a, data_offsets: [0] } }, f32(1, 2)), /two data_offsets/],
      [write('negative', { a: { ...a, shape: [-1] } }, f32(1, 2)), /must have a shape/],
      [write('text', 'nonsense', f32()), /must be JSON/],
      [write('null', 'null', f32()), /must be a JSON object/],
      [write('list', '[]', f32()), /must be a JSON object/],
    ];
    writeFileSync(at('empty'), '');
    cases.push([at('empty'), /at least 8 bytes/]);
    for (const [path, message] of cases) {
      await expect(readSafetensors(path), path).rejects.toThrow(message);
    }
  });
});

describe('writeWhole()', () => {
  it('leaves what was there, and nothing else, where the disk does not take the new file', async () => {
    await writeWhole(at('kept'), (handle) => handle.writeFile('before'));
    const full = writeWhole(at('kept'), async (handle) => {
      await handle.writeFile('half of wh');
      throw new Error('ENOSPC: no space left on device');
    });
    await expect(full).rejects.toThrow(/ENOSPC.*nothing there was changed/);
    expect(readFileSync(at('kept'), 'utf8')).toBe('before');
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full'))('reports a full disk (needs /dev/full)', async () => {
    symlinkSync('/dev/full', at(`full.safetensors.${process.pid}.part`));
    const one = new Map([['a', { shape: [1], data: Float32Array.of(1) }]]);
    await expect(writeSafetensors(at('full.safetensors'), one)).rejects.toThrow(/ENOSPC/);
    expect(existsSync(at('full.safetensors'))).toBe(false);
  });
});

describe('half floats', () => {
  it('round to the nearest and ties to even, as IEEE 754 says', () => {
    const cases: [number, number][] = [
      [1, 0x3c00],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [-0.5, 0xb800],
      [65504, 0x7bff],
      [65520, 0x7c00],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [2 ** -25 * 1.5, 0x0001],
      [2 ** -14 * (1 - 2 ** -12), 0x0400],
      [Number.POSITIVE_INFINITY, 0x7c00],
    ];
    const halves = float32ToFloat16(Float32Array.from(cases, ([x]) => x));
    expect([...halves]).toEqual(cases.map(([, half]) => half));
  });

  it('come back unchanged from float32, every one of them', () => {
    const all = Uint16Array.from({ length: 0x7c01 }, (_, i) => i);
    expect(float32ToFloat16(float16ToFloat32(all))).toEqual(all);
  });
});

describe('readNetwork()', () => {
  const config = {
    dim: 8,
    dim_output: 3,
    n_layers: 1,
    n_heads: 2,
    task: 'CLASSIFICATION',
  } as const;
  const network = { config, weights: initialWeights(config, 1) };

  it('reads what writeNetwork() wrote, with the config file byte for byte', async () => {
    await writeNetwork(at('net'), network);
    expect(await readNetwork(at('net'))).toEqual(network);
    expect(readFileSync(at('net/config.json'), 'utf8')).toBe(
      '{"dim": 8, "dim_output": 3, "n_layers": 1, "n_heads": 2, "task": "CLASSIFICATION"}',
    );
  });

  it('refuses a config that the tensors do not fit, naming both shapes', async () => {
    await writeNetwork(at('misfit'), network);
    const file = at('misfit/config.json');
    const text = readFileSync(file, 'utf8');
    const refused = async (from: string, to: string, message: RegExp): Promise<void> => {
      writeFileSync(file, text.replace(from, to));
      await expect(readNetwork(at('misfit'))).rejects.toThrow(message);
    };
    await refused('"dim_output": 3', '"dim_output": 4', /final_layer\.bias.*\[4\].*\[3\]/);
    await refused('"n_layers": 1', '"n_layers": 2', /layers\.1\..*absent/);
    await refused('"n_heads": 2', '"n_heads": 3', /divide dim/);
    await refused('"dim": 8', '"dim": "8"', /integer from 1/);
    await refused('CLASSIFICATION', 'RANKING', /"task"/);
    await refused('{', '', /must be JSON/);
  });

  it('refuses weights that are not finite, and a folder without weights', async () => {
    const broken = new Map(network.weights);
    broken.set('final_layer.bias', Float32Array.of(0, Number.NaN, 0));
    await writeNetwork(at('nan'), { config, weights: broken });
    await expect(readNetwork(at('nan'))).rejects.toThrow(/number 2 of "final_layer\.bias" is NaN/);
    rmSync(at('nan/model.safetensors'));
    await expect(readNetwork(at('nan'))).rejects.toThrow(/must hold model\.safetensors/);
    await expect(readNetwork(at('nowhere'))).rejects.toThrow(/config\.json/);
  });
});
