import { describe, expect, it } from '@jest/globals';

import { resolveDiagnostics } from '../../lib/options/diagnostics.resolver.js';

class Guard {
  canActivate(): boolean {
    return true;
  }
}

const DEFAULTS = { path: 'connection-health', guards: [], details: false, dashboard: true, metrics: true };

describe('resolveDiagnostics', () => {
  it('serves nothing unless asked, and then aggregates, metrics and the page', () => {
    expect(resolveDiagnostics()).toBe(false);
    expect(resolveDiagnostics(false)).toBe(false);
    expect(resolveDiagnostics(true)).toEqual(DEFAULTS);
    expect(resolveDiagnostics({})).toEqual(DEFAULTS);
  });

  it('takes guards as classes and as instances', () => {
    const guards = [Guard, new Guard()];
    expect(resolveDiagnostics({ details: true, guards })).toEqual({ ...DEFAULTS, details: true, guards });
  });

  it.each([
    ['/ops', 'ops'],
    ['ops/sockets', 'ops/sockets'],
    ['.well-known/sockets', '.well-known/sockets'],
    ['v1.2/~me', 'v1.2/~me'],
  ])('takes the path %s', (path, resolved) => {
    expect(resolveDiagnostics({ path })).toMatchObject({ path: resolved });
  });

  it.each([
    '',
    '/',
    '//',
    'a//b',
    'a/',
    '..',
    'a/../b',
    './a',
    ':id',
    'a*',
    'a b',
    'a?b',
    'a%2fb',
    'é',
    5,
    null,
  ])('refuses the path %j', (path) => {
    // As somebody without TypeScript may have written it.
    expect(() => resolveDiagnostics({ path } as never)).toThrow(
      /"diagnostics\.path": expected a path of plain segments/,
    );
  });

  it.each([
    [{ details: true }, /"diagnostics\.guards": expected at least one guard where details is true/],
    [{ guards: Guard }, /"diagnostics\.guards": expected an array of guard classes or guards/],
    [{ guards: null }, /"diagnostics\.guards": .* got null/],
    [{ guards: [{}] }, /"diagnostics\.guards": expected an array/],
    [{ details: 'yes' }, /"diagnostics\.details": expected true or false/],
    [{ detail: true }, /"diagnostics\.detail": expected one of the known options/],
    ['yes', /"diagnostics": expected an object/],
  ])('refuses %j', (options, message) => {
    expect(() => resolveDiagnostics(options as never)).toThrow(message);
  });
});
