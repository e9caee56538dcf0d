// 任务视图中按需加载部分的中文词句。

export default {
  "task.attributes.search": "搜索属性",
  "task.time": "耗时分布",
  "task.part.screenshot": "截图",
  "task.part.ttft": "首个 token",
  "task.part.thinking": "思考",
  "task.part.answer": "回答",
  "task.part.action": "操作",
  "task.part.other": "其他",
  "task.further": "其他图片",
  "task.role.crop": "局部",
  "task.role.marked": "标注",
  "task.split.list": "步骤列表的宽度",
  "task.split.details": "详情的宽度",
  "task.split.hint": "拖动或用方向键调整，双击恢复",
  "task.similar.title": "其他任务中与第 {number} 步相似的画面",
  "task.similar.none": "没有其他任务有这样的画面。",
  "task.similar.same": "相同",
  "task.similar.alike": "相似度 {share}",
  "task.slider": "操作前或操作后",
};
