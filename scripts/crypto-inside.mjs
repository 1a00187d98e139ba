import { readFile } from 'node:fs/promises';

/**
 * The library of Matrix's encryption keeps its keys in the browser's IndexedDB, which it looks for among the globals.
 * In a thread there is none, and in the editor's own one all extensions share the globals. So the library is given one
 * of its own, and the globals stay as they are. A plugin for esbuild.
 */
export const cryptoInside = {
  name: 'keys of Matrix inside',
  setup(context) {
    context.onLoad({ filter: /matrix-sdk-crypto-wasm[\\/]pkg[\\/]\w+_bg\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const names = [...new Set(source.match(/\bIDB[A-Z]\w+/g))].join(', ');
      const asked = source.split('arg0.indexedDB').length - 1;
      if (names === '' || asked === 0)
        return { errors: [{ text: 'does not ask for IndexedDB as it used to' }] };
      return {
        contents: `import { indexedDB as ownIndexedDB, ${names} } from 'fake-indexeddb';\n${source.replaceAll('arg0.indexedDB', 'ownIndexedDB')}`,
        loader: 'js',
      };
    });
  },
};
