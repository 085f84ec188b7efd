import { serve } from '../work/serve.js';
import { type ResampleSetup, resampleGraphs } from './resample-graphs.js';

serve((r: number, setup: ResampleSetup) => resampleGraphs(setup, r, { onProgress: () => {} }));
