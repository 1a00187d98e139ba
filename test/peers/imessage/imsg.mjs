#!/usr/bin/env node
// Stands in for `imsg rpc` as a program: a real child process with lines on its standard streams. What it says is
// made by the peer that started the test, which it is joined with by the socket that its last argument names.
import { connect } from 'node:net';

const [command, ...rest] = process.argv.slice(2);
if (command !== 'rpc' || rest.length !== 1) {
  process.stderr.write('usage: imsg rpc\n');
  process.exit(64);
}
const socket = connect(rest[0]);
process.stdin.pipe(socket);
socket.pipe(process.stdout, { end: false });
socket.on('error', () => process.exit(1));
socket.on('close', () => process.exit(1));
// As imsg does, at the end of its input.
process.stdin.on('end', () => process.exit(0));
