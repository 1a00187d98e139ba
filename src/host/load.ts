/** Loads a bundle, or an optional package, at run time; esbuild must not follow it. */
export function load<T>(id: string): T {
  const atRunTime: NodeJS.Require = require;
  return atRunTime(id) as T;
}
