import { findPlaces } from './find-places.js';
import { serve, warmCompiler } from './serve.js';
import { keepCode } from './typescript.js';

// The compiler's process where there is no snapshot of it.
const compiler = warmCompiler(findPlaces());
keepCode();
serve(compiler);
