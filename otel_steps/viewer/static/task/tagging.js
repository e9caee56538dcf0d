// Tags as people type them. Pure.

/** Separated by commas of either script, each once. @param {string} text */
export const tagsOf = (text) => [...new Set(text.split(/[,，、\n]/).map((tag) => tag.trim()).filter(Boolean))];
