const assert = require('node:assert/strict');
const test = require('node:test');
const { greeting } = require('../src/greeting');

test('greets by name', () => {
  assert.equal(greeting('Ada'), 'Hello, Ada!');
});

test('greets the world when nobody is named', () => {
  assert.equal(greeting(), 'Hello, world!');
});
