// The layering of docs/architecture.md, as lint errors. A room may import what stands below it, never above.
const engineRooms = [
  // From the top down. Each room may import the rooms after it, and `model`, which is the vocabulary of all.
  'agent',
  'incident',
  'posture',
  'tasks',
  'tools',
  'approvals',
  'policy',
  'guard',
  'access',
  'messages',
  'sandbox',
  'egress',
  'vault',
  'store',
  'journal',
  'model',
];

const engineLayering = engineRooms.flatMap((room, at) => {
  const above = engineRooms.slice(0, at);
  return above.length === 0
    ? []
    : [
        {
          name: `engine/${room} imports only downwards`,
          severity: 'error',
          from: { path: `^src/engine/${room}/` },
          to: { path: `^src/engine/(${above.join('|')})/` },
        },
      ];
});

module.exports = {
  forbidden: [
    { name: 'no import cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'vscode only in extension.ts, views and host',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(extension\\.ts|views/|host/)' },
      to: { path: '(^|/)vscode(/|$)' },
    },
    {
      name: 'the engine sees nothing above it',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^src/(extension\\.ts|views|host|channels|cli|policy-server)' },
    },
    {
      name: 'engine rooms do not import the composition above them',
      severity: 'error',
      from: { path: '^src/engine/[^/]+/' },
      to: { path: '^src/engine/[^/]+\\.ts$' },
    },
    {
      name: 'channels see only engine/api and the vocabulary',
      severity: 'error',
      from: { path: '^src/channels/' },
      to: { path: '^src/engine/', pathNot: '^src/engine/(api\\.ts|model/)' },
    },
    {
      name: 'channels do not know the editor side',
      severity: 'error',
      from: { path: '^src/channels/' },
      to: { path: '^src/(extension\\.ts|views|host|cli)' },
    },
    {
      name: 'one channel does not import another',
      severity: 'error',
      from: { path: '^src/channels/([^/]+)/.+' },
      to: { path: '^src/channels/([^/]+)/.+', pathNot: ['^src/channels/$1/', '^src/channels/(gateway|webhook)/'] },
    },
    {
      name: 'what encrypts for Matrix stays in its thread',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/channels/matrix/crypto/(inside/|matrix-crypto-worker\\.ts$)' },
      to: { path: '^src/channels/matrix/crypto/inside/|matrix-sdk-crypto-wasm|fake-indexeddb' },
    },
    {
      name: 'views do not import the composition root',
      severity: 'error',
      from: { path: '^src/(views|host|channels|cli|engine)' },
      to: { path: '^src/extension\\.ts$' },
    },
    {
      name: 'views see the engine through its api',
      severity: 'error',
      from: { path: '^src/views/' },
      to: { path: '^src/engine/', pathNot: '^src/engine/(api\\.ts|model/)' },
    },
    {
      name: 'the webview sees only the protocol',
      severity: 'error',
      from: { path: '^webview-ui/' },
      to: { path: '^src/', pathNot: '^src/views/protocol/' },
    },
    ...engineLayering,
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] },
  },
};
