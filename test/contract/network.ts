/** As fetch, but it keeps no connection for another request that may come: a test can then see them all end. */
export function impatientFetch(): typeof fetch {
  // Node shares its agent with other copies of undici under this name; the class is to be had from there only.
  const shared: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  if (typeof shared !== 'object' || shared === null) return fetch;
  const dispatcher: unknown = Reflect.construct(shared.constructor as typeof Object, [
    { keepAliveTimeout: 20, keepAliveMaxTimeout: 20 },
  ]);
  return (input, init) => fetch(input, Object.assign({ ...init }, { dispatcher }));
}
