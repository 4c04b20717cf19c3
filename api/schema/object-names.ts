/** Names of Kubernetes objects that a document refers to [RFC 1123], as the API server checks them. */

/** Of a namespace. */
export const namespaceRule = {
  pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  expected: 'the name of a namespace: up to 63 small letters, digits and dashes, no dash at the ends',
};

/** Of most other objects. */
export const objectNameRule = {
  pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  maxLength: 253,
  expected: 'the name of an object: small letters, digits, dashes and dots, with a letter or digit at both ends',
};
