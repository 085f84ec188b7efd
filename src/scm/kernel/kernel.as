// What the compiled module offers. AssemblyScript, compiled by build.mjs into bytes.ts.

export * from './bins';
export * from './columns';
export * from './grow-tree';
