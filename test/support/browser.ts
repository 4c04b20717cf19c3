/** A real browser, for pages. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { systems } from '../real/systems.ts';

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: systems.find(({ name }) => name === 'chromium')!.found()!,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A page, and everything that its console complains of. */
export const newPage = async (browser: Browser): Promise<{ page: Page; problems: string[] }> => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(60_000);
  const problems: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', error => problems.push(`${error}`));
  return { page, problems };
};

/**
 * What somebody who does not see, or does not use a mouse, would stumble over: things to press or fill in without a name, ids that are there twice,
 * references to ids that are not there, pictures without words, rows that are in no table.
 *
 * A string because it runs in the browser; the project has no types of browsers.
 */
export const accessibilityFailures = `(() => {
  const failures = [];
  const say = (element, what) => failures.push(what + ': ' + element.outerHTML.slice(0, 120));
  const nameOf = element => {
    const by = element.getAttribute('aria-labelledby');
    if (by) return by.split(' ').map(id => document.getElementById(id)?.textContent ?? '').join('');
    return element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
  };
  const ids = new Set();
  for (const element of document.querySelectorAll('[id]')) {
    if (ids.has(element.id)) say(element, 'an id twice');
    ids.add(element.id);
  }
  for (const element of document.querySelectorAll('button, a[href], input, select, textarea, section, dialog, [role=img], [role=table]'))
    if (element.checkVisibility() && nameOf(element).trim() === '') say(element, 'no name');
  for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'])
    for (const element of document.querySelectorAll('[' + name + ']'))
      for (const id of element.getAttribute(name).split(' ')) if (!ids.has(id)) say(element, 'nothing has the id ' + id);
  for (const element of document.querySelectorAll('img:not([alt])')) say(element, 'no words for a picture');
  for (const [role, parent] of [['cell', 'row'], ['columnheader', 'row'], ['row', 'rowgroup'], ['rowgroup', 'table']])
    for (const element of document.querySelectorAll('[role=' + role + ']'))
      if (element.parentElement.getAttribute('role') !== parent) say(element, 'not in a ' + parent);
  for (const element of document.querySelectorAll('*')) {
    const { overflowY, overflowX } = getComputedStyle(element);
    const scrolls = [overflowY, overflowX].some(each => each === 'auto' || each === 'scroll');
    const isLong = element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
    if (scrolls && isLong && element.tabIndex < 0 && !element.querySelector('button, a[href], input, textarea'))
      say(element, 'scrolls, and no key reaches it');
  }
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say(heading, 'a heading that leaves out a level');
    level = own;
  }
  return failures;
})()`;

/** Pieces of text that are seen on top of one another. */
export const overlaps = `(() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.data.trim() === '' || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest('.hidden, script, noscript, .skip, svg, [aria-hidden]')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    // What is cut off is not seen.
    const own = element.getBoundingClientRect();
    for (const rect of range.getClientRects()) {
      const [left, right] = [Math.max(rect.left, own.left), Math.min(rect.right, own.right)];
      const { top, bottom } = rect;
      const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (right - left > 2 && element.contains(seen)) boxes.push({ left, top, right, bottom, node, text: node.data.trim() });
    }
  }
  const found = [];
  for (const [at, a] of boxes.entries())
    for (const b of boxes.slice(at + 1)) {
      const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (a.node !== b.node && width > 2 && height > 4) found.push(a.text.slice(0, 40) + ' / ' + b.text.slice(0, 40));
    }
  return found;
})()`;
