// 任务导出菜单的中文词句，打开菜单时才加载。

export default {
  "task.saving": "{count} 张图片中的 {done} 张",
  "task.saving.failed": "文件没有完整送达。",
  "task.saving.retry": "重试",
  "task.saving.stop": "停止",
  "task.export.public": "只含可公开的内容",
  "task.export.public.hint": "用于问题报告：做了什么、结果如何、原因何在；不含文字、截图和地址",
  "task.export.html": "HTML 网页（单个文件）",
  "task.export.json": "报告（JSON）",
  "task.export.otlp.json": "Span（OTLP JSON）",
  "task.export.atif.json": "轨迹（ATIF）",
  "task.export.jsonl": "训练数据（JSON Lines）",
  "task.export.sh": "adb 脚本（sh）",
  "task.export.py": "adb 脚本（Python）",
  "task.export.failed": "脚本无法加载：{error}",
  "task.export.gif": "GIF 动图",
  "task.export.mp4": "MP4 视频",
  "task.export.webm": "WebM 视频",
};
