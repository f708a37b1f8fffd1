import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');
/** Where the files would lie; nothing is written. */
const folder = join(root, 'test/sample/react');

/** As much of React as a hook needs, by its public documentation. React itself is no dependency of ours. */
const REACT = `
declare module 'react' {
  type Dispatch<State> = (next: State | ((former: State) => State)) => void;
  export function useState<State>(initial: State | (() => State)): [State, Dispatch<State>];
  export function useEffect(effect: () => void | (() => void), dependencies?: readonly unknown[]): void;
  export function useRef<Value>(initial: Value): { current: Value };
}
declare namespace JSX {
  type Element = object;
  interface IntrinsicElements { [name: string]: object }
}`;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  // As in an app for browsers: nothing of Node.
  types: [],
  jsx: ts.JsxEmit.Preserve,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  paths: { 'nestjs-connection-health/client': [join(root, 'dist/esm/client/index.d.ts')] },
};

/**
 * Type-checks the two `tsx` blocks of a README, the hook and the component, against the built package.
 *
 * @param change a word of the hook, and what to write in its place
 */
export function typeErrorsIn(readme: string, change: readonly [string, string] = ['', '']): string[] {
  const [hook, component] = [...readFileSync(readme, 'utf8').matchAll(/^```tsx\n(.*?)^```$/gms)].map(
    ([, code]) => code!,
  );
  const files = new Map([
    [join(folder, 'react.d.ts'), REACT],
    [join(folder, 'useHealthyWebSocket.ts'), hook!.replaceAll(...change)],
    [join(folder, 'Chat.tsx'), component!],
  ]);
  const host = ts.createCompilerHost(OPTIONS);
  const { readFile, fileExists, directoryExists, getSourceFile } = host;
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.directoryExists = (path) => path === folder || directoryExists!(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ messageText, file }) =>
        `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}
