import { parameters } from './parameters.js';
import type { TypeScript } from './tslab.js';

/** Whether an imported name stands for something that exists when the cell runs. */
export function isValueImport(
  ts: typeof TypeScript,
  symbol: TypeScript.Symbol,
  checker: TypeScript.TypeChecker,
): boolean {
  const declaration = symbol.declarations?.[0];
  if (!declaration || ts.isTypeOnlyImportOrExportDeclaration(declaration)) return false;
  const target = checker.getAliasedSymbol(symbol);
  // A module without types resolves to the unknown symbol, which has to be taken for a value.
  return checker.isUnknownSymbol(target) || (target.flags & ts.SymbolFlags.Value) !== 0;
}

/** `import d, { a as b } from 'm'` → `const m = await load('m'), d = m.default, b = m.a;` */
export function importStatements(
  ts: typeof TypeScript,
  f: TypeScript.NodeFactory,
  statement: TypeScript.ImportDeclaration,
  checker: TypeScript.TypeChecker,
): TypeScript.Statement[] {
  const clause = statement.importClause;
  if (clause?.isTypeOnly) return [];
  const load = f.createAwaitExpression(
    f.createCallExpression(f.createIdentifier(parameters.load), undefined, [
      statement.moduleSpecifier,
    ]),
  );
  const at = (node: TypeScript.Statement) =>
    ts.setOriginalNode(ts.setTextRange(node, statement), statement) as TypeScript.Statement;
  if (!clause) return [at(f.createExpressionStatement(load))];
  const isValue = (name: TypeScript.Identifier): boolean => {
    const symbol = checker.getSymbolAtLocation(name);
    return !symbol || isValueImport(ts, symbol, checker);
  };
  const bindings: [TypeScript.Identifier, string | undefined][] = [];
  if (clause.name) bindings.push([clause.name, 'default']);
  const named = clause.namedBindings;
  if (named && ts.isNamespaceImport(named)) bindings.push([named.name, undefined]);
  else
    for (const e of named?.elements ?? []) bindings.push([e.name, (e.propertyName ?? e.name).text]);
  const values = bindings.filter(([name]) => isValue(name));
  if (values.length === 0) return [];
  const module = f.createUniqueName('$$cm_module');
  const made = [
    f.createVariableDeclaration(module, undefined, undefined, load),
    ...values.map(([name, property]) =>
      f.createVariableDeclaration(
        f.createIdentifier(name.text),
        undefined,
        undefined,
        property === undefined ? module : f.createPropertyAccessExpression(module, property),
      ),
    ),
  ];
  const list = f.createVariableDeclarationList(made, ts.NodeFlags.Const);
  return [at(f.createVariableStatement(undefined, list))];
}
