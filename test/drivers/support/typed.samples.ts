import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import ts from 'typescript';

const root = resolve(import.meta.dirname, '../../..');
/** Where the files would lie; nothing is written. */
const folder = join(root, 'test/drivers/samples');

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  experimentalDecorators: true,
  noEmit: true,
  skipLibCheck: true,
  paths: { 'nestjs-connection-health': [join(root, 'lib/index.ts')] },
};

/** Type-checks every `ts` block of a page, each as a file of its own. @returns what is wrong, in words */
export function typeErrorsOf(page: string): { readonly blocks: number; readonly errors: string[] } {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)];
  const files = new Map(blocks.map(([, code], at) => [join(folder, `block-${at + 1}.mts`), code!]));
  const host = ts.createCompilerHost(OPTIONS);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  const errors = [...files.keys()]
    .flatMap((path) => ts.getPreEmitDiagnostics(program, program.getSourceFile(path)))
    .map(
      ({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  return { blocks: files.size, errors };
}
