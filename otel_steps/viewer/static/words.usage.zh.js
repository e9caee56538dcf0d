// token 与费用的中文词句。

export default {
  "usage.title": "Token 与费用",
  "usage.tokens": "{tokens} token",
  "usage.in": "输入 {tokens}",
  "usage.in.cached": "输入 {tokens}（缓存 {cached}）",
  "usage.out": "输出 {tokens}",
  "usage.unknown": "单价未知",
  "usage.unknown.hint": "价目表里没有这些模型的价格：{models}",
  "usage.unnamed": "未命名的模型",
  "usage.prices": "按 {date} 的价目估算",
  "usage.none": "没有步骤说明用了多少 token。",
  "usage.failed": "无法加载：{error}",
  "usage.loading": "正在统计……",
  "usage.day": "日期",
  "usage.model": "模型",
  "usage.all": "合计",
  "usage.steps": "步骤",
  "usage.input": "输入",
  "usage.cached": "缓存",
  "usage.output": "输出",
  "usage.cost": "费用",
};
