// Words of what the recorder has to say, in Chinese.

export default {
  "health.pack": "{name} · 只读",
  "health.pack.hint": "这是别人交来的一个文件，按原样查看，其中内容不能修改。",
  "health.waiting": "{count} 个步骤等待入库",
  "health.waiting.one": "{count} 个步骤等待入库",
  "health.pictures": "{count} 张图片等待入库",
  "health.pictures.one": "{count} 张图片等待入库",
  "health.dead": "{count} 条被数据库拒绝",
  "health.picturesDead": "{count} 张图片被拒绝",
  "health.problems": "记录出了问题",
  "health.doctor": "逐项检查并给出解决办法：",
};
