// The files of a drop, also those in folders.

const MOST_FILES = 10_000;

/**
 * The order of names as people have it: 2 before 10.
 *
 * @param {string} one
 * @param {string} other
 */
export function byName(one, other) {
	return one.localeCompare(other, undefined, { numeric: true });
}

/**
 * @param {DataTransfer} dropped
 * @returns {Promise<File[]>}
 */
export async function filesOf(dropped) {
	// Read before anything is waited for: afterwards the drop is empty.
	const entries = [...dropped.items].filter(({ kind }) => kind === "file").map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
	/** @type {File[]} */
	const files = [];
	for (const { entry, file } of entries) {
		if (entry?.isDirectory) await add(/** @type {FileSystemDirectoryEntry} */ (entry), files);
		else if (file) files.push(file);
	}
	return files;
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @param {File[]} files
 */
async function add(folder, files) {
	const reader = folder.createReader();
	/** @type {FileSystemEntry[]} */
	const entries = [];
	// It gives some at a time.
	for (;;) {
		/** @type {FileSystemEntry[]} */
		const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
		if (!some.length) break;
		entries.push(...some);
	}
	for (const entry of entries.sort((one, other) => byName(one.name, other.name))) {
		if (files.length >= MOST_FILES) return;
		if (entry.isDirectory) await add(/** @type {FileSystemDirectoryEntry} */ (entry), files);
		else {
			/** @type {File | null} */
			const file = await new Promise((resolve) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, () => resolve(null)));
			if (file) files.push(file);
		}
	}
}
