// Words of those parts of the task view that are loaded when they are first shown, in English.

export default {
  "task.attributes.search": "Search attributes",
  "task.time": "Where the time went",
  "task.part.screenshot": "Screenshot",
  "task.part.ttft": "First token",
  "task.part.thinking": "Thinking",
  "task.part.answer": "Answer",
  "task.part.action": "Action",
  "task.part.other": "Other",
  "task.further": "Other pictures",
  "task.role.crop": "Cut out",
  "task.role.marked": "Marked up",
  "task.split.list": "Width of the list of steps",
  "task.split.details": "Width of the details",
  "task.split.hint": "Drag, or use the arrow keys; double-click for the usual width",
  "task.similar.title": "Other tasks at a screen like that of step {number}",
  "task.similar.none": "No other task has a screen like this one.",
  "task.similar.same": "same",
  "task.similar.alike": "{share} alike",
  "task.slider": "Before or after",
};
