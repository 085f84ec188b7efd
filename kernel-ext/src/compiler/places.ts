/** Files and folders that the compiler reads; they are given to it, as a snapshot cannot look for them. */
export interface Places {
  /** A file of the kernel's package: what the package depends on can be imported from every notebook. */
  readonly kernel: string;
  /** Declarations that every cell sees. */
  readonly ambient: string;
  /** Folder of the library. */
  readonly library: string;
  /** Folder of the package `@types/node` that comes with tslab. */
  readonly nodeTypes: string;
  /** The TypeScript that tslab uses. */
  readonly typescript: string;
  /** The same with less white space, where that has been made. */
  readonly shortTypescript?: string;
  /** tslab's converter. */
  readonly converter: string;
  /** What the converter needs besides: package name to file. */
  readonly packages: Readonly<Record<string, string>>;
}
