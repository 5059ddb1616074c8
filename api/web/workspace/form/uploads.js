// Pictures from this machine: by the button, by drag and drop, by paste. How they are sent is `upload_lines.js`.

import { byId, on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances } from "../../types/page.js" */
/** @import { Pictures } from "./pictures.js" */

const uploadLines = lazy(() => import("./upload_lines.js"));

export class Uploads {
	/** How many are under way. */
	open = 0;
	/** @type {Promise<void>} The last one that was begun. */
	last = Promise.resolve();

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {Pictures} parts.pictures
	 * @param {() => Circumstances} parts.situation
	 * @param {() => void} parts.onChange
	 */
	constructor({ api, pictures, situation, onChange }) {
		this.api = api;
		this.pictures = pictures;
		this.situation = situation;
		this.onChange = onChange;
		const chooser = byId("upload-files", HTMLInputElement);
		on(byId("upload"), "click", () => chooser.click());
		on(chooser, "change", () => {
			this.take(chooser.files);
			chooser.value = "";
		});
		// Anywhere on the page: a picture that misses its place must not replace the page.
		on(window, "dragover", (event) => this.drag(event, true));
		on(window, "dragleave", (event) => event.relatedTarget || this.drag(event, false));
		on(window, "drop", (event) => this.drag(event, false) && this.take(event.dataTransfer?.files));
		on(window, "paste", (event) => {
			const files = event.clipboardData?.files;
			// A text that is copied from an office program brings its picture along: the text is meant.
			if (!files?.length || event.clipboardData?.getData("text/plain")) return;
			event.preventDefault();
			this.take(files);
		});
	}

	/**
	 * Mark the place where pictures go; return whether files are being dragged.
	 *
	 * @param {DragEvent} event
	 * @param {boolean} over
	 */
	drag(event, over) {
		const files = event.dataTransfer?.types.includes("Files") ?? false;
		if (files) event.preventDefault();
		byId("pictures").classList.toggle("is-dropping", files && over);
		return files;
	}

	/** @param {Iterable<File> | null | undefined} files */
	async take(files) {
		// A list of the browser's own empties itself as soon as its event is over.
		const chosen = [...(files ?? [])];
		const lines = await uploadLines();
		// One after the other: the first is the target, and other calls find a connection.
		for (const file of chosen) this.last = lines?.send(file, this, this.last) ?? this.last;
	}

	/** @param {number} step */
	count(step) {
		this.open += step;
		this.onChange();
	}
}
