/** The few things the page does to its document. Text is only ever set as text: whatever is in a message or record stays what it is. */
export const byId = id => document.getElementById(id);

/** Changes text only if it differs, so that nothing is laid out for nothing. */
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/** A new element with a class and children, elements or text. */
export const make = (tag, className, ...children) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
};

/** Text that is only heard, for what columns say to the eye. */
export const heard = text => make('span', 'hidden', text);

/** Keeps children of an element as `items` say, each made once. @param fill takes the element, the item and whether it is new */
export const keep = (parent, items, keyOf, makeOne, fill) => {
  const known = new Map([...parent.children].map(child => [child.dataset.key, child]));
  const wanted = items.map(item => {
    const key = keyOf(item);
    const element = known.get(key) ?? makeOne(item);
    element.dataset.key = key;
    fill(element, item);
    return element;
  });
  const changed = wanted.length !== parent.children.length || wanted.some((each, at) => parent.children[at] !== each);
  if (changed) parent.replaceChildren(...wanted);
};
