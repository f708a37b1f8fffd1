// What is served as `uplot.js` is the package itself: see ../embed.mjs.
export { default } from 'uplot';
