// Places for a model's files: pictures, videos, sounds. Each holds a URL, which may be that of an upload.

import { button, el, fill, iconButton, on, pictureOf } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { CORE } from "../words/core.js";
import { INPUTS } from "../words/inputs.js";
import { parseJson, pictureFits } from "./form_rules.js";

/** @import { ModelFields } from "./model_fields.js" */
/** @import { Entry } from "./inputs.js" */

const masks = lazy(() => import("./mask.js"));

const MAX_FILES = 10;
/** @type {Record<string, string>} */
const NOUNS = { image: "image", video: "video", audio: "audio" };
/** @type {Record<string, string>} */
const ICONS = { image: "image", video: "video", audio: "sound" };

/**
 * @param {Entry} entry
 * @param {ModelFields} form
 * @param {boolean} several
 */
export function mediaOf(entry, form, several) {
	const { field, id, text, write } = entry;
	const kind = field.media[0] ?? "file";
	const noun = NOUNS[kind] ?? "file";
	const most = several ? (field.maxItems ?? MAX_FILES) : 1;
	const found = several ? parseJson(text || "[]") : [text];
	/** @type {string[]} */
	const urls = Array.isArray(found) ? found.map(String) : [];
	const lines = el("div.slot-lines");
	const uploads = el("div");
	const chooser = el("input", { type: "file", accept: field.media.map(acceptOf).join(","), multiple: several, hidden: true, "aria-label": INPUTS.files(field.title || field.name) });
	const add = several && button(".link-button", () => put(""), icon("plus"), INPUTS.addUrl);
	const save = () => {
		const filled = urls.map((url) => url.trim()).filter(Boolean);
		write(several ? (filled.length ? JSON.stringify(filled) : "") : (filled[0] ?? ""));
	};
	/** @param {string} url */
	const put = (url) => {
		if (!several) urls.length = 0;
		else if (url) urls.splice(0, Infinity, ...urls.filter(Boolean));
		if (urls.length >= most) return false;
		urls.push(url);
		save();
		show();
		return true;
	};
	const show = () => {
		if (!several && !urls.length) urls.push("");
		fill(lines, urls.map((_, index) => line(index)));
		if (add) add.hidden = urls.length >= most;
	};
	/** @param {number} index */
	const line = (index) => {
		const thumb = el("span.thumb");
		const showThumb = () => {
			const url = urls[index].trim();
			const pictured = kind === "image" && pictureFits(url, true);
			fill(thumb, pictured ? pictureOf(url, "", () => fill(thumb, icon("warning"))) : icon(ICONS[kind] ?? "upload"));
		};
		const attributes = several ? { id: `${id}-${index}`, "aria-label": INPUTS.url(field.title || field.name, index + 1) } : entry.attributes;
		const box = el("input.input", { ...attributes, type: "url", spellcheck: "false", placeholder: field.placeholder || "https://…", value: urls[index] });
		on(box, "input", () => {
			urls[index] = box.value;
			save();
			showThumb();
		});
		const drop = () => {
			urls.splice(index, 1);
			save();
			show();
		};
		showThumb();
		return el("div.picture-line", thumb, box, (several || urls[index]) && iconButton("cross", INPUTS.removeOne(field.title || field.name, several ? ` ${index + 1}` : ""), drop, CORE.remove));
	};
	/** @param {Iterable<File> | null | undefined} files */
	const take = (files) => form.uploads()?.take(files, { put, place: uploads, media: field.media });
	on(chooser, "change", () => {
		take(chooser.files);
		chooser.value = "";
	});
	const mask = field.name.includes("mask") && button(".link-button", () => draw(), icon("pen"), INPUTS.drawIt);
	const draw = async () => {
		const { targetUrl, fields } = form.state.values;
		(await masks())?.drawMask(targetUrl.trim() || fields.image?.trim() || "", (file) => take([file]));
	};
	const tools = el("div.picture-tools", add, button(".link-button", () => form.uploads()?.refuse() || chooser.click(), icon("upload"), several ? INPUTS.uploadSome[noun] : INPUTS.uploadOne[noun]), mask);
	const slot = el("div.slot", lines, uploads, tools, chooser);
	on(slot, "dragover", (event) => {
		event.preventDefault();
		event.stopPropagation();
		slot.classList.add("is-dropping");
	});
	on(slot, "dragleave", () => slot.classList.remove("is-dropping"));
	on(slot, "drop", (event) => {
		event.preventDefault();
		event.stopPropagation();
		slot.classList.remove("is-dropping");
		const files = event.dataTransfer?.files;
		const url = event.dataTransfer?.getData("text/uri-list");
		if (files?.length) take(files);
		else if (url) put(url.split("\n")[0].trim());
	});
	show();
	return [slot];
}

/** @param {string} media */
function acceptOf(media) {
	return media in NOUNS ? `${media}/*` : media;
}
