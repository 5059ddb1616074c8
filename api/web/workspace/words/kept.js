// What the filter says of tags and collections; the rest is in `collections.js`, which the first view does not need.

export const UNNAMED = "Collection";

/** @param {string} tag */
export const tagChip = (tag) => `Tag: ${tag}`;

/** @param {string} name */
export const collectionChip = (name) => `Collection: ${name}`;
