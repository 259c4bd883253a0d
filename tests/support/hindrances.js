// What hinders people with weak eyes or a screen reader on this page: a list of sentences.
const parts = (text) => text.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
  .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
  .reduce((sum, one, n) => sum + one * [0.2126, 0.7152, 0.0722][n], 0);
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const color = getComputedStyle(node).backgroundColor;
    if (color.startsWith('rgb') && (parts(color)[3] ?? 1) === 1) return color;
  }
  return 'rgb(255, 255, 255)';
};
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
  if (!walker.currentNode.data.trim() || style.visibility === 'hidden' || box.width < 2 || node.closest('.unseen, title, option, script')) continue;
  const color = node.closest('svg') ? style.fill : style.color;
  const [one, other] = [light(parts(color)), light(parts(behind(node)))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.slice(0, 40)}, ${color} on ${behind(node)}`);
}
const all = (selector) => [...document.querySelectorAll(selector)];
const ids = all('[id]').map((one) => one.id);
for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push(`id ${id} twice`);
if (all('h1').length !== 1) found.push('not one h1');
for (const one of all('[aria-labelledby]')) {
  if (!document.getElementById(one.getAttribute('aria-labelledby'))) found.push('a label that is not there');
}
for (const one of all('[tabindex]')) if (one.tabIndex > 0) found.push('an order of Tab');
for (const one of all('[role=row]')) if (!one.closest('[role=table]')) found.push('a row outside a table');
let level = 1;
for (const one of all('main h1, main h2, main h3')) {
  const next = Number(one.tagName[1]);
  if (next > level + 1) found.push(`h${next} after h${level}`);
  level = next;
}
if (!document.documentElement.lang || !document.title) found.push('no language or title');
return found;
