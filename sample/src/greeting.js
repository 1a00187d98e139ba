/** Greets someone by name; without a name it greets the world. */
function greeting(name = 'world') {
  return `Hello, ${name}!`;
}

module.exports = { greeting };
