/** Programs that run code of the project without naming it, and the files that say which. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  npm: ['package.json'],
  npx: ['package.json'],
  yarn: ['package.json'],
  pnpm: ['package.json'],
  bun: ['package.json'],
  make: ['GNUmakefile', 'makefile', 'Makefile'],
  just: ['justfile'],
  cargo: ['Cargo.toml', 'build.rs'],
  go: ['go.mod'],
  mvn: ['pom.xml'],
  gradle: ['build.gradle', 'build.gradle.kts'],
  pytest: ['pyproject.toml', 'pytest.ini', 'conftest.py'],
};

/** The files, relative to where it runs, that decide what `program` runs; none for most programs. */
export function projectFiles(program: string | undefined): readonly string[] {
  return program !== undefined && Object.hasOwn(FILES, program) ? (FILES[program] ?? []) : [];
}
