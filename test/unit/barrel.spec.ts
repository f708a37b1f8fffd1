import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import * as barrel from 'nestjs-connection-health';
import ts from 'typescript';

/** The names that exist at run time, in the order of the file: the table of contents of the package. */
const EXPORTS = [
  'ConnectionHealthModule',
  'ConnectionHealthArgumentError',
  'ConnectionHealthOptionsError',
  'ConnectionHealthSetupError',
  'ConnectionHealth',
  'ConnectionInfo',
  'OnConnectionClosed',
  'OnConnectionOpened',
  'OnConnectionRecovered',
  'OnConnectionStale',
  'OnHeartbeatMissed',
  'SkipConnectionHealth',
  'HeartbeatFilterInterceptor',
  'ConnectionHealthService',
  'MemoryFleetStore',
  'ConnectionHealthIndicator',
  'CLOSE_REASONS',
  'GraphqlWsCodec',
  'JsonCodec',
  'NestCodec',
  'PhoenixCodec',
  'SignalrCodec',
];

const source = ts.createSourceFile('index.ts', readFileSync('lib/index.ts', 'utf8'), ts.ScriptTarget.Latest);

describe('the barrel', () => {
  it('exports these names, in this order', () => {
    const names = source.statements
      .filter(ts.isExportDeclaration)
      .filter((statement) => !statement.isTypeOnly)
      .flatMap(({ exportClause }) =>
        exportClause !== undefined && ts.isNamedExports(exportClause)
          ? exportClause.elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name.text)
          : ['export *'],
      );
    expect(names).toEqual(EXPORTS);
  });

  it('gives what it says at run time, and nothing else', () => {
    expect(Object.keys(barrel).sort()).toEqual([...EXPORTS].sort());
    expect(Object.entries(barrel).filter(([, value]) => value === undefined)).toEqual([]);
  });

  it('holds nothing but exports of names', () => {
    expect(source.statements.every((statement) => ts.isExportDeclaration(statement))).toBe(true);
  });
});
