// Writes page.assets.ts: the live page and everything it loads, as strings. The package is built as ES modules and as
// CommonJS, and its users bundle their apps; strings survive both, files beside the code do not.
// `--check` only says whether the file is up to date; `--if-installed` does nothing where there are no dev dependencies.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const here = import.meta.dirname;
const target = join(here, 'page.assets.ts');
const require = createRequire(import.meta.url);

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
};

const read = (...path) => readFileSync(join(here, ...path), 'utf8');

/** The browser's modules, by the names under which they import each other. */
function modules() {
  const ts = require('typescript');
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    removeComments: true,
  };
  return readdirSync(join(here, 'browser'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => [
      name.replace(/\.ts$/, '.js'),
      ts.transpileModule(read('browser', name), { compilerOptions }).outputText,
    ]);
}

/** uPlot as a module, under its licence, which asks to be kept with every copy. */
function uplot() {
  const home = join(require.resolve('uplot/package.json'), '..');
  const licence = readFileSync(join(home, 'LICENSE'), 'utf8').trim();
  const script = readFileSync(join(home, 'dist/uPlot.iife.min.js'), 'utf8').trim();
  return [
    ['uplot.js', `/*!\n${licence}\n*/\n${script}\nexport default uPlot;\n`],
    ['uplot.css', `/*!\n${licence}\n*/\n${readFileSync(join(home, 'dist/uPlot.min.css'), 'utf8').trim()}\n`],
  ];
}

/** Tells the browser of all modules at once, instead of one generation of imports after the other. */
function withPreloads(html, scripts) {
  const links = scripts.map(([name]) => `<link rel="modulepreload" href="dashboard/${name}" />`);
  return html.replace('<!-- modules -->', links.join('\n    '));
}

function assets() {
  const [chart, chartStyle] = uplot();
  const scripts = [...modules(), chart];
  const files = readdirSync(here).filter((name) => /\.(css|svg)$/.test(name));
  return [
    ['page.html', withPreloads(read('page.html'), scripts)],
    ...files.map((name) => [name, read(name)]),
    chartStyle,
    ...scripts,
  ];
}

function entry([name, text]) {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  return `  ${JSON.stringify(name)}: ${JSON.stringify({ type, etag, text })},\n`;
}

function assetsModule() {
  return `// Made by embed.mjs. Not kept in git.
import type { PageAsset } from './page.reply.js';

/** The files of the live page, by name. */
export const PAGE_ASSETS: Readonly<Record<string, PageAsset>> = {
${assets().map(entry).join('')}};
`;
}

function isInstalled() {
  try {
    return Boolean(require.resolve('typescript') && require.resolve('uplot/package.json'));
  } catch {
    return false;
  }
}

if (!process.argv.includes('--if-installed') || isInstalled()) {
  const text = assetsModule();
  const isCurrent = existsSync(target) && readFileSync(target, 'utf8') === text;
  if (process.argv.includes('--check')) {
    if (!isCurrent) process.stderr.write('page.assets.ts is out of date: npm run embed\n');
    process.exitCode = isCurrent ? 0 : 1;
  } else if (!isCurrent) {
    writeFileSync(target, text);
  }
}
