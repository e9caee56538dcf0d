// The page of an export: the task view, on the data that stands in the page itself.

import { html, render } from "./lib.js";
import { EmbeddedSource } from "./embedded.js";
import { HelpButton, LanguageSwitch, Mark, ThemeSwitch } from "./header.js";
import { learn, useLanguage } from "./i18n.js";
import TaskView from "./task/view.js";
import { applyTheme } from "./theme.js";

/** @typedef {import("./embedded.js").Data} Data */

/** @type {Data} */
const data = JSON.parse(document.getElementById("otel-steps-task")?.textContent ?? "");
const source = new EmbeddedSource(data, document);

function Page() {
  useLanguage();
  return html`<header class="bar"><span class="brand"><${Mark} />otel-steps</span>
      <span class="bar-space"></span><${HelpButton} /><${LanguageSwitch} /><${ThemeSwitch} /></header>
    <${TaskView} source=${source} taskId=${data.task.task_id} />`;
}

applyTheme();
await Promise.all([learn("shell"), learn("task")]);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById("app")));
