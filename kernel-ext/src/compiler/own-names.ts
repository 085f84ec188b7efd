import { isValueImport } from './imports.js';
import { parameters } from './parameters.js';
import type { TypeScript } from './tslab.js';

/** A name that a cell gives to a value. */
export interface OwnName {
  readonly name: string;
  readonly writable: boolean;
}

/** The names of the cell that exist when it runs: types and ambient declarations do not. */
export function valueNames(
  ts: typeof TypeScript,
  file: TypeScript.SourceFile,
  checker: TypeScript.TypeChecker,
): OwnName[] {
  const { locals } = file as unknown as { locals?: Map<string, TypeScript.Symbol> };
  const own: OwnName[] = [];
  for (const [escaped, symbol] of locals ?? []) {
    const name = ts.unescapeLeadingUnderscores(escaped as TypeScript.__String);
    if (symbol.flags & ts.SymbolFlags.Alias) {
      if (isValueImport(ts, symbol, checker)) own.push({ name, writable: false });
      continue;
    }
    const runs = symbol.declarations?.some((d) => isRuntime(ts, d, symbol));
    if (!runs) continue;
    const writable = symbol.declarations!.some(
      (d) =>
        !(ts.getCombinedNodeFlags(d) & ts.NodeFlags.Const) &&
        symbol.flags & ts.SymbolFlags.Variable,
    );
    own.push({ name, writable });
  }
  return own;
}

function isRuntime(
  ts: typeof TypeScript,
  declaration: TypeScript.Declaration,
  symbol: TypeScript.Symbol,
): boolean {
  const modifiers = ts.getCombinedModifierFlags(declaration);
  if (modifiers & ts.ModifierFlags.Ambient) return false;
  if (ts.isFunctionDeclaration(declaration)) return declaration.body !== undefined;
  if (ts.isEnumDeclaration(declaration)) return !(modifiers & ts.ModifierFlags.Const);
  if (ts.isModuleDeclaration(declaration)) {
    return (symbol.flags & ts.SymbolFlags.ValueModule) !== 0;
  }
  return (
    ts.isVariableDeclaration(declaration) ||
    ts.isBindingElement(declaration) ||
    ts.isClassDeclaration(declaration)
  );
}

/** `declare({ get x() { return x; }, set x($v) { x = $v; }, … })` */
export function declaration(
  ts: typeof TypeScript,
  f: TypeScript.NodeFactory,
  own: readonly OwnName[],
): TypeScript.Statement {
  const accessors = own.flatMap(({ name, writable }) => {
    const id = f.createIdentifier(name);
    const body = f.createBlock([f.createReturnStatement(id)]);
    const get = f.createGetAccessorDeclaration(undefined, name, [], undefined, body);
    if (!writable) return [get];
    const value = f.createIdentifier('$v');
    const assign = f.createExpressionStatement(f.createAssignment(id, value));
    const parameter = f.createParameterDeclaration(undefined, undefined, value);
    const set = f.createSetAccessorDeclaration(
      undefined,
      name,
      [parameter],
      f.createBlock([assign]),
    );
    return [get, set];
  });
  const call = f.createCallExpression(f.createIdentifier(parameters.declare), undefined, [
    f.createObjectLiteralExpression(accessors),
  ]);
  return quiet(ts, f.createExpressionStatement(call));
}

/** Keep a statement of ours out of the source map. */
function quiet<T extends TypeScript.Node>(ts: typeof TypeScript, node: T): T {
  return ts.setEmitFlags(node, ts.EmitFlags.NoSourceMap | ts.EmitFlags.NoNestedSourceMaps);
}
