import type { Settings } from '../channel.js';
import { initialSettings } from '../settings.js';

/** The settings as the front sent them with the last cell, or as a cell has changed them since. */
export const settings: Settings = initialSettings();

export function updateSettings(next: Settings): void {
  Object.assign(settings, next);
}
