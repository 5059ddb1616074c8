// Where the API is published: at the root of its host, or under the prefix of a proxy in front of it.

/** The prefix, such as "/mill", or "": what stands before this module's own address. */
export const ROOT = /^(.*)\/web\/workspace-[^/]+\/core\/[^/]+$/.exec(new URL(import.meta.url).pathname)?.[1] ?? "";

/**
 * Return a path of the API as this page reaches it.
 *
 * @param {string} path
 */
export function published(path) {
	return ROOT + path;
}
