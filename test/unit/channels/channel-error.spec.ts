import assert from 'node:assert/strict';
import { ChannelError } from '../../../src/channels/contract';

/** The class as another bundle has it: the same source, loaded once more. */
function ofAnotherBundle(): typeof ChannelError {
  const path = require.resolve('../../../src/channels/contract');
  const here = require.cache[path];
  delete require.cache[path];
  try {
    return (require(path) as { readonly ChannelError: typeof ChannelError }).ChannelError;
  } finally {
    require.cache[path] = here;
  }
}

describe('the error of a channel', () => {
  it('is known for what it is across bundles, each of which has a class of its own', () => {
    const Other = ofAnotherBundle();
    assert.notEqual(Other, ChannelError);
    assert.ok(new Other('fatal', 'No.') instanceof ChannelError);
    assert.ok(new ChannelError('fatal', 'No.') instanceof Other);
  });

  it('is told apart from other errors, and from its own kinds', () => {
    class Lost extends ChannelError {}
    assert.ok(new Lost('temporary', 'Lost.') instanceof ChannelError);
    assert.ok(new Lost('temporary', 'Lost.') instanceof Lost);
    assert.ok(!(new ChannelError('temporary', 'Not lost.') instanceof Lost));
    assert.ok(!(new Error('no') instanceof ChannelError));
    assert.ok(!(Object.assign({}, new ChannelError('fatal', 'A copy.')) instanceof ChannelError));
  });
});
