// Words of what a task can be kept as, in English; learnt when the menu opens.

export default {
  "task.saving": "{done} of {count} pictures",
  "task.saving.failed": "The file did not arrive whole.",
  "task.saving.retry": "Try again",
  "task.saving.stop": "Stop",
  "task.export.public": "Only what may be published",
  "task.export.public.hint": "For a bug report: what was done, how it ended and why; no text, picture or address",
  "task.export.html": "HTML page (one file)",
  "task.export.json": "Report (JSON)",
  "task.export.otlp.json": "Spans (OTLP JSON)",
  "task.export.atif.json": "Trajectory (ATIF)",
  "task.export.jsonl": "Training data (JSON Lines)",
  "task.export.sh": "Script for adb (sh)",
  "task.export.py": "Script for adb (Python)",
  "task.export.failed": "The script cannot be loaded: {error}",
  "task.export.gif": "GIF (animated)",
  "task.export.mp4": "MP4 video",
  "task.export.webm": "WebM video",
};
