// mocha's command line takes a reporter by path: `mocha --reporter test/harness/reporter.cjs`.
module.exports = require('./report').makeReporter(require('mocha').reporters.Spec);
