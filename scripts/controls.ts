// Writes docs/controls.md: every control with its rule or enforcement, its tests by title, and its status.
//
//   npm run controls              writes
//   npm run controls -- --check   writes nothing; fails when the page is not as it would be written
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DESCRIPTORS } from '../src/channels/registry';
import { controlsPage, root } from './controls-page';

const path = join(root, 'docs/controls.md');
const text = controlsPage(DESCRIPTORS);
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    console.error('docs/controls.md is not up to date. Run npm run controls.');
    process.exitCode = 1;
  }
} else writeFileSync(path, text);
