// Our icons: lines on a grid of 24, drawn in the colour of the text beside them.

import { html } from "./lib.js";

/** @type {Record<string, string>} */
const PATHS = {
  back: "M19 12H5m6-6-6 6 6 6",
  check: "m5 12.5 4.5 4.5L19 7.5",
  chevron: "m9 6 6 6-6 6",
  clear: "m6 6 12 12M18 6 6 18",
  clock: "M12 7v5l3.5 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  compare: "M8 4 4 8l4 4M4 8h16m-4 4 4 4-4 4m4-4H4",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  dark: "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z",
  download: "M12 4v11m-5-4.5 5 5 5-5M5 20h14",
  differs: "M5 9h14M5 15h14M16 4 8 20",
  down: "M12 5v14m-6-6 6 6 6-6",
  external: "M14 4h6v6m0-6-9 9M18 14v6H4V6h6",
  fail: "m8.5 8.5 7 7m0-7-7 7M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  filter: "M3 5h18l-7 8.5V20l-4-2v-4.5z",
  finish: "M5 21V4m0 1h14l-3 4.5 3 4.5H5",
  first: "M6 5v14M19 5l-9 7 9 7z",
  flag: "M12 3.5 22 20.5H2zM12 10v4.5m0 2.6v.4",
  fullscreen: "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
  home: "M4 11.5 12 4l8 7.5M6.5 10v10h11V10",
  image: "M4 5h16v14H4zm0 11 5-5 4 4 2.5-2.5L20 17M15 9.5v.01",
  interrupted: "M13 3 5 13.5h6L10.5 21 19 10h-6z",
  language: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0ZM3.5 9h17m-17 6h17M12 3c-5 5-5 13 0 18 5-5 5-13 0-18Z",
  last: "M18 5v14M5 5l9 7-9 7z",
  launch: "M5 19c0-4 1-6 3-6m3 3c0 2-2 3-6 3m4-6c1-5 5-9 11-9 0 6-4 10-9 11zm6-4v.01",
  light: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM12 2.5v2m0 15v2M2.5 12h2m15 0h2M5.3 5.3l1.4 1.4m10.6 10.6 1.4 1.4m0-13.4-1.4 1.4M6.7 17.3l-1.4 1.4",
  limit: "M4 20V5m4 15V9m4 11v-7m4 7v-4M20 4v16",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4.2 4.2 0 0 0-6-6l-1 1m2 4a4 4 0 0 0-6 0l-3 3a4.2 4.2 0 0 0 6 6l1-1",
  list: "M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01",
  model: "M7 7h10v10H7zM10 7V4m4 3V4m-4 16v-3m4 3v-3M7 10H4m3 4H4m16-4h-3m3 4h-3",
  next: "m9 5 8 7-8 7z",
  note: "M5 4h14v16H5zm4 5h6m-6 4h6",
  ok: "m8 12.5 2.8 2.8L16 9.5M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  pause: "M8 5v14m8-14v14",
  pin: "M12 16v5M8 3h8l-1 7 3 3v3H6v-3l3-3z",
  phone: "M7 3h10v18H7zm4 15h2",
  play: "M7 4.5v15l12-7.5z",
  previous: "m15 5-8 7 8 7z",
  running: "M21 12a9 9 0 1 1-9-9",
  search: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Zm-2 4.5 5.5 5.5",
  stopped: "M9 9h6v6H9zM21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  strip: "M3 6h18v12H3zm6 0v12m6-12v12",
  swipe: "M4 12h15m-5-5 5 5-5 5M4 7v10",
  system: "M3 5h18v11H3zm6 15h6m-3-4v4",
  tag: "M4 4h8l8.5 8.5-8 8L4 12zm4 4v.01",
  takeover: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V6a1.5 1.5 0 0 1 3 0v8c0 4-2 7-6 7-3 0-4.5-1.5-6-4l-2-3.5c1-1.2 2.5-1 3.5.5z",
  tap: "M14 12a2 2 0 1 1-4 0 2 2 0 0 1 4 0Zm6 0a8 8 0 1 1-16 0 8 8 0 0 1 16 0Z",
  type: "M3 6h18v12H3zm4 4v.01M11 10v.01M15 10v.01M8 14h8",
  unknown: "M9.3 9.5a2.8 2.8 0 1 1 4 2.6c-.9.4-1.3 1-1.3 1.9m0 2.5v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  up: "M12 19V5m-6 6 6-6 6 6",
  wait: "M7 3h10M7 21h10M8 3v4l4 5-4 5v4m8-18v4l-4 5 4 5v4",
  waterfall: "M4 6h8M8 12h9M13 18h7",
  zoom: "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0Zm-2 4.5 5.5 5.5M10.5 7.5v6m-3-3h6",
};
const FILLED = new Set(["play", "next", "previous", "first", "last"]);

export const ICON_NAMES = Object.keys(PATHS);

/** Beside a word, or in something that has a label: alone it says nothing to those who cannot see it.
 * @param {{name: string}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"
    fill=${FILLED.has(name) ? "currentColor" : "none"} stroke="currentColor"
    stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round"><path d=${PATHS[name] ?? PATHS.unknown} /></svg>`;
}
