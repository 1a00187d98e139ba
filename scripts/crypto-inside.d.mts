import type { Plugin } from 'esbuild';

export const cryptoInside: Plugin;
