// Words of why a task did not end well, in Chinese.

export default {
  "why.title": "原因：",
  "why.weak": "（依据智能体自己的说法）",
  "why.evidence": "依据（{count}）",
  "why.fact.error": "错误",
  "why.fact.said": "原话",
  "why.fact.no_effect": "画面没有变化",
  "why.fact.elsewhere": "画面变化的位置远离输入框",
  "why.fact.repeated": "重复执行",
  "why.fact.app": "前台应用",
  "why.fact.black": "画面全黑",
  "why.fact.sensitive": "受保护的窗口",
  "why.fact.last_change": "最后一次使画面变化",
};
