type Display = typeof import('causalmixft/display');
type Library = typeof import('causalmixft');

let display: Promise<Display> | undefined;
let whole: Promise<Library> | undefined;

/** What has been loaded so far, for code that cannot wait. */
export const loaded: { display?: Display; whole?: Library } = {};

/** The library's part that shows results; light, and loaded when first needed. */
export function displayLibrary(): Promise<Display> {
  display ??= import('causalmixft/display').then((library) => {
    loaded.display = library;
    return library;
  });
  return display;
}

/** The whole library, without its tensor engine. */
export function wholeLibrary(): Promise<Library> {
  whole ??= import('causalmixft').then((library) => {
    loaded.whole = library;
    return library;
  });
  return whole;
}
