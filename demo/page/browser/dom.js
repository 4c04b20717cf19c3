/** The few things the page does to its document. Text is only ever set as text: whatever is in a record stays what it is. */
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
