// The task that the reader marked to compare another with; kept for the browser's tab.

const KEY = "otel-steps.compare";

/** @returns {string | null} */
export const markedTask = () => sessionStorage.getItem(KEY);

/** Mark a task, or take its mark away. @param {string} taskId @returns {string | null} What is marked now. */
export function toggleMark(taskId) {
  if (markedTask() === taskId) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, taskId);
  return markedTask();
}
