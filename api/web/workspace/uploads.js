// Pictures from this machine: by the button, by drag and drop, by paste. Each becomes an address in a picture's line.

import { button, byId, el, fill, iconButton, on, setText } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./notices.js";

const TYPES = /^image\/(jpeg|png|webp)$/;

// Sends pictures and shows how far each is. `open`: how many are under way.
export class Uploads {
	constructor({ api, pictures, situation, onChange }) {
		Object.assign(this, { api, pictures, situation, onChange, open: 0 });
		const chooser = byId("upload-files");
		on(byId("upload"), "click", () => chooser.click());
		on(chooser, "change", () => {
			this.take(chooser.files);
			chooser.value = "";
		});
		// Anywhere on the page: a picture that misses its place must not replace the page.
		on(window, "dragover", (event) => this.drag(event, true));
		on(window, "dragleave", (event) => event.relatedTarget || this.drag(event, false));
		on(window, "drop", (event) => {
			if (this.drag(event, false)) this.take(event.dataTransfer.files);
		});
		on(window, "paste", (event) => {
			const { files } = event.clipboardData;
			// A text that is copied from an office program brings its picture along: the text is meant.
			if (!files.length || event.clipboardData.getData("text/plain")) return;
			event.preventDefault();
			this.take(files);
		});
	}

	// Mark the place where pictures go; whether files are being dragged.
	drag(event, over) {
		const files = event.dataTransfer?.types.includes("Files");
		if (files) event.preventDefault();
		byId("pictures").classList.toggle("is-dropping", Boolean(files && over));
		return files;
	}

	take(files) {
		for (const file of files) this.last = this.send(file, this.last);
	}

	// One after the other: the first is the target, and other calls find a connection.
	async send(file, before) {
		const line = new Line(file.name || "picture");
		byId("uploads").append(line.element);
		const refusal = this.refusalOf(file);
		if (refusal) return line.refuse(refusal);
		this.count(1);
		announce(`Uploading ${line.name}.`);
		try {
			await before;
			line.stop.signal.throwIfAborted();
			const { url } = await this.api.upload("/api/uploads", file, { onProgress: (share) => line.show(share), signal: line.stop.signal });
			if (this.pictures.put(url)) line.leave();
			else line.refuse("All places for pictures are taken. Remove one and try again.");
		} catch (problem) {
			if (line.stop.signal.aborted) line.leave();
			else line.refuse(`${problem.title && `${problem.title}. `}${problem.sentence}`, problem.passing ? () => this.take([file]) : null);
		} finally {
			this.count(-1);
		}
		return undefined;
	}

	// Return why a file need not be sent, else null; the server judges by content.
	refusalOf(file) {
		if (!TYPES.test(file.type)) return "Only JPEG, PNG and WebP pictures can be uploaded.";
		const most = this.situation().uploads?.maxBytes;
		if (!file.size) return "The file is empty.";
		return most && file.size > most ? `It is larger than ${Math.floor(most / 1048576)} MiB.` : null;
	}

	count(step) {
		this.open += step;
		this.onChange();
	}
}

class Line {
	constructor(name) {
		this.name = name;
		this.stop = new AbortController();
		this.bar = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${name}` });
		this.note = el("span.quiet", "0 %");
		const drop = iconButton("cross", `Stop the upload of ${name}`, () => (this.stop.abort(), this.leave()), "Stop");
		this.element = el("div.upload", el("span.upload-name", name), this.bar, this.note, drop);
	}

	show(share) {
		this.bar.value = share;
		setText(this.note, share < 1 ? `${Math.floor(share * 100)} %` : "checking…");
	}

	leave() {
		this.element.remove();
	}

	refuse(why, again = null) {
		const leave = () => this.leave();
		const retry = again && button(".link-button", () => (leave(), again()), "Try again");
		fill(this.element, icon("warning"), el("span.upload-name", `${this.name}: ${why}`), retry, iconButton("cross", `Close: ${this.name}`, leave, "Close"));
		this.element.dataset.tone = "bad";
		announce(`${this.name} was not uploaded. ${why}`);
	}
}
