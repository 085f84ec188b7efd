// A checker for the part of JSON Schema that our two contracts use, small enough for the browser.
// The tests hold it against ajv, case by case.

/** The keywords that are understood; a schema with others does not compile. */
export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?:
    | 'object'
    | 'array'
    | 'string'
    | 'number'
    | 'integer'
    | 'boolean'
    | readonly ('number' | 'null')[];
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  /** What the values of an object's other properties must be. */
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/**
 * Check a value against a schema.
 * @returns What is wrong, one sentence each with the place ("/edges/3/target: …"); empty if nothing is.
 */
export function schemaProblems(schema: Schema, value: unknown, place = ''): readonly string[] {
  const here = place || '/';
  if (schema.const !== undefined && value !== schema.const) {
    return [`${here}: must be ${JSON.stringify(schema.const)}, is ${written(value)}`];
  }
  if (schema.enum && !schema.enum.includes(value as string)) {
    return [`${here}: must be one of ${schema.enum.join(', ')}; is ${written(value)}`];
  }
  if (schema.type !== undefined) {
    const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
    if (!types.some((type) => hasType(value, type))) {
      return [`${here}: must be ${types.join(' or ')}, is ${written(value)}`];
    }
  }
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) {
      return [`${here}: must be >= ${schema.minimum}, is ${value}`];
    }
    if (schema.maximum !== undefined && value > schema.maximum) {
      return [`${here}: must be <= ${schema.maximum}, is ${value}`];
    }
  }
  if (Array.isArray(value)) return arrayProblems(schema, value, place);
  if (typeof value === 'object' && value !== null) {
    return objectProblems(schema, value as Readonly<Record<string, unknown>>, place);
  }
  return [];
}

function arrayProblems(
  schema: Schema,
  value: readonly unknown[],
  place: string,
): readonly string[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
  if (value.length < minItems || value.length > maxItems) {
    return [`${place || '/'}: has ${value.length} items`];
  }
  return items ? value.flatMap((item, i) => schemaProblems(items, item, `${place}/${i}`)) : [];
}

function objectProblems(
  { required = [], properties = {}, additionalProperties }: Schema,
  value: Readonly<Record<string, unknown>>,
  place: string,
): readonly string[] {
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${place || '/'}: lacks "${name}"`);
  const wrong = Object.entries(value).flatMap(([name, item]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return schema ? schemaProblems(schema, item, `${place}/${name}`) : [];
  });
  return [...missing, ...wrong];
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

function written(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
